"""The table of issuers: the exact one first, wildcards after it, and nothing that only looks alike."""

import pytest

from ca_server.identity.claims import TokenRefused
from ca_server.identity.issuer import Issuer, IssuerType
from ca_server.identity.issuers import Issuers
from ca_server.identity.uris import MAX_URI


def issuer(url: str, audience: str = "sigstore") -> Issuer:
    return Issuer(url, IssuerType.EMAIL, audience, configured=url)


EXACT = issuer("https://a.example/team/one", "exact")
FIRST = issuer("https://*.example/team/*", "first")
SECOND = issuer("https://a.example/*/*", "second")
TABLE = Issuers([EXACT, FIRST, SECOND])


@pytest.mark.parametrize(
    ("iss", "audience"),
    [
        ("https://a.example/team/one", "exact"),
        ("https://a.example/team/two", "first"),
        ("https://b.example/team/one", "first"),
        ("https://a.example/x/y", "second"),
    ],
)
def test_an_issuer_is_found(iss: str, audience: str) -> None:
    found = TABLE.find(iss)
    assert (found.url, found.audience) == (iss, audience)


def test_what_was_configured_is_kept_beside_the_url_that_was_found() -> None:
    found = TABLE.find("https://b.example/team/x")
    assert (found.configured, found.is_wildcard) == ("https://*.example/team/*", True)
    assert not TABLE.find(EXACT.url).is_wildcard


@pytest.mark.parametrize(
    "iss",
    [
        "",
        "https://a.example/team/one/",
        "https://a.Example/team/one",
        "HTTPS://a.example/team/one",
        "http://a.example/team/one",
        " https://a.example/team/one",
        "https://a.example/team/one?",
        "https://a.example/team/*",
        "https://*.example/team/*",
        "https://evil.example.org/https://a.example/team/one",
        "https://b.example/team/" + "a" * MAX_URI,
    ],
)
def test_another_spelling_is_another_issuer(iss: str) -> None:
    with pytest.raises(TokenRefused):
        TABLE.find(iss)


def test_a_wildcard_without_a_star_does_not_come_before_the_issuer_of_that_url() -> None:
    assert Issuers([EXACT, issuer(EXACT.url, "later")]).find(EXACT.url).audience == "exact"


def test_it_is_a_sequence_in_the_order_of_the_file() -> None:
    assert list(TABLE) == [EXACT, FIRST, SECOND]
    assert (len(TABLE), TABLE[0], TABLE[1:]) == (3, EXACT, (FIRST, SECOND))
