"""Providers that ask somebody, against fakes that answer as the real ones document it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cosignpy.errors import AccessDenied, IdentityUnusable, RemoteError
from cosignpy.net.http import Request
from cosignpy.net.url import Url
from cosignpy.services.conversation import Expected
from cosignpy.services.oidc.ambient.google import fetch_from_google
from cosignpy.services.oidc.ambient.providers import find_token
from cosignpy.services.oidc.ambient.spiffe import SOCKET
from cosignpy.services.oidc.token import IdentityToken
from cosignpy.values import replace
from tests.support.identity_tokens import machine_token, token
from tests.support.raw_server import Handler, RawServer, raw, reply, stall
from tests.support.sign_ins import CLIENT, place

SECRET = "the-secret-of-the-runner-0123456789"


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    CLIENT.close()


def fresh(seal: Callable[..., str] = machine_token, **claims: Any) -> str:
    return seal(exp=time.time() + 300, iat=time.time(), **claims)


def answer(status: int, **members: Any) -> Handler:
    return reply(status, json.dumps(members).encode(), Content_Type="application/json")


def find(environment: Mapping[str, str], audience: str = "sigstore") -> IdentityToken:
    found = find_token(place(environment), audience)
    assert found is not None
    return found


# --- GitHub Actions: id reads the environment of the process ---


@pytest.fixture
def on_github(monkeypatch: pytest.MonkeyPatch) -> Callable[[RawServer], dict[str, str]]:
    def enter(server: RawServer) -> dict[str, str]:
        environment = {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET,
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://{server.address}/token?api-version=2.0",
        }
        for name, content in environment.items():
            monkeypatch.setenv(name, content)
        return environment

    return enter


OnGithub = Callable[[RawServer], dict[str, str]]


def test_a_job_of_github_gets_a_token(on_github: OnGithub) -> None:
    sealed = fresh(iss="https://token.actions.githubusercontent.com", job_workflow_ref="o/r/.github/workflows/w@ref")
    with RawServer(answer(200, value=sealed)) as server:
        found = find(on_github(server))
        (asked,) = server.requests
    assert (found.raw, found.identity.name) == (sealed, "https://github.com/o/r/.github/workflows/w@ref")
    assert found.source == "GitHub Actions (github-actions)"
    assert asked.target == "/token?api-version=2.0&audience=sigstore"
    assert asked.headers["authorization"].lower() == f"bearer {SECRET}"


@pytest.mark.parametrize(
    "handler",
    [
        answer(403, message="no", value=fresh()),
        reply(500, f"{SECRET} and {fresh()}".encode()),
        answer(200, other="x"),
        reply(200, b"no JSON"),
        raw(b"no HTTP"),
    ],
)
def test_a_failure_of_github_tells_neither_token(on_github: OnGithub, handler: Handler) -> None:
    with RawServer(handler) as server, pytest.raises(IdentityUnusable) as caught:
        find(on_github(server))
    told = f"{caught.value!r}{caught.value}{caught.value.hint}{caught.value.__cause__!r}"
    assert SECRET not in told
    assert "eyJ" not in told
    assert "id-token: write" in told


def test_the_two_variables_alone_are_not_github(on_github: OnGithub, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(answer(200, value=fresh())) as server:
        environment = on_github(server)
        monkeypatch.delenv("GITHUB_ACTIONS")
        with pytest.raises(IdentityUnusable) as caught:
            find(environment)
    assert "GITHUB_ACTIONS" in str(caught.value.hint)


# --- GitLab CI ---


def test_a_job_of_gitlab_has_a_token_for_each_audience(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = fresh(iss="https://gitlab.com", ci_config_ref_uri="gitlab.com/g/p//.gitlab-ci.yml@r", aud="our-ca")
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("OUR_CA_ID_TOKEN", sealed)
    environment = {"GITLAB_CI": "true", "OUR_CA_ID_TOKEN": sealed}
    assert find(environment, "our-ca").identity.name == "https://gitlab.com/g/p//.gitlab-ci.yml@r"
    with pytest.raises(IdentityUnusable) as caught:
        find(environment)
    assert "id_tokens" in str(caught.value.hint)


# --- programs ---


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    def write(name: str, script: str) -> str:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return f"{tmp_path}:/usr/bin:/bin"

    return write


Install = Callable[[str, str], str]


def test_a_job_of_circleci_asks_its_program(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = fresh()
    install("circleci", f'echo "$@" > "$(dirname "$0")/asked"; echo {sealed}')
    monkeypatch.setenv("CIRCLECI", "true")
    assert find({"CIRCLECI": "true"}).raw == sealed


def test_a_program_of_circleci_that_fails_is_not_quoted_with_tokens(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = fresh()
    install("circleci", f"echo not for you: {sealed} >&2; exit 1")
    monkeypatch.setenv("CIRCLECI", "true")
    with pytest.raises(IdentityUnusable) as caught:
        find({"CIRCLECI": "true"})
    assert "not for you" in caught.value.why
    assert sealed.split(".")[1] not in f"{caught.value!r}{caught.value}"


def spiffe(path: str, tmp_path: Path) -> Mapping[str, str]:
    socket = tmp_path / "api.sock"
    socket.touch()
    return {"PATH": path, "SPIFFE_ENDPOINT_SOCKET": f"unix://{socket}"}


def test_a_workload_asks_the_program_of_spire(install: Install, tmp_path: Path) -> None:
    sealed = fresh(sub="spiffe://example.com/signer")
    output = json.dumps([{"svids": [{"spiffe_id": "spiffe://example.com/signer", "svid": sealed}]}, {"bundles": {}}])
    path = install("spire-agent", f'echo "$@" > "$(dirname "$0")/asked"; echo \'{output}\'')
    assert find(spiffe(path, tmp_path)).identity.name == "spiffe://example.com/signer"
    asked = (tmp_path / "asked").read_text().split()
    assert asked[:5] == ["api", "fetch", "jwt", "-audience", "sigstore"]
    assert asked[-1] == str(tmp_path / "api.sock")


@pytest.mark.parametrize(
    "script",
    [
        "echo no SVID >&2; exit 1",
        "exit 1",
        "echo no JSON",
        "echo '[]'",
        "echo '[{\"svids\":[]}]'",
        "echo '[{\"svids\":1}]'",
    ],
)
def test_a_program_of_spire_that_has_no_token_is_an_error(install: Install, tmp_path: Path, script: str) -> None:
    path = install("spire-agent", script)
    with pytest.raises(IdentityUnusable) as caught:
        find(spiffe(path, tmp_path))
    assert "spire-agent" in caught.value.why


def test_a_socket_without_the_program_names_the_way_by_a_file(tmp_path: Path) -> None:
    with pytest.raises(IdentityUnusable) as caught:
        find(spiffe("", tmp_path))
    assert "SIGSTORE_ID_TOKEN_FILE" in str(caught.value.hint)


def test_a_program_that_cannot_be_run_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "spire-agent").write_bytes(b"\0")
    (tmp_path / "spire-agent").chmod(0o755)
    with pytest.raises(IdentityUnusable) as caught:
        find(spiffe(str(tmp_path), tmp_path))
    assert "did not answer" in caught.value.why


def test_the_socket_of_spire_has_a_usual_place(install: Install, tmp_path: Path) -> None:
    socket = tmp_path / SOCKET.lstrip("/")
    socket.parent.mkdir(parents=True)
    socket.touch()
    sealed = fresh()
    path = install("spire-agent", f"echo '{json.dumps([{'svids': [{'svid': sealed}]}])}'")
    here = place({"PATH": path}, tmp_path)
    found = find_token(here, "sigstore")
    assert found is not None
    assert found.raw == sealed


# --- Buildkite ---


def buildkite(server: RawServer, **changes: str) -> dict[str, str]:
    return {
        "BUILDKITE_AGENT_ACCESS_TOKEN": SECRET,
        "BUILDKITE_AGENT_ENDPOINT": f"http://{server.address}/v3",
        "BUILDKITE_JOB_ID": "0190-abc",
        **changes,
    }


def test_a_job_of_buildkite_asks_the_agents_api() -> None:
    sealed = fresh(iss="https://agent.buildkite.com", organization_slug="team", pipeline_slug="app")
    with RawServer(answer(200, token=sealed)) as server:
        assert find(buildkite(server)).identity.name == "https://buildkite.com/team/app"
        (asked,) = server.requests
    assert (asked.method, asked.target) == ("POST", "/v3/jobs/0190-abc/oidc/tokens")
    assert asked.headers["authorization"] == f"Token {SECRET}"
    assert json.loads(asked.body) == {"audience": "sigstore"}


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (answer(401, message=f"{SECRET} is wrong"), AccessDenied),
        (answer(200, other="x"), RemoteError),
        (reply(302, Location="http://127.0.0.2/"), RemoteError),
    ],
)
def test_a_failure_of_buildkite_does_not_tell_its_secret(handler: Handler, error: type[RemoteError]) -> None:
    with RawServer(handler) as server, pytest.raises(error) as caught:
        find(buildkite(server))
    assert SECRET not in f"{caught.value!r}{caught.value}"


def test_a_job_is_no_path() -> None:
    with RawServer(answer(200)) as server, pytest.raises(IdentityUnusable):
        find(buildkite(server, BUILDKITE_JOB_ID="../../x"))
    assert server.requests == []


# --- Google ---


def test_a_machine_of_google_asks_its_metadata_server() -> None:
    sealed = fresh(token, iss="https://accounts.google.com", email="robot@project.iam.gserviceaccount.com")
    with RawServer(reply(200, sealed.encode())) as server:
        found = find({"GCE_METADATA_HOST": server.address})
        (asked,) = server.requests
    assert found.identity.name == "robot@project.iam.gserviceaccount.com"
    assert asked.headers["metadata-flavor"] == "Google"
    path = "/computeMetadata/v1/instance/service-accounts/default/identity?audience=sigstore&format=full"
    assert asked.target == path


def test_a_machine_of_google_acts_as_another_account() -> None:
    sealed = fresh(token)
    account = "signer@project.iam.gserviceaccount.com"
    with RawServer(answer(200, access_token=SECRET)) as metadata, RawServer(answer(200, token=sealed)) as iam:
        here = place({"GCE_METADATA_HOST": metadata.address, "GOOGLE_SERVICE_ACCOUNT_NAME": account})
        assert fetch_from_google(here, "sigstore", f"http://{iam.address}") == sealed
        (asked,) = iam.requests
    assert asked.target == f"/v1/projects/-/serviceAccounts/{account}:generateIdToken"
    assert asked.headers["authorization"] == f"Bearer {SECRET}"
    assert json.loads(asked.body) == {"audience": "sigstore", "includeEmail": True}


def test_an_account_is_no_path_and_a_refusal_does_not_tell_the_access_token() -> None:
    with RawServer(answer(200, access_token=SECRET)) as metadata, RawServer(answer(403, message=SECRET)) as iam:
        here = place({"GCE_METADATA_HOST": metadata.address, "GOOGLE_SERVICE_ACCOUNT_NAME": "a@b"})
        with pytest.raises(AccessDenied) as caught:
            fetch_from_google(here, "sigstore", f"http://{iam.address}")
        assert SECRET not in f"{caught.value!r}{caught.value}"
        other = replace(here, environment={**here.environment, "GOOGLE_SERVICE_ACCOUNT_NAME": "a/b"})
        with pytest.raises(IdentityUnusable):
            fetch_from_google(other, "sigstore")


def test_a_metadata_server_that_is_silent_is_given_up() -> None:
    with RawServer(stall()) as server:
        talk = place().talk("Google's metadata server", 0.3)
        with pytest.raises(RemoteError):
            talk.ask(Request("GET", Url.parse(f"http://{server.address}/")), Expected((200,), 10, "token"))
