"""Which provider is chosen, and those that need no network."""

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from cosignpy.errors import IdentityUnusable, UsageError
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request
from cosignpy.services.oidc.ambient.files import TOKEN_FILE
from cosignpy.services.oidc.ambient.google import PRODUCT_FILE
from cosignpy.services.oidc.ambient.place import Place
from cosignpy.services.oidc.ambient.providers import PROVIDERS, advise, find_token
from cosignpy.services.oidc.ambient.spiffe import SOCKET
from cosignpy.services.oidc.claims import MAX_TOKEN
from tests.support.identity_tokens import NOW, machine_token, token


class Silence:
    """Sends nothing."""

    def send(self, request: Request) -> NoReturn:
        raise AssertionError(request.url)


def place(root: Path, environment: Mapping[str, str] | None = None) -> Place:
    return Place(environment or {}, Silence(), Clock(wall=lambda: NOW), root)


def write(root: Path, name: str, content: str) -> Path:
    path = root / name.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_the_order_is_that_of_the_names() -> None:
    names = [provider.name for provider in PROVIDERS]
    assert names == sorted(names)
    assert {"buildkite-agent", "envvar", "filesystem", "github-actions", "google", "spiffe"} <= set(names)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SIGSTORE_ID_TOKEN": "x"}, ["envvar"]),
        ({"SIGSTORE_ID_TOKEN_FILE": "x"}, ["filesystem"]),
        ({"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}, []),
        ({"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x", "ACTIONS_ID_TOKEN_REQUEST_URL": "x"}, ["github-actions"]),
        ({"GITLAB_CI": "true"}, []),
        ({"GITLAB_CI": "true", "MY_ID_TOKEN": "x"}, ["gitlab"]),
        ({"CIRCLECI": "true"}, ["circleci"]),
        ({"BUILDKITE_AGENT_ACCESS_TOKEN": "x", "BUILDKITE_AGENT_ENDPOINT": "x"}, []),
        (
            {"BUILDKITE_AGENT_ACCESS_TOKEN": "x", "BUILDKITE_AGENT_ENDPOINT": "x", "BUILDKITE_JOB_ID": "x"},
            ["buildkite-agent"],
        ),
        ({"GOOGLE_SERVICE_ACCOUNT_NAME": "x"}, ["google"]),
        ({"GCE_METADATA_HOST": "x"}, ["google"]),
        ({}, []),
    ],
)
def test_a_provider_is_recognised_by_its_variables(
    tmp_path: Path, environment: dict[str, str], expected: list[str]
) -> None:
    here = place(tmp_path, environment)
    assert [provider.name for provider in PROVIDERS if provider.is_here(here)] == expected


def test_a_provider_is_recognised_by_its_files(tmp_path: Path) -> None:
    here = place(tmp_path)
    write(tmp_path, TOKEN_FILE, "x")
    write(tmp_path, PRODUCT_FILE, "Google Compute Engine\n")
    write(tmp_path, SOCKET, "")
    assert [provider.name for provider in PROVIDERS if provider.is_here(here)] == ["filesystem", "google", "spiffe"]


def test_another_machine_is_not_googles(tmp_path: Path) -> None:
    write(tmp_path, PRODUCT_FILE, "Standard PC\n")
    assert find_token(place(tmp_path), "sigstore") is None


def test_a_token_of_the_environment_is_used(tmp_path: Path) -> None:
    found = find_token(place(tmp_path, {"SIGSTORE_ID_TOKEN": token()}), "sigstore")
    assert found is not None
    assert (found.identity.name, found.source) == ("ada@example.com", "SIGSTORE_ID_TOKEN (envvar)")


def test_a_projected_token_of_kubernetes_is_used(tmp_path: Path) -> None:
    pod = {"namespace": "build", "serviceaccount": {"name": "signer"}}
    sealed = machine_token(sub="system:serviceaccount:build:signer", aud=["sigstore"], **{"kubernetes.io": pod})
    real = write(tmp_path, "/var/run/sigstore/cosign/..data/oidc-token", sealed)
    (tmp_path / TOKEN_FILE.lstrip("/")).symlink_to(real)
    found = find_token(place(tmp_path), "sigstore")
    assert found is not None
    assert found.identity.name == "https://kubernetes.io/namespaces/build/serviceaccounts/signer"
    assert found.identity.challenge == "system:serviceaccount:build:signer"


def test_a_file_that_is_named_is_read_anew_each_time(tmp_path: Path) -> None:
    path = write(tmp_path, "token", token())
    here = place(tmp_path, {"SIGSTORE_ID_TOKEN_FILE": str(path)})
    find_token(here, "sigstore")
    path.write_text(token(email="eve@example.com"))
    found = find_token(here, "sigstore")
    assert found is not None
    assert found.identity.name == "eve@example.com"


def test_a_token_file_that_cannot_be_read_or_is_none_is_an_error(tmp_path: Path) -> None:
    here = place(tmp_path, {"SIGSTORE_ID_TOKEN_FILE": str(tmp_path / "none")})
    with pytest.raises(IdentityUnusable) as caught:
        find_token(here, "sigstore")
    assert caught.value.source == str(tmp_path / "none")
    write(tmp_path, "large/token", "a" * (MAX_TOKEN + 1))
    with pytest.raises(IdentityUnusable):
        find_token(place(tmp_path, {"SIGSTORE_ID_TOKEN_FILE": str(tmp_path / "large/token")}), "sigstore")


def test_the_first_that_is_here_counts_and_its_failure_is_one(tmp_path: Path) -> None:
    """The next one would be somebody else."""
    write(tmp_path, TOKEN_FILE, token(email="eve@example.com"))
    with pytest.raises(IdentityUnusable):
        find_token(place(tmp_path, {"SIGSTORE_ID_TOKEN": token(exp=NOW)}), "sigstore")


def test_a_provider_can_be_named(tmp_path: Path) -> None:
    write(tmp_path, TOKEN_FILE, token(email="eve@example.com"))
    here = place(tmp_path, {"SIGSTORE_ID_TOKEN": token()})
    found = find_token(here, "sigstore", "filesystem")
    assert found is not None
    assert found.identity.name == "eve@example.com"
    with pytest.raises(UsageError) as caught:
        find_token(here, "sigstore", "github")
    assert "github-actions" in str(caught.value.hint)


def test_the_audience_can_be_chosen(tmp_path: Path) -> None:
    here = place(tmp_path, {"SIGSTORE_ID_TOKEN": token(aud="our-ca")})
    assert find_token(here, "our-ca") is not None
    with pytest.raises(IdentityUnusable):
        find_token(here, "sigstore")


@pytest.mark.parametrize(
    ("variable", "advice"), [("GITHUB_ACTIONS", "id-token: write"), ("GITLAB_CI", "id_tokens"), ("BUILDKITE", "AGENT")]
)
def test_a_place_that_could_have_a_token_says_how(tmp_path: Path, variable: str, advice: str) -> None:
    assert advice in str(advise(place(tmp_path, {variable: "true"})))
    assert advise(place(tmp_path)) is None
