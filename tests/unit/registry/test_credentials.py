"""Which credentials are found for a registry, in files as Docker, podman and people write them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.errors import FileError, MalformedError, UsageError
from cosignpy.registry.credential_files import MAX_CONFIG, docker_config, find_credential
from cosignpy.registry.credential_selection import select_credential
from cosignpy.registry.credentials import Anonymous, BasicCredential, Credential, IdentityToken, RegistryToken
from cosignpy.registry.options import RegistryOptions

HUB = "index.docker.io"
ENTRY = {"auth": encode_b64(b"user:pass:word")}
USER = BasicCredential("user", "pass:word")


def docker_file(folder: Path, document: object) -> Mapping[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_bytes(document if isinstance(document, bytes) else encode_json(document))
    return {"DOCKER_CONFIG": str(folder)}


def found(folder: Path, auths: Mapping[str, object], registry: str, repository: str = "team/app") -> Credential | None:
    return find_credential(docker_file(folder, {"auths": auths}), registry, repository)


@pytest.mark.parametrize(
    ("entry", "credential"),
    [
        (ENTRY, USER),
        ({"auth": encode_b64(b"user:")}, BasicCredential("user", "")),
        ({"auth": encode_b64(b"user:secret\0\0")}, BasicCredential("user", "secret")),
        ({"auth": encode_b64("us\u00e9r:p\u00e4ss".encode())}, BasicCredential("us\u00e9r", "p\u00e4ss")),
        ({"username": "user", "password": "pass:word"}, USER),
        ({"identitytoken": "long", **ENTRY}, IdentityToken("long")),
        ({"registrytoken": "bearer", "identitytoken": "long"}, RegistryToken("bearer")),
        ({}, None),
        ({"auth": "", "email": "x"}, None),
        (None, None),
    ],
)
def test_an_entry_is_read(tmp_path: Path, entry: object, credential: Credential | None) -> None:
    assert found(tmp_path, {"registry.example": entry}, "registry.example") == credential


@pytest.mark.parametrize(
    "entry",
    [
        {"auth": "no base64!"},
        {"auth": encode_b64(b"no colon")},
        {"auth": encode_b64(b":no user")},
        {"auth": encode_b64(b"\xff:x")},
        {"auth": 1},
        "text",
        [],
    ],
)
def test_a_malformed_entry_is_named_without_its_content(tmp_path: Path, entry: object) -> None:
    with pytest.raises(MalformedError) as caught:
        found(tmp_path, {"registry.example": entry}, "registry.example")
    assert str(tmp_path) in str(caught.value)
    assert "registry.example" in str(caught.value)


def test_a_malformed_entry_of_another_registry_is_nobodys_business(tmp_path: Path) -> None:
    assert (
        found(tmp_path, {"other.example": {"auth": "no base64!"}, "registry.example": ENTRY}, "registry.example")
        == USER
    )


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("registry.example", "registry.example"),
        ("registry.example/", "registry.example"),
        ("Registry.Example", "registry.example"),
        ("registry.example:5000", "registry.example:5000"),
        ("https://registry.example", "registry.example"),
        ("http://registry.example/", "registry.example"),
        ("https://registry.example/v1/", "registry.example"),
        ("https://registry.example/v2/", "registry.example"),
        ("registry.example/v1/", "registry.example"),
        ("[::1]:5000", "[::1]:5000"),
        ("localhost:5000", "localhost:5000"),
        ("https://index.docker.io/v1/", HUB),
        ("index.docker.io", HUB),
        ("docker.io", HUB),
        ("registry-1.docker.io", HUB),
    ],
)
def test_a_key_is_recognised_in_its_spellings(tmp_path: Path, key: str, registry: str) -> None:
    assert found(tmp_path, {key: ENTRY}, registry) == USER


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("registry.example", "registry.example:5000"),
        ("registry.example:5000", "registry.example"),
        ("registry.example", "other.registry.example"),
        ("registry.example.evil", "registry.example"),
        ("registry.example/other", "registry.example"),
        ("registry.example/team/ap", "registry.example"),
        ("ftp://registry.example", "registry.example"),
        ("not a host", "registry.example"),
        ("", "registry.example"),
    ],
)
def test_a_key_of_something_else_is_passed_over(tmp_path: Path, key: str, registry: str) -> None:
    assert found(tmp_path, {key: ENTRY}, registry) is None


def test_the_most_specific_path_wins(tmp_path: Path) -> None:
    def entry(name: str) -> dict[str, str]:
        return {"username": name, "password": "x"}

    auths = {
        "registry.example": entry("host"),
        "registry.example/team": entry("team"),
        "registry.example/team/app": entry("app"),
    }
    names = {
        repository: getattr(found(tmp_path, auths, "registry.example", repository), "username", None)
        for repository in ("team/app", "team/app/deep", "team/other", "teams/app", "")
    }
    assert names == {"team/app": "app", "team/app/deep": "app", "team/other": "team", "teams/app": "host", "": "host"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"auths":[]}',
        b'{"auths":{},"auths":{}}',
        b'{"credHelpers":[]}',
        b'{"credsStore":1}',
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        find_credential(docker_file(tmp_path, content), "registry.example", "team/app")
    assert str(tmp_path) in str(caught.value)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        find_credential(docker_file(tmp_path, b" " * (MAX_CONFIG + 1)), "registry.example", "team/app")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(FileError) as caught:
        find_credential({"DOCKER_CONFIG": str(tmp_path)}, "registry.example", "team/app")
    assert caught.value.path == str(tmp_path / "config.json")


PLACES = {
    "DOCKER_CONFIG": ("docker", "config.json"),
    "REGISTRY_AUTH_FILE": ("auth", "mine.json"),
    "XDG_RUNTIME_DIR": ("run", "containers/auth.json"),
    "XDG_CONFIG_HOME": ("conf", "containers/auth.json"),
    "HOME": ("home", ".config/containers/auth.json"),
}


@pytest.mark.parametrize("first", range(len(PLACES)))
def test_the_first_file_that_knows_the_registry_wins(tmp_path: Path, first: int) -> None:
    environment = {}
    for index, (variable, (folder, name)) in enumerate(PLACES.items()):
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True)
        auths: dict[str, Any] = {"other.example": ENTRY}
        if index >= first:
            auths["registry.example"] = {"username": variable, "password": "x"}
        path.write_bytes(encode_json({"auths": auths}))
        environment[variable] = str(path) if variable == "REGISTRY_AUTH_FILE" else str(tmp_path / folder)
    credential = find_credential(environment, "registry.example", "team/app")
    assert credential == BasicCredential(list(PLACES)[first], "x")


def test_docker_s_file_is_in_home_by_default() -> None:
    assert docker_config({"HOME": "/home/me"}) == Path("/home/me/.docker/config.json")
    assert docker_config({"HOME": "/home/me", "DOCKER_CONFIG": "/d"}) == Path("/d/config.json")
    assert docker_config({}) is None


def test_without_files_there_is_nothing(tmp_path: Path) -> None:
    assert find_credential({"HOME": str(tmp_path)}, "registry.example", "team/app") is None
    assert find_credential({}, "registry.example", "team/app") is None


def test_flags_beat_files(tmp_path: Path) -> None:
    environment = docker_file(tmp_path, {"auths": {"registry.example": ENTRY}})

    def selected(**flags: str) -> Credential:
        return select_credential(RegistryOptions(environment=environment, **flags), "registry.example", "team/app")  # type: ignore[arg-type]

    assert selected() == USER
    assert selected(username="me", password="mine") == BasicCredential("me", "mine")
    assert selected(username="me", password="") == BasicCredential("me", "")
    assert selected(token="bearer", username="me", password="mine") == RegistryToken("bearer")
    for half in ({"username": "me"}, {"password": "mine"}):
        with pytest.raises(UsageError):
            selected(**half)


def test_without_anything_one_is_anonymous() -> None:
    assert select_credential(RegistryOptions(), "registry.example", "team/app") == Anonymous()


# --- helpers

HELPER = """#!/bin/sh
read -r server
echo "$1 $server" >> "$CALLS"
case "$1 $server" in
  "get registry.example") echo '{"ServerURL":"x","Username":"user","Secret":"pass:word"}' ;;
  "get https://index.docker.io/v1/") echo '{"Username":"<token>","Secret":"long"}' ;;
  "get empty.example") echo '{}' ;;
  "get broken.example") echo 'no json' ;;
  "get huge.example") head -c 300000 /dev/zero ;;
  "get locked.example") echo 'the keychain is locked, token=abc'; exit 1 ;;
  "get quiet.example") exit 3 ;;
  get*) echo 'credentials not found in native keychain'; exit 1 ;;
esac
"""


@pytest.fixture
def helper(tmp_path: Path) -> Mapping[str, str]:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "docker-credential-test").write_text(HELPER)
    (programs / "docker-credential-test").chmod(0o755)
    return {"PATH": f"{programs}:{os.defpath}", "CALLS": str(tmp_path / "calls")}


def helped(tmp_path: Path, helper: Mapping[str, str], document: object, registry: str) -> Credential | None:
    return find_credential({**docker_file(tmp_path, document), **helper}, registry, "team/app")


@pytest.mark.parametrize(
    ("registry", "credential"),
    [
        ("registry.example", USER),
        (HUB, IdentityToken("long")),
        ("empty.example", None),
        ("absent.example", None),
    ],
)
def test_a_helper_is_asked(
    tmp_path: Path, helper: Mapping[str, str], registry: str, credential: Credential | None
) -> None:
    assert helped(tmp_path, helper, {"credsStore": "test"}, registry) == credential
    named = {"credHelpers": {"docker.io" if registry == HUB else f"https://{registry}/": "test"}}
    assert helped(tmp_path, helper, named, registry) == credential


def test_a_helper_is_for_its_registry_only(tmp_path: Path, helper: Mapping[str, str]) -> None:
    assert helped(tmp_path, helper, {"credHelpers": {"other.example": "test"}}, "registry.example") is None
    assert not (tmp_path / "calls").exists()


def test_what_a_helper_does_not_have_the_file_may(tmp_path: Path, helper: Mapping[str, str]) -> None:
    document = {"credsStore": "test", "auths": {"absent.example": ENTRY}}
    assert helped(tmp_path, helper, document, "absent.example") == USER


@pytest.mark.parametrize("registry", ["broken.example", "huge.example"])
def test_a_helper_that_answers_nonsense_is_named(tmp_path: Path, helper: Mapping[str, str], registry: str) -> None:
    with pytest.raises(MalformedError) as caught:
        helped(tmp_path, helper, {"credsStore": "test"}, registry)
    assert "docker-credential-test" in caught.value.what


@pytest.mark.parametrize("registry", ["locked.example", "quiet.example"])
def test_a_helper_that_fails_is_named(tmp_path: Path, helper: Mapping[str, str], registry: str) -> None:
    from cosignpy.errors import HelperFailed

    with pytest.raises(HelperFailed) as caught:
        helped(tmp_path, helper, {"credsStore": "test"}, registry)
    assert caught.value.program == "docker-credential-test"
    assert "abc" not in str(caught.value)


def test_a_helper_that_is_not_installed_is_named(tmp_path: Path, helper: Mapping[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        helped(tmp_path, helper, {"credsStore": "absent"}, "registry.example")
    assert "docker-credential-absent" in caught.value.problem


def test_a_helper_that_cannot_be_run_is_named(tmp_path: Path, helper: Mapping[str, str]) -> None:
    broken = tmp_path / "bin" / "docker-credential-broken"
    broken.write_text("#!/absent/interpreter\n")
    broken.chmod(0o755)
    with pytest.raises(UsageError):
        helped(tmp_path, helper, {"credsStore": "broken"}, "registry.example")


def test_a_helper_that_does_not_end_is_given_up(
    tmp_path: Path, helper: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cosignpy.registry.credential_helpers.HELPER_TIMEOUT", 0.05)
    slow = tmp_path / "bin" / "docker-credential-slow"
    slow.write_text("#!/bin/sh\nexec sleep 5\n")
    slow.chmod(0o755)
    with pytest.raises(UsageError):
        helped(tmp_path, helper, {"credsStore": "slow"}, "registry.example")


@pytest.mark.parametrize("name", ["../evil", "a/b", "-x", "a b", ""])
def test_a_helper_s_name_is_a_name(tmp_path: Path, helper: Mapping[str, str], name: str) -> None:
    with pytest.raises(MalformedError):
        helped(tmp_path, helper, {"credHelpers": {"registry.example": name}}, "registry.example")
