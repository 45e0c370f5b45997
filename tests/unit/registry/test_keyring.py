"""Which credentials are tried for an image, and in which order: what the kubelet does with Secrets to pull images."""

from collections.abc import Mapping
from typing import Any

import pytest

from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.registry.credentials import BasicCredential, IdentityToken, RegistryToken
from cosignpy.registry.keyring import MAX_DOCUMENTS, MAX_ENTRIES, MAX_TRIED, Keyring
from cosignpy.registry.registry_patterns import MAX_PATTERN, PathMatch, RegistryPattern

HUB = "index.docker.io"


def entry(name: str) -> Mapping[str, str]:
    return {"auth": encode_b64(f"{name}:secret".encode())}


def keyring(*documents: Any) -> Keyring:
    return Keyring.parse(encode_json([{"auths": auths} for auths in documents]).decode())


def users(ring: Keyring, registry: str = "registry.example", repository: str = "team/app") -> list[str]:
    return [getattr(each, "username", type(each).__name__) for each in ring.find(registry, repository)]


def covers(key: str, registry: str, repository: str = "team/app", paths: PathMatch = PathMatch.TEXT) -> bool:
    pattern = RegistryPattern.parse(key)
    return pattern is not None and pattern.covers(registry, repository, paths)


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("registry.example", "registry.example"),
        ("Registry.Example", "registry.example"),
        ("registry.example/", "registry.example"),
        ("https://registry.example", "registry.example"),
        ("http://registry.example", "registry.example"),
        ("https://registry.example/v1/", "registry.example"),
        ("https://registry.example/v2/", "registry.example"),
        ("registry.example/v2", "registry.example"),
        ("registry.example:5000", "registry.example:5000"),
        ("registry.example:5000/v2/team", "registry.example:5000"),
        ("registry.example/team", "registry.example"),
        ("registry.example/team/app", "registry.example"),
        ("registry.example/te", "registry.example"),
        ("https://registry.example/v1/team/app", "registry.example"),
        ("*.example", "registry.example"),
        ("registry.*", "registry.example"),
        ("*.*", "registry.example"),
        ("reg*.exampl?", "registry.example"),
        ("r[a-f]gistry.example", "registry.example"),
        ("r[^x-z]gistry.example", "registry.example"),
        ("*.azurecr.io", "team.azurecr.io"),
        ("*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
        ("*.example:5000", "registry.example:5000"),
        ("[fd12::1]:5000", "[fd12::1]:5000"),
        ("https://index.docker.io/v1/", HUB),
        ("docker.io", HUB),
        ("index.docker.io", HUB),
        ("registry-1.docker.io", HUB),
        ("docker.io/team", HUB),
        ("*.docker.io", HUB),
    ],
)
def test_a_key_covers_what_the_kubelet_says(key: str, registry: str) -> None:
    assert covers(key, registry)


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("registry.example", "registry.example:5000"),
        ("registry.example:5000", "registry.example"),
        ("registry.example:5000", "registry.example:5001"),
        ("registry.example:*", "registry.example:5000"),
        ("registry.example", "other.example"),
        ("registry.example", "sub.registry.example"),
        ("registry.example", "registry.example.evil"),
        ("*", "registry.example"),
        ("*.example", "example"),
        ("*.example", "a.registry.example"),
        ("*.example", "registry.example:5000"),
        ("*example", "registry.example"),
        ("r[^e]gistry.example", "registry.example"),
        ("registry.example/other", "registry.example"),
        ("registry.example/app", "registry.example"),
        ("registry.example/team/app/deep", "registry.example"),
        ("registry.example/*", "registry.example"),
        ("registry.example/team/app/", "registry.example"),
        ("registry.example/tea/", "registry.example"),
        ("ftp://registry.example", "registry.example"),
        ("https://https://registry.example", "registry.example"),
        ("", "registry.example"),
        ("/team", "registry.example"),
        (":5000", "registry.example:5000"),
        ("registry.example\n", "registry.example"),
        ("registry.ex\u00e4mple", "registry.example"),
        ("docker.io", "registry.example"),
        ("*", HUB),
        ("registry.example/" + "x" * MAX_PATTERN, "registry.example"),
    ],
)
def test_a_key_covers_nothing_else(key: str, registry: str) -> None:
    assert not covers(key, registry)


@pytest.mark.parametrize(
    ("path", "covered"), [("", True), ("te", False), ("team", True), ("team/", True), ("team/app", True)]
)
def test_a_rule_ends_where_a_path_does(path: str, covered: bool) -> None:
    assert covers(f"registry.example/{path}", "registry.example", paths=PathMatch.SEGMENTS) is covered


def test_patterns_take_no_longer_than_they_should() -> None:
    assert not covers("a*" * 200 + "b.example", f"{'a' * 63}.example")


def test_longer_names_come_first_and_each_is_tried() -> None:
    ring = keyring(
        {"registry.example": entry("host"), "registry.example/team": entry("team")},
        {"registry.example/team/app": entry("app"), "*.example": entry("glob"), "other.example": entry("other")},
    )
    assert users(ring) == ["app", "team", "host", "glob"]
    assert users(ring, repository="teams/app") == ["team", "host", "glob"]
    assert users(ring, repository="x") == ["host", "glob"]
    assert users(ring, "nowhere.test") == []


def test_of_two_secrets_for_the_same_name_both_are_tried_in_their_order() -> None:
    ring = keyring(
        {"registry.example": entry("first")},
        {"https://registry.example/v2/": entry("second")},
        {"registry.example": entry("third")},
        {"registry.example/": entry("first")},
    )
    assert users(ring) == ["first", "second", "third"]


def test_a_registry_is_not_shown_more_than_a_few() -> None:
    assert len(users(keyring(*({"registry.example": entry(f"user{n}")} for n in range(20))))) == MAX_TRIED


def test_tokens_are_credentials_too_and_empty_entries_none() -> None:
    ring = keyring(
        {
            "registry.example/a": {"identitytoken": "long"},
            "registry.example/ab": {"registrytoken": "bearer"},
            "registry.example/abc": {},
            "registry.example": {"auth": "dXNlcjpwYXNz", "email": "x"},
        }
    )
    assert ring.find("registry.example", "abc") == (
        RegistryToken("bearer"),
        IdentityToken("long"),
        BasicCredential("user", "pass"),
    )


@pytest.mark.parametrize("auth", ["dXNlcg", "dXNlcjpwYXNzMQ", " dXNlcjpw\nYXNzMQ==\n"])
def test_an_entry_that_was_written_by_hand_is_read(auth: str) -> None:
    ring = keyring({"registry.example": {"auth": auth}})
    if auth == "dXNlcg":
        with pytest.raises(MalformedError):
            ring.find("registry.example", "x")
    else:
        assert ring.find("registry.example", "x") == (BasicCredential("user", "pass1"),)


@pytest.mark.parametrize("text", ["{", "1", "[1]", '"x"', '[{"auths":[]}]', "\ud800"])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        Keyring.parse(text)


def test_one_file_alone_is_a_keyring_and_nothing_is_an_empty_one() -> None:
    assert users(Keyring.parse(encode_json({"auths": {"registry.example": entry("one")}}).decode())) == ["one"]
    assert users(Keyring.parse("")) == users(Keyring.parse("{}")) == users(Keyring.parse("[]")) == []


def test_a_malformed_entry_concerns_who_needs_it() -> None:
    ring = keyring({"registry.example": {"auth": "!"}, "other.example": entry("other")})
    assert users(ring, "other.example") == ["other"]
    with pytest.raises(MalformedError):
        users(ring)


def test_more_than_any_pod_has_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        keyring(*({} for _ in range(MAX_DOCUMENTS + 1)))
    with pytest.raises(LimitExceeded):
        keyring({f"r{n}.example": {} for n in range(MAX_ENTRIES + 1)})


def test_no_secret_is_shown() -> None:
    ring = keyring({"registry.example": {"username": "user", "password": "hunter2"}})
    assert "hunter2" not in f"{ring!r} {ring.find('registry.example', 'x')!r}"
    with pytest.raises(MalformedError) as caught:
        keyring({"registry.example": {"auth": "hunter2!"}}).find("registry.example", "x")
    assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
