"""The real clients sign in at our development issuer: by a browser, on a device, and as a service account."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jwt
import pytest

from cosignpy.stack.devidp.clients import ServiceAccount
from cosignpy.stack.devidp.identity import Identity
from cosignpy.stack.devidp.server import DevIdp, DevIdpOptions
from tests.interop import peers
from tests.interop.programs import Tool, Workshop
from tests.support.http_calls import Caller
from tests.support.oidc_client import OidcClient, Person
from tests.support.raw_server import RawServer, reply

ADA: Final = Person("ada@example.com")
ROOT: Final = Path(__file__).resolve().parents[2]
SECRET: Final = "the secret of the service account"
PATIENCE_SECONDS: Final = 60

_ASKED: Final = re.compile(r"http://\S+/device\?user_code=\S+")
_SIGN: Final[Mapping[Tool, Sequence[str]]] = {
    Tool.V3: ("sign-blob", "--use-signing-config=false"),
    Tool.V2: ("sign-blob", "--new-bundle-format"),
}
_PYTHON: Final = "import sys; from sigstore.oidc import Issuer; print(Issuer(sys.argv[1]).identity_token())"


@pytest.fixture(scope="module")
def issuer() -> Iterator[DevIdp]:
    with DevIdp(DevIdpOptions(service_accounts=(ServiceAccount("ci", SECRET),), device_interval=1)) as running:
        yield running


@pytest.fixture
def fulcio() -> Iterator[RawServer]:
    """A certificate authority that refuses everybody: it is the token that matters."""
    with RawServer(reply(400, b'{"code":3,"message":"no"}')) as running:
        yield running


class Desk:
    """Where cosign runs, beside a browser that signs in as Ada by itself."""

    def __init__(self, folder: Path, issuer: DevIdp, fulcio: RawServer) -> None:
        self._folder = folder
        self._issuer = issuer
        self._fulcio = fulcio
        browser = folder / "xdg-open"
        answers = " ".join(f"'{name}={content}'" for name, content in ADA.answers.items())
        # Not waited for, as with a real one: cosign looks for its answer only then.
        browser.write_text(f'#!/bin/sh\n{sys.executable} -m tests.support.form_browser "$1" {answers} >&2 &\n')
        browser.chmod(0o755)
        self.environment = {
            "HOME": str(folder),
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "BROWSER": f"{browser} %s",
            "DISPLAY": ":0",
        }
        Workshop(folder).prepare()
        (folder / "payload").write_text("payload")
        (folder / "secret").write_text(SECRET)

    def sign(self, tool: Tool, flow: str, *flags: str) -> dict[str, Any]:
        """Have cosign sign by identity as far as it gets, approve what it asks for, and return what its token says."""
        where = ("--oidc-issuer", self._issuer.url, "--fulcio-url", f"http://{self._fulcio.address}")
        offline = ("--trusted-root", "trusted-root.json", "--tlog-upload=false", "--bundle", "bundle.json")
        command = [str(peers.path(tool)), *_SIGN[tool], "--yes", *where, "--fulcio-auth-flow", flow, *offline, *flags]
        with subprocess.Popen(
            [*command, "payload"],
            cwd=self._folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as cosign:
            said = "".join(self._follow(cosign))
        assert self._fulcio.requests, said
        return verify(self._issuer, self._fulcio.requests[0].headers["authorization"].removeprefix("Bearer "))

    def _follow(self, cosign: "subprocess.Popen[str]") -> Iterator[str]:
        assert cosign.stdout is not None
        for line in cosign.stdout:
            asked = _ASKED.search(line)
            if asked:
                client = OidcClient.discover(self._issuer.url)
                client.approve_device({"verification_uri_complete": asked[0]}, ADA)
            yield line


def verify(issuer: DevIdp, token: str) -> dict[str, Any]:
    """Verify a token with the published keys."""
    keys = jwt.PyJWKSet.from_dict(Caller(issuer.url).get("/keys").json)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, audience="sigstore", issuer=issuer.url)
    return claims


@pytest.fixture
def desk(tmp_path: Path, issuer: DevIdp, fulcio: RawServer) -> Desk:
    return Desk(tmp_path, issuer, fulcio)


@pytest.mark.parametrize("tool", [Tool.V2, Tool.V3])
@pytest.mark.parametrize("flow", ["normal", "device"])
def test_cosign_signs_a_person_in(desk: Desk, tool: Tool, flow: str) -> None:
    assert desk.sign(tool, flow)["email"] == ADA.email


@pytest.mark.parametrize("tool", [Tool.V2, Tool.V3])
def test_cosign_signs_as_a_service_account(desk: Desk, tool: Tool) -> None:
    account = ("--oidc-client-id", "ci", "--oidc-client-secret-file", "secret")
    assert desk.sign(tool, "client_credentials", *account)["sub"] == "ci"


@pytest.mark.parametrize("tool", [Tool.V2, Tool.V3])
def test_cosign_takes_a_token_of_scripts(desk: Desk, issuer: DevIdp, tool: Tool) -> None:
    token = issuer.token(Identity("script@example.com"))
    assert desk.sign(tool, "token", "--identity-token", token)["email"] == "script@example.com"


def test_sigstore_python_signs_a_person_in(desk: Desk, issuer: DevIdp) -> None:
    python = peers.path("sigstore-python").with_name("python")
    done = subprocess.run(
        [python, "-c", _PYTHON, issuer.url],
        env=desk.environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert verify(issuer, done.stdout.strip())["email"] == ADA.email
