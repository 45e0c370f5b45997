"""Whatever comes as a token, as keys or as a discovery document is refused properly, and nothing but a token is one."""

import base64
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ca_server.identity.claims import TokenRefused
from ca_server.identity.discovery import find_document, find_key_set
from ca_server.identity.jose import decode_b64url
from ca_server.identity.jwks import JwkSet, parse_jwks
from ca_server.identity.token import MAX_TOKEN, parse_token, verify_token
from cosignpy.errors import MalformedError
from tests.support.tokens import AUDIENCE, NOW, TokenIssuer, TokenKey, b64url, encode_json

ISSUERS: Final = {name: TokenIssuer(keys=[TokenKey.make(name)]) for name in ("ES256", "RS256", "EdDSA")}
KEYS: Final = {name: issuer.key_set().keys for name, issuer in ISSUERS.items()}
TOKENS: Final = {name: issuer.token() for name, issuer in ISSUERS.items()}
ES256: Final = ISSUERS["ES256"]
MEMBERS: Final = ("alg", "kid", "crit", "b64", "jwk", "jku", "x5c", "typ", "iss", "aud", "exp", "nbf", "iat", "sub")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
members = st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=8), values, max_size=8)


def attempt(text: str, name: str = "ES256") -> bool:
    """Verify a text; TokenRefused is the only way it may fail."""
    try:
        verify_token(parse_token(text), KEYS[name], AUDIENCE, NOW)
    except TokenRefused:
        return False
    return True


@given(st.text(st.characters(), max_size=300))
@example("." * MAX_TOKEN)
@example("..")
@example("\ud800.\ud800.\ud800")
def test_a_text_is_no_token(text: str) -> None:
    assert not attempt(text)


@given(header=st.binary(max_size=100), payload=st.binary(max_size=100), signature=st.binary(max_size=100))
def test_three_parts_are_no_token(header: bytes, payload: bytes, signature: bytes) -> None:
    assert not attempt(f"{b64url(header)}.{b64url(payload)}.{b64url(signature)}")


@given(header=members, payload=members)
def test_whatever_is_signed_is_refused_or_good(header: dict[str, Any], payload: dict[str, Any]) -> None:
    """What an issuer signs is no less from outside than what an attacker sends."""
    attempt(ES256.keys[0].seal_raw(encode_json(header), encode_json(payload)))
    attempt(ES256.keys[0].seal(encode_json(payload)))
    attempt(ES256.keys[0].seal(encode_json(ES256.claims() | payload), **header))


@given(raw=st.binary(max_size=200))
def test_whatever_is_signed_as_bytes_is_refused(raw: bytes) -> None:
    assert not attempt(ES256.keys[0].seal(raw))
    assert not attempt(ES256.keys[0].seal_raw(raw, encode_json(ES256.claims())))


@pytest.mark.parametrize("name", ISSUERS)
@given(data=st.data())
def test_no_neighbour_of_a_token_is_one(name: str, data: st.DataObject) -> None:
    """A token has one spelling, and each character of it counts."""
    text = TOKENS[name]
    assert attempt(text, name)
    place = data.draw(st.integers(0, len(text) - 1))
    replaced = data.draw(st.characters() | st.sampled_from("ABab01-_.=+/ \n"))
    changed = data.draw(st.sampled_from([text[:place] + text[place + 1 :], text[:place] + replaced + text[place:]]))
    assert not attempt(changed, name)
    if replaced != text[place]:
        assert not attempt(text[:place] + replaced + text[place + 1 :], name)


@given(moment=st.floats(allow_nan=False), expiry=st.floats(allow_nan=False, allow_infinity=False))
def test_a_token_is_valid_exactly_until_it_expires(moment: float, expiry: float) -> None:
    token = parse_token(ES256.token(exp=expiry))
    try:
        verify_token(token, KEYS["ES256"], AUDIENCE, moment)
    except TokenRefused:
        assert moment >= expiry
    else:
        assert moment < expiry


# --- base64url


@given(st.binary(max_size=200))
def test_base64url_has_one_spelling(raw: bytes) -> None:
    text = b64url(raw)
    assert decode_b64url(text, what="part") == raw


@given(st.text(max_size=40) | st.text("AQgw-_=+/", max_size=12))
def test_what_is_read_as_base64url_is_written_so(text: str) -> None:
    try:
        raw = decode_b64url(text, what="part")
    except MalformedError:
        return
    assert base64.urlsafe_b64encode(raw).decode().rstrip("=") == text


# --- keys


def attempt_keys(raw: bytes) -> JwkSet | None:
    """Parse a set; MalformedError is the only way it may fail, and each key is used or has a reason."""
    try:
        return parse_jwks(raw)
    except MalformedError:
        return None


@given(st.binary(max_size=300))
def test_bytes_are_no_keys(raw: bytes) -> None:
    assert attempt_keys(raw) is None


JWKS: Final = [TokenKey.make(name).jwk(alg=None) for name in ("RS256", "ES256", "ES384", "ES512", "EdDSA")]
NAMES: Final = ("kty", "crv", "x", "y", "n", "e", "d", "kid", "alg", "use", "key_ops")
numbers = st.binary(max_size=600).map(b64url)


@given(jwk=st.sampled_from(JWKS), changes=st.dictionaries(st.sampled_from(NAMES), values | numbers, max_size=3))
def test_a_changed_key_takes_no_other_with_it(jwk: dict[str, Any], changes: dict[str, Any]) -> None:
    found = attempt_keys(encode_json({"keys": [jwk | changes, *JWKS]}).replace(b"NaN", b"0").replace(b"Infinity", b"1"))
    if found is not None:
        assert len(found.keys) + len(found.passed_over) == len(JWKS) + 1
        assert len(found.keys) >= len(JWKS)


@given(keys=st.lists(values | members, max_size=5), more=members)
def test_whatever_keys_are_is_no_accident(keys: list[Any], more: dict[str, Any]) -> None:
    attempt_keys(encode_json({**more, "keys": keys}))


# --- discovery


@given(st.text(st.characters(), max_size=60) | st.text("https:/.?#@[]:0a", max_size=30).map("https://{}".format))
def test_whatever_an_issuer_is_leads_to_tls_or_nowhere(issuer: str) -> None:
    try:
        url = find_document(issuer)
    except MalformedError:
        return
    assert url.origin.scheme == "https" or url.origin.is_loopback
    assert url.target.endswith("/.well-known/openid-configuration")
    assert issuer.lower().startswith(f"{url.origin.scheme}://")


@given(raw=st.binary(max_size=100), document=members, keys=values)
def test_whatever_a_document_says_leads_to_tls_or_nowhere(raw: bytes, document: dict[str, Any], keys: object) -> None:
    for content in (raw, encode_json(document), encode_json({"issuer": ES256.url, **document, "jwks_uri": keys})):
        try:
            url = find_key_set(content, ES256.url)
        except MalformedError:
            continue
        assert url.origin.scheme == "https"
