from typing import Any

import pytest

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.services.oidc.claims import MAX_AUDIENCES, MAX_TOKEN, looks_like_token, parse_claims
from tests.support.identity_tokens import NOW, claims, seal, token
from tests.support.tokens import encode_json


def test_all_claims_that_matter_are_read() -> None:
    found = parse_claims(token(nonce="once", federated_claims={"connector_id": "https://accounts.example"}))
    assert (found.issuer, found.subject, found.audience) == ("https://issuer.example", "subject", ("sigstore",))
    assert (found.email, found.email_verified, found.nonce) == ("ada@example.com", True, "once")
    assert (found.expires, found.issued, found.connector) == (NOW + 600, NOW, "https://accounts.example")


def test_claims_that_are_absent_are_empty() -> None:
    found = parse_claims(token(email=None, email_verified=None, iat=None, sub=None))
    assert (found.email, found.email_verified, found.issued) == ("", False, None)
    assert (found.subject, found.nonce, found.connector) == ("", "", "")


@pytest.mark.parametrize(("given", "expected"), [("true", True), ("True", True), ("false", False), (1, False)])
def test_a_verified_address_is_said_in_two_ways(given: Any, expected: bool) -> None:
    assert parse_claims(token(email_verified=given)).email_verified is expected


def test_several_audiences_are_read_and_times_may_have_fractions() -> None:
    found = parse_claims(token(aud=["a", "sigstore"], exp=NOW + 0.5))
    assert (found.audience, found.expires) == (("a", "sigstore"), NOW + 0.5)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": None},
        {"iss": 1},
        {"sub": 1},
        {"aud": None},
        {"aud": [1]},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": -1},
        {"iat": "then"},
        {"email": 1},
        {"federated_claims": "x"},
    ],
)
def test_a_claim_that_is_missing_or_of_another_type_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        parse_claims(token(**changes))


def payload() -> bytes:
    return encode_json(claims())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        token() + "=",
        token() + "\n",
        token()[:-1] + "é",
        "a" + token(),
        seal(payload(), b'{"alg":"none"}'),
        seal(payload(), b'{"alg":"NONE"}'),
        seal(payload(), b"{}"),
        seal(payload(), b"[]"),
        seal(b"[]"),
        seal(b"no JSON"),
        seal(payload()[:-1] + b',"iss":"https://another.example"}'),
        token().rpartition(".")[0] + ".",
    ],
)
def test_what_is_no_token_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_claims(text)
    assert len(text) < 40 or text not in f"{caught.value!r}{caught.value}"


def test_stray_bits_at_the_end_of_a_part_are_refused() -> None:
    header, body, _ = token().split(".")
    parse_claims(f"{header}.{body}.YQ")
    with pytest.raises(MalformedError):
        parse_claims(f"{header}.{body}.YR")
    with pytest.raises(MalformedError):
        parse_claims(f"{header}.{body}.Y")


def test_there_is_a_limit_for_length_and_audiences() -> None:
    with pytest.raises(LimitExceeded):
        parse_claims("a" * (MAX_TOKEN + 1))
    with pytest.raises(LimitExceeded):
        parse_claims(token(aud=["a"] * (MAX_AUDIENCES + 1)))


def test_a_token_is_told_from_a_file_name() -> None:
    assert looks_like_token(token())
    assert [name for name in ("token.txt", "a.b.c", "eyJ", "./eyJ.a.b", f"{token()}\n") if looks_like_token(name)] == []
