"""`cosignpy whoami` as a process: what it says of whom, where from, and that the token is nowhere in it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cosignpy.stack.devidp.clients import ServiceAccount
from cosignpy.stack.devidp.identity import Identity
from cosignpy.stack.devidp.server import DevIdp, DevIdpOptions
from tests.support import terminal
from tests.support.identity_tokens import token
from tests.support.registries import free_port

COMMAND = (sys.executable, "-c", "from cosignpy.cli.app import main; main()", "whoami")
BROWSER = f"{sys.executable} -m tests.support.form_browser %s email=ada@example.com answer=yes"
ROOT = Path(__file__).parents[3]
PLACES = (
    "COSIGN_",
    "SIGSTORE_",
    "GITHUB_",
    "ACTIONS_",
    "GITLAB_",
    "CIRCLECI",
    "BUILDKITE",
    "GOOGLE_",
    "GCE_",
    "SPIFFE_",
)


def environment(**more: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith((*PLACES, "DISPLAY", "WAYLAND"))}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def whoami(*flags: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run it with nobody at a terminal."""
    return subprocess.run(
        [*COMMAND, *flags],
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment(**more), timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def issuer() -> Iterator[DevIdp]:
    with DevIdp(DevIdpOptions(service_accounts=(ServiceAccount("ci", "the secret"),), device_interval=1)) as running:
        yield running


def test_a_person_reads_who_they_are(issuer: DevIdp) -> None:
    raw = issuer.token(Identity("ada@example.com"))
    done = whoami(SIGSTORE_ID_TOKEN=raw)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(":", 1) for line in done.stdout.splitlines())
    assert lines.keys() == {"Identity", "Issuer", "From", "Expires"}
    assert lines["Identity"].strip() == "ada@example.com"
    assert lines["Issuer"].strip() == issuer.url
    assert lines["From"].strip() == "SIGSTORE_ID_TOKEN (envvar)"
    assert lines["Expires"].strip().endswith("in 9 minutes")


def test_who_is_behind_another_issuer_is_said() -> None:
    claims = {"federated_claims": {"connector_id": "https://accounts.example"}}
    done = whoami(SIGSTORE_ID_TOKEN=token(exp=time.time() + 300, iat=time.time(), **claims))
    assert "Issuer:   https://accounts.example\nThrough:  https://issuer.example\n" in done.stdout


def test_a_program_reads_it_as_json(issuer: DevIdp, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(issuer.token(Identity("ada@example.com", "someone")) + "\n")
    done = whoami("--identity-token", str(file), "--output", "json")
    found = json.loads(done.stdout)
    assert found.pop("expires").endswith("Z")
    assert found == {
        "identity": "ada@example.com",
        "issuer": issuer.url,
        "tokenIssuer": issuer.url,
        "subject": "someone",
        "email": "ada@example.com",
        "challenge": "ada@example.com",
        "audience": ["sigstore"],
        "source": str(file),
    }


def test_nobody_is_an_exit_code_of_its_own() -> None:
    done = whoami("--output", "json")
    assert done.returncode == 7
    assert json.loads(done.stdout)["error"]["kind"] == "NoIdentity"
    assert "nobody to sign as" in done.stderr


@pytest.mark.parametrize(
    "flags", [[], ["--verbose"], ["--output", "json"], ["--oidc-audience", "another"], ["--output", "json", "-d"]]
)
@pytest.mark.parametrize("expired", [True, False])
def test_the_token_is_never_printed_whatever_happens(flags: list[str], expired: bool) -> None:
    raw = token(exp=1.0 if expired else time.time() + 3000, iat=1.0)
    for done in (whoami(*flags, SIGSTORE_ID_TOKEN=raw), whoami(*flags, "--identity-token", raw)):
        assert (done.returncode == 7) == (expired or "another" in flags)
        assert [part for part in raw.split(".") if part in done.stdout + done.stderr] == []


@pytest.mark.parametrize("cut", [1, 30, 300])
def test_nor_is_one_that_was_copied_badly(cut: int) -> None:
    raw = token(exp=time.time() + 300)
    done = whoami("--identity-token", raw[:-cut] + "~")
    assert done.returncode == 7
    assert raw[:20] not in done.stdout + done.stderr


def test_a_client_signs_in_with_the_secret_in_a_file(issuer: DevIdp, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    flags = ["--fulcio-auth-flow", "client_credentials", "--oidc-issuer", issuer.url, "--oidc-client-id", "ci"]
    flags += ["--oidc-client-secret-file", str(file)]
    assert whoami(*flags).returncode == 3
    file.write_bytes(b"\xff")
    assert whoami(*flags).returncode == 3
    file.write_text("x" * 5000)
    assert whoami(*flags).returncode == 4
    file.write_text("the secret\n")
    done = whoami(*flags)
    assert done.stdout.startswith("Identity: ci\n"), done.stderr
    file.write_text("another\n")
    assert whoami(*flags).returncode == 7


def test_a_person_at_a_terminal_signs_in_with_their_browser(issuer: DevIdp) -> None:
    code, shown = terminal.converse([*COMMAND, "--oidc-issuer", issuer.url], [], environment(BROWSER=BROWSER), ROOT)
    assert code == 0, shown
    assert b"If it is not, go to:" in shown
    assert b"Identity: ada@example.com" in shown


def test_a_fixed_port_by_a_variable(issuer: DevIdp) -> None:
    url = f"http://localhost:{free_port()}/callback"
    more = environment(BROWSER=BROWSER, COSIGN_OIDC_REDIRECT_URL=url, COSIGN_OIDC_ISSUER=issuer.url)
    code, shown = terminal.converse(COMMAND, [], more, ROOT)
    assert code == 0, shown


def test_a_person_without_a_browser_pastes_the_address(issuer: DevIdp, tmp_path: Path) -> None:
    """No program of a browser's name is on PATH."""
    more = environment(PATH=str(tmp_path), BROWSER="")
    code, shown = terminal.converse(
        [*COMMAND, "--oidc-issuer", issuer.url],
        [(b"Address: ", b"http://localhost:1/auth/callback?code=a&state=b")],
        more,
    )
    assert code == 7
    assert b"belongs to another sign-in" in shown


def test_without_a_browser_and_a_terminal_the_way_by_a_device_is_named(issuer: DevIdp, tmp_path: Path) -> None:
    done = whoami("--fulcio-auth-flow", "normal", "--oidc-issuer", issuer.url, PATH=str(tmp_path), BROWSER="")
    assert done.returncode == 2
    assert "--fulcio-auth-flow device" in done.stderr


def test_the_time_limit_of_the_command_ends_the_wait(issuer: DevIdp) -> None:
    started = time.monotonic()
    done = whoami(
        "--fulcio-auth-flow",
        "normal",
        "--oidc-issuer",
        issuer.url,
        "--timeout",
        "1s",
        BROWSER=f"{sys.executable} -c pass %s",
    )
    assert done.returncode == 20
    assert time.monotonic() - started < 10


def test_a_provider_that_does_not_exist_is_a_usage_error() -> None:
    done = whoami("--oidc-provider", "github")
    assert done.returncode == 2
    assert "github-actions" in done.stderr


def test_what_an_issuer_wrote_cannot_drive_a_terminal() -> None:
    raw = token(exp=time.time() + 300, iat=time.time(), email=None, sub="\x1b[31mred\nIdentity: eve")
    done = whoami(SIGSTORE_ID_TOKEN=raw)
    assert "\x1b" not in done.stdout
    assert len(done.stdout.splitlines()) == 4
