"""A whole certificate authority as processes: its CT log, an issuer of tokens, and what a client sends."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cryptography.x509 import Certificate, load_pem_x509_certificate

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.values import value
from tests.support.ca_process import CaProcess, serve_authority
from tests.support.log_process import LogProcess, serve_logs
from tests.support.token_server import serve_tokens
from tests.support.tokens import EMAIL, TokenIssuer

V2: Final = "/api/v2/signingCert"
V1: Final = "/api/v1/signingCert"


@value
class Reply:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body."""
        return json.loads(self.body)

    @property
    def certificates(self) -> list[Certificate]:
        """Return the chain of an answer of version 2."""
        (kind,) = self.json.values()
        return [load_pem_x509_certificate(pem.encode()) for pem in kind["chain"]["certificates"]]


@value
class Site:
    """Everything that runs."""

    ca: CaProcess
    log: LogProcess
    issuer: TokenIssuer

    @property
    def log_key(self) -> PublicKey:
        """Return the key of the CT log."""
        return PublicKey.parse_pem(self.log.shards("ct")[0].public_key.encode())

    def post(self, path: str, document: object, **headers: str) -> Reply:
        """POST JSON, or bytes as they are."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
        return self._ask(Request(f"{self.ca.url}{path}", body, sent))

    def get(self, path: str) -> Reply:
        """GET."""
        return self._ask(Request(f"{self.ca.url}{path}"))

    def audit(self) -> list[dict[str, Any]]:
        """Return the lines of the audit log."""
        lines = [json.loads(line) for line in self.ca.messages.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["logger"] == "ca_server.audit"]

    def _ask(self, request: Request) -> Reply:
        try:
            with urlopen(request, timeout=30) as answer:
                return Reply(answer.status, dict(answer.headers), answer.read())
        except HTTPError as error:
            with error:
                return Reply(error.code, dict(error.headers), error.read())


def key_request(token: str, challenge: str = EMAIL, key: PrivateKey | None = None) -> dict[str, Any]:
    """Build a good request of version 2, to be changed."""
    key = key or PrivateKey.generate(ECDSA_P256)
    return {
        "credentials": {"oidcIdentityToken": token},
        "publicKeyRequest": {
            "publicKey": {"algorithm": "ECDSA", "content": key.public_key.encode_pem().decode()},
            "proofOfPossession": base64.b64encode(key.sign(challenge.encode())).decode(),
        },
    }


def init_authority(directory: Path) -> Path:
    """Make an authority whose keys are locked, by the command; return its root certificate."""
    command = [sys.executable, "-m", "ca_server", "init", f"--dir={directory}"]
    subprocess.run(command, env={**os.environ, "COSIGN_PASSWORD": "secret"}, check=True, capture_output=True)
    return directory / "authority" / "root" / "certificate.pem"


@contextmanager
def serve_site(folder: Path, *options: str, settings: str = "", others: Sequence[str] = ()) -> Iterator[Site]:
    """Serve all of it; settings (YAML) are added to those of the authority, and `others` are issuers besides."""
    root = init_authority(folder / "ca")
    with ExitStack() as stack:
        issuer = stack.enter_context(serve_tokens())
        log = stack.enter_context(serve_logs(folder / "log", f"ct:\n  roots: {root}\n", "--workers", "0"))
        (folder / "ct.pub").write_text(log.shards("ct")[0].public_key)
        believed = {
            url: {"IssuerURL": url, "ClientID": issuer.audience, "Type": "email"} for url in (issuer.url, *others)
        }
        (folder / "issuers.json").write_text(json.dumps({"OIDCIssuers": believed}))
        text = (
            f"transparency:\n  logs:\n    - url: {log.url}\n      public_key: ../ct.pub\n"
            f"identity:\n  issuers: ../issuers.json\n{settings}"
        )
        stack.enter_context(password_set())
        yield Site(stack.enter_context(serve_authority(folder / "ca", text, *options)), log, issuer)


@contextmanager
def password_set(password: str = "secret") -> Iterator[None]:
    """Set the password of authorities' keys, as `init_authority` locks them."""
    before = os.environ.get("COSIGN_PASSWORD")
    os.environ["COSIGN_PASSWORD"] = password
    try:
        yield
    finally:
        os.environ.pop("COSIGN_PASSWORD")
        if before is not None:
            os.environ["COSIGN_PASSWORD"] = before
