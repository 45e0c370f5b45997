"""SPIFFE ids and trust domains."""

import pytest

from ca_server.identity.spiffe import (
    MAX_ID,
    MAX_TRUST_DOMAIN,
    SpiffeId,
    parse_spiffe_id,
    parse_trust_domain,
)
from cosignpy.errors import LimitExceeded, MalformedError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("spiffe://td", SpiffeId("td", ())),
        ("spiffe://a-b_c.d9/X/y.Z_1-2", SpiffeId("a-b_c.d9", ("X", "y.Z_1-2"))),
    ],
)
def test_an_id_is_parsed(text: str, found: SpiffeId) -> None:
    assert parse_spiffe_id(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "td",
        "SPIFFE://td",
        "spiffe://",
        "spiffe:///a",
        "spiffe://TD/a",
        "spiffe://td/",
        "spiffe://td//a",
        "spiffe://td/./a",
        "spiffe://td/..",
        "spiffe://td/a b",
        "spiffe://td/a%20",
        "spiffe://td:1/a",
        "spiffe://u@td/a",
        "spiffe://td/\u00e9",
        "spiffe://td/a\n",
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_spiffe_id(text)


def test_limits() -> None:
    parse_trust_domain("a" * MAX_TRUST_DOMAIN)
    with pytest.raises(MalformedError):
        parse_trust_domain("a" * (MAX_TRUST_DOMAIN + 1))
    with pytest.raises(LimitExceeded):
        parse_spiffe_id("spiffe://td/" + "a" * MAX_ID)


def test_a_trust_domain_is_given_by_name_or_by_an_id() -> None:
    assert parse_trust_domain("td.example") == parse_trust_domain("spiffe://td.example/a") == "td.example"
    for text in ("", "TD", "https://td"):
        with pytest.raises(MalformedError):
            parse_trust_domain(text)
