"""Where an issuer's keys are: URLs that are followed, and those that are not."""

import pytest

from ca_server.identity.discovery import IssuerEndpoint, find_document, find_key_set
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support.tokens import TokenIssuer

URL = "https://issuer.example.com"


@pytest.mark.parametrize(
    ("issuer", "document"),
    [
        ("https://issuer.example.com", "https://issuer.example.com/.well-known/openid-configuration"),
        ("https://issuer.example.com/", "https://issuer.example.com/.well-known/openid-configuration"),
        ("https://issuer.example.com/a/b", "https://issuer.example.com/a/b/.well-known/openid-configuration"),
        ("https://issuer.example.com/a//", "https://issuer.example.com/a//.well-known/openid-configuration"),
        ("https://issuer.example.com:8443", "https://issuer.example.com:8443/.well-known/openid-configuration"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/.well-known/openid-configuration"),
        ("http://localhost:8080/realms/x", "http://localhost:8080/realms/x/.well-known/openid-configuration"),
        ("http://[::1]:8080", "http://[::1]:8080/.well-known/openid-configuration"),
    ],
)
def test_the_document_is_below_the_issuer(issuer: str, document: str) -> None:
    assert str(find_document(issuer)) == document


@pytest.mark.parametrize(
    "issuer",
    [
        "http://issuer.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "http://169.254.169.254",
        "ftp://issuer.example.com",
        "file:///etc/passwd",
        "issuer.example.com",
        "https://",
        "https://user:password@issuer.example.com",
        "https://issuer.example.com/?tenant=a",
        "https://issuer.example.com?",
        "https://issuer.example.com/#a",
        "https://issuer.example.com/a b",
        "https://issuer.example.com/\r\nHost: other",
        "",
    ],
)
def test_an_issuer_is_a_url_of_https(issuer: str) -> None:
    with pytest.raises(MalformedError):
        find_document(issuer)


def test_a_url_has_a_length() -> None:
    with pytest.raises(LimitExceeded):
        find_document(f"https://issuer.example.com/{'x' * 20_000}")


@pytest.mark.parametrize("keys", [f"{URL}/keys", "https://keys.example.net:8443/a?b=c"])
def test_keys_may_be_on_another_host(keys: str) -> None:
    """As Google's are; the document that says so came from the issuer itself."""
    assert str(find_key_set(TokenIssuer(URL).discovery(jwks_uri=keys), URL)) == keys


def test_keys_of_a_local_issuer_may_come_without_tls() -> None:
    local = "http://127.0.0.1:8080"
    assert find_key_set(TokenIssuer(local).discovery(), local).origin.scheme == "http"
    with pytest.raises(MalformedError):
        find_key_set(TokenIssuer(local).discovery(jwks_uri="http://issuer.example.com/keys"), local)


@pytest.mark.parametrize(
    "keys",
    [
        None,
        "",
        1,
        [],
        "keys",
        "/keys",
        "http://issuer.example.com/keys",
        "http://127.0.0.1/keys",
        "http://localhost:8080/keys",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://user@issuer.example.com/keys",
    ],
)
def test_keys_come_by_tls(keys: object) -> None:
    """A document of an issuer elsewhere cannot make us ask our own machine, or anyone without TLS."""
    find_key_set(TokenIssuer(URL).discovery(), URL)
    with pytest.raises(MalformedError):
        find_key_set(TokenIssuer(URL).discovery(jwks_uri=keys), URL)


@pytest.mark.parametrize(
    "said",
    [
        None,
        1,
        "",
        f"{URL}/",
        URL.upper(),
        "https://Issuer.example.com",
        "https://issuer.example.com:443",
        "http://issuer.example.com",
        f"{URL}/other",
        [URL],
    ],
)
def test_a_document_is_that_of_the_issuer_exactly(said: object) -> None:
    with pytest.raises(MalformedError):
        find_key_set(TokenIssuer(URL).discovery(issuer=said), URL)


@pytest.mark.parametrize("document", [b"", b"<html>", b"[]", b'"text"', b'{"issuer":"https://issuer.example.com"'])
def test_a_document_is_a_json_object(document: bytes) -> None:
    with pytest.raises(MalformedError):
        find_key_set(document, URL)


def test_authorities_are_not_shown() -> None:
    assert "CERTIFICATE" not in repr(IssuerEndpoint(URL, b"-----BEGIN CERTIFICATE-----"))
