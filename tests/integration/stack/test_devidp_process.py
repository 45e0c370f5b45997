"""The development issuer as people and scripts start it."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from cosignpy.errors import MalformedError, UsageError
from cosignpy.serving.threaded import bind
from cosignpy.stack.devidp.key_ring import KEYS_FILE
from cosignpy.stack.devidp.server import DevIdp, DevIdpOptions, ExposedUnsafe, ServerOptions
from cosignpy.stack.devidp.signing_keys import TokenAlgorithm
from tests.support.devidp_process import run, serving
from tests.support.http_calls import Caller
from tests.support.oidc_client import OidcClient, Person


def keys_of(issuer: str) -> list[str]:
    return [key["kid"] for key in Caller(issuer).get("/keys").json["keys"]]


def verify(issuer: str, token: str) -> dict[str, Any]:
    """Verify a token as a certificate authority would."""
    keys = jwt.PyJWKSet.from_dict(Caller(issuer).get("/keys").json)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, audience="sigstore", issuer=issuer)
    return claims


def test_scripts_get_tokens_and_rotate_keys_while_it_serves(tmp_path: Path) -> None:
    directory = tmp_path / "idp"
    with serving(directory, "--token-seconds", "60") as issuer:
        printed = run("token", "--dir", str(directory), "--email", "ada@example.com")
        assert (printed.returncode, printed.stderr) == (0, "")
        assert printed.stdout == printed.stdout.strip()
        assert verify(issuer, printed.stdout)["email"] == "ada@example.com"

        before = keys_of(issuer)
        rotated = run("rotate", "--dir", str(directory), "--algorithm", "ES256")
        assert rotated.returncode == 0
        deadline = time.monotonic() + 10
        while len(keys_of(issuer)) == 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        after = keys_of(issuer)
        assert after[1:] == before
        assert after[0] in rotated.stdout
        assert verify(issuer, printed.stdout)
        tokens = OidcClient.discover(issuer).authorize(Person("bob@example.com"))
        assert jwt.get_unverified_header(tokens["id_token"]) == {"alg": "ES256", "kid": after[0], "typ": "JWT"}
        claims = verify(issuer, tokens["id_token"])
        assert claims["exp"] - claims["iat"] == 60

    log = [json.loads(line) for line in (tmp_path / "idp.messages").read_text().splitlines() if line.startswith("{")]
    assert any("For development only" in line["message"] for line in log)
    assert {line["path"] for line in log if line["message"] == "request"} >= {"/authorize", "/token", "/keys"}
    assert not any("code_challenge" in json.dumps(line) for line in log)


def test_a_restart_keeps_the_keys(tmp_path: Path) -> None:
    with serving(tmp_path / "idp", "--algorithm", "ES256") as issuer:
        before = keys_of(issuer)
    with serving(tmp_path / "idp") as issuer:
        assert keys_of(issuer) == before


def test_a_token_says_what_it_is_told_to(tmp_path: Path) -> None:
    with serving(tmp_path / "idp", "--algorithm", "ES256", "--issuer", "https://idp.example"):
        pass
    claims = ("--claim", 'repository="o/r"', "--claim", "run_attempt=1")
    more = ("--audience", "other", "--subject", "repo:o/r:ref:refs/heads/main", "--seconds", "5")
    printed = run("token", "--dir", str(tmp_path / "idp"), *claims, *more)
    found = jwt.decode(printed.stdout, options={"verify_signature": False})
    assert found.pop("exp") - found.pop("iat") == 5
    assert found == {
        "iss": "https://idp.example",
        "aud": "other",
        "sub": "repo:o/r:ref:refs/heads/main",
        "repository": "o/r",
        "run_attempt": 1,
    }
    other = run("token", "--dir", str(tmp_path / "idp"), "--email", "a@b", "--issuer", "http://elsewhere")
    assert jwt.decode(other.stdout, options={"verify_signature": False})["iss"] == "http://elsewhere"


def test_a_service_accounts_secret_is_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("geheim\n")
    with serving(tmp_path / "idp", "--algorithm", "ES256", "--service-account", f"ci={secret}") as issuer:
        tokens = OidcClient.discover(issuer).client_credentials("ci", "geheim")
        assert verify(issuer, tokens["access_token"])["sub"] == "ci"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["token", "--dir", "none", "--email", "a@b"], 1, "never served"),
        (["token", "--dir", "none"], 2, "about somebody"),
        (["token", "--dir", "none", "--email", "nobody"], 1, "malformed e-mail address"),
        (["token", "--dir", "none", "--email", "a@b", "--claim", "x"], 1, "malformed claim"),
        (["token", "--dir", "none", "--email", "a@b", "--seconds", "3601"], 2, "3600"),
        (["rotate", "--dir", "none"], 1, "there are no keys"),
        (["serve", "--host", "0.0.0.0"], 2, "--exposed-unsafe"),
        (["serve", "--host", "::"], 2, "can be anybody"),
        (["serve", "--issuer", "https://idp.example/path"], 2, "did you mean https://idp.example?"),
        (["serve", "--service-account", "ci"], 2, "NAME=FILE"),
        (["serve", "--service-account", "ci=none"], 1, "none"),
        (["serve", "--algorithm", "HS256"], 2, "HS256"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_mistakes_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not [*tmp_path.iterdir()]


def test_it_can_be_reached_from_elsewhere_only_on_purpose() -> None:
    with pytest.raises(UsageError), DevIdp(DevIdpOptions(host="0.0.0.0", algorithm=TokenAlgorithm.ES256)):
        pass
    options = DevIdpOptions(
        host="0.0.0.0", algorithm=TokenAlgorithm.ES256, exposed=ExposedUnsafe("a test"), url="http://idp.test:5556"
    )
    with DevIdp(options) as running:
        port = running.address.rpartition(":")[2]
        assert Caller(f"http://127.0.0.1:{port}").get("/keys").status == 200
        assert Caller(f"http://127.0.0.1:{port}").get("/keys", Host="idp.test:5556").status == 200


@pytest.mark.parametrize("seconds", [0, 3601])
def test_tokens_do_not_outlive_the_keys(seconds: int) -> None:
    with pytest.raises(UsageError), DevIdp(DevIdpOptions(algorithm=TokenAlgorithm.ES256, token_seconds=seconds)):
        pass


def test_an_issuer_is_a_url() -> None:
    with pytest.raises(MalformedError), DevIdp(DevIdpOptions(algorithm=TokenAlgorithm.ES256, url="idp.example")):
        pass


def test_a_port_that_is_taken_is_not_noted_as_the_issuers(tmp_path: Path) -> None:
    with bind(ServerOptions()) as taken:
        options = DevIdpOptions(tmp_path / "idp", port=taken.getsockname()[1], algorithm=TokenAlgorithm.ES256)
        with pytest.raises(UsageError), DevIdp(options):
            pass
    assert [file.name for file in (tmp_path / "idp").iterdir()] == [KEYS_FILE]
