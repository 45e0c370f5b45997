from datetime import UTC, datetime
from typing import Any

import pytest

from cosignpy.errors import IdentityUnusable
from cosignpy.services.oidc.token import CLOCK_SKEW, IdentityToken, tell_duration
from tests.support.identity_tokens import NOW, machine_token, token


def parse(text: str | None = None) -> IdentityToken:
    return IdentityToken.parse(text or token(), "test")


def test_a_token_says_who_it_is_about() -> None:
    found = parse(f"  {token()}\n")
    assert (found.identity.name, found.identity.issuer) == ("ada@example.com", "https://issuer.example")
    assert (found.raw, found.source) == (token(), "test")
    found.check("sigstore", NOW)
    assert found.expires == datetime.fromtimestamp(NOW + 600, UTC)


def test_its_text_is_in_no_representation() -> None:
    found = parse()
    assert [part for part in found.raw.split(".") if part in f"{found!r}{found}"] == []


def test_what_is_no_token_is_no_identity() -> None:
    with pytest.raises(IdentityUnusable) as caught:
        IdentityToken.parse(token(iss=None), "a file")
    assert caught.value.source == "a file"


def test_a_token_about_nobody_is_no_identity() -> None:
    with pytest.raises(IdentityUnusable):
        parse(machine_token(sub=None))


def test_an_address_that_nobody_verified_is_refused() -> None:
    with pytest.raises(IdentityUnusable) as caught:
        parse(token(email_verified=False))
    assert "ada@example.com" in caught.value.why


@pytest.mark.parametrize("audience", ["another", ["another", "third"], []])
def test_a_token_for_somebody_else_is_refused(audience: Any) -> None:
    with pytest.raises(IdentityUnusable) as caught:
        parse(token(aud=audience)).check("sigstore", NOW)
    assert "not for 'sigstore'" in caught.value.why
    assert "--oidc-audience" in str(caught.value.hint)


def test_a_token_for_several_is_for_each() -> None:
    parse(token(aud=["another", "sigstore"])).check("sigstore", NOW)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 seconds ago"), (1, "1 second ago"), (185, "3 minutes ago"), (7200, "2 hours ago")]
)
def test_an_expired_token_says_since_when_and_doubts_the_clock(seconds: int, told: str) -> None:
    with pytest.raises(IdentityUnusable) as caught:
        parse(token(exp=NOW)).check("sigstore", NOW + seconds)
    assert caught.value.why == f"the token expired {told}"
    assert "clock" in str(caught.value.hint)


def test_a_token_may_be_a_little_ahead_of_our_clock_and_no_more() -> None:
    parse().check("sigstore", NOW - CLOCK_SKEW)
    with pytest.raises(IdentityUnusable) as caught:
        parse().check("sigstore", NOW - CLOCK_SKEW - 1)
    assert caught.value.why == "the token was issued 1 minute from now"
    parse(token(iat=None)).check("sigstore", NOW - 10_000)


def test_a_token_that_never_expires_has_a_last_day_all_the_same() -> None:
    assert parse(token(exp=2**62)).expires.year == 9999


def test_a_duration_is_told_in_its_largest_unit() -> None:
    assert [tell_duration(seconds) for seconds in (59, 60, 3599, 3600)] == [
        "59 seconds", "1 minute", "59 minutes", "1 hour",
    ]  # fmt: skip
