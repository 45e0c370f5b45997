from typing import NoReturn

import pytest

from cosignpy.core.keys.encrypted_pem import seal_pkcs8
from cosignpy.core.keys.signatures import verify_signature
from cosignpy.errors import KeyUnusable, LimitExceeded, MalformedError, UsageError, WrongPassword
from cosignpy.keystore.backend import KeyPorts, KeyReference
from cosignpy.keystore.reference import BACKENDS, load_public_key, load_signer, parse_reference
from tests.support.keys import key_vectors

VECTOR = key_vectors()["P-256"]
SEALED = seal_pkcs8(VECTOR.private_key().encode_pkcs8(), b"pw", salt=bytes(range(32)), nonce=bytes(range(24))).encode()


def ask_nobody() -> NoReturn:
    message = "there is nothing to open"
    raise AssertionError(message)


def environment(**variables: bytes) -> KeyPorts:
    return KeyPorts(environment={name: value.decode() for name, value in variables.items()})


def served(content: bytes) -> KeyPorts:
    return KeyPorts(fetch=lambda _: content)


@pytest.mark.parametrize(
    ("text", "scheme", "location"),
    [
        ("cosign.key", "", "cosign.key"),
        ("/keys/a b.key", "", "/keys/a b.key"),
        ("a:b", "", "a:b"),
        ("env://KEY", "env", "KEY"),
        ("ENV://Key", "env", "Key"),
        ("https://example.com/cosign.pub", "https", "example.com/cosign.pub"),
    ],
)
def test_a_reference_is_a_path_or_has_a_known_scheme(text: str, scheme: str, location: str) -> None:
    assert parse_reference(text) == KeyReference(scheme, location, text)


@pytest.mark.parametrize("text", ["", "awskms:///alias/x", "k8s://ns/secret", "file:///cosign.key"])
def test_another_scheme_is_refused_with_a_list_of_those_that_are_known(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference(text)
    assert all(backend.example in (caught.value.hint or "") for backend in BACKENDS.values())


def test_both_halves_are_loaded_from_the_environment() -> None:
    ports = environment(PRIVATE=SEALED, PUBLIC=VECTOR.public)
    key = load_public_key("env://PUBLIC", ports)
    signer = load_signer("env://PRIVATE", lambda: b"pw", ports)
    assert signer.public_key == key
    verify_signature(key, signer.sign(b"message"), b"message")


def test_a_wrong_password_names_the_reference() -> None:
    with pytest.raises(WrongPassword) as caught:
        load_signer("env://PRIVATE", lambda: b"wp", environment(PRIVATE=SEALED))
    assert caught.value.source == "env://PRIVATE"


@pytest.mark.parametrize("text", ["env://", "env://ABSENT"])
def test_a_variable_that_is_not_there_is_a_usage_error(text: str) -> None:
    for load in (lambda: load_public_key(text, environment()), lambda: load_signer(text, ask_nobody, environment())):
        with pytest.raises(UsageError):
            load()


def test_an_empty_variable_is_no_key() -> None:
    with pytest.raises(MalformedError) as caught:
        load_public_key("env://EMPTY", environment(EMPTY=b""))
    assert (caught.value.what, caught.value.why) == ("env://EMPTY", "empty")


def test_the_private_half_is_refused_where_the_public_one_is_needed_and_the_other_way_round() -> None:
    with pytest.raises(KeyUnusable) as caught:
        load_public_key("env://KEY", environment(KEY=SEALED))
    assert "cosignpy public-key" in (caught.value.hint or "")
    with pytest.raises(KeyUnusable):
        load_signer("env://KEY", ask_nobody, environment(KEY=VECTOR.public))


@pytest.mark.parametrize("text", ["https://example.com/cosign.pub", "http://127.0.0.1:8000/cosign.pub"])
def test_a_public_key_is_loaded_from_the_web(text: str) -> None:
    assert load_public_key(text, served(VECTOR.public)) == VECTOR.public_key()


@pytest.mark.parametrize("text", ["http://example.com/cosign.pub", "http://127.0.0.1.example.com/cosign.pub"])
def test_plain_http_is_for_this_machine_only(text: str) -> None:
    with pytest.raises(UsageError):
        load_public_key(text, served(VECTOR.public))


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(MalformedError):
        load_public_key("https://", served(VECTOR.public))


def test_an_error_about_a_fetched_key_shows_no_secret_of_its_url() -> None:
    with pytest.raises(MalformedError) as caught:
        load_public_key("https://example.com/cosign.pub?token=hunter2", served(b"<html>"))
    assert "hunter2" not in str(caught.value)


def test_a_fetched_key_has_a_limit() -> None:
    with pytest.raises(LimitExceeded):
        load_public_key("https://example.com/cosign.pub", served(VECTOR.public.ljust(70_000)))


@pytest.mark.parametrize("text", ["https://example.com/cosign.key", "http://127.0.0.1/cosign.key"])
def test_private_keys_do_not_travel(text: str) -> None:
    with pytest.raises(UsageError):
        load_signer(text, ask_nobody, served(SEALED))
