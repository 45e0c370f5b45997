"""Tokens, each bad one a step away from a good one."""

import base64
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from jwt.algorithms import HMACAlgorithm

from ca_server.identity.claims import TokenRefused
from ca_server.identity.jwks import parse_jwks
from ca_server.identity.token import (
    MAX_TOKEN,
    NOT_BEFORE_LEEWAY,
    SignatureRefused,
    parse_token,
    verify_token,
)
from tests.support.tokens import AUDIENCE, EMAIL, NOW, TokenIssuer, TokenKey, b64url, encode_json

ISSUER: Final = TokenIssuer()
KEY: Final = ISSUER.keys[0]
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


def verify(text: str, issuer: TokenIssuer = ISSUER) -> dict[str, Any]:
    return dict(verify_token(parse_token(text), issuer.key_set().keys, AUDIENCE, NOW))


def refusal(text: str, issuer: TokenIssuer = ISSUER) -> str:
    """Return why a token is refused, having made sure that the reason tells nothing of the token."""
    with pytest.raises(TokenRefused) as caught:
        verify(text, issuer)
    told = f"{caught.value} {caught.value!r}"
    assert EMAIL not in told
    assert all(part not in told for part in text.split(".") if len(part) > 8)
    return caught.value.why


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_token_of_each_algorithm_verifies(algorithm: str) -> None:
    issuer = TokenIssuer(keys=[TokenKey.make(algorithm)])
    assert verify(issuer.token(), issuer) == issuer.claims()


def test_a_token_says_its_issuer_and_its_key_before_it_is_verified() -> None:
    token = parse_token(ISSUER.token())
    assert (token.issuer, token.header.key_id, token.header.algorithm.name) == (ISSUER.url, "key-1", "ES256")


def test_nothing_secret_is_in_the_picture_of_a_token() -> None:
    text = ISSUER.token()
    shown = repr(parse_token(text))
    assert EMAIL not in shown
    assert text.rpartition(".")[2] not in shown


# --- form


def with_part(text: str, place: int, change: Callable[[str], str]) -> str:
    parts = text.split(".")
    parts[place] = change(parts[place])
    return ".".join(parts)


def stray_bits(part: str) -> str:
    """Change bits of the last character that no octet is made of."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(part) % 4
    return part[:-1] + alphabet[alphabet.index(part[-1]) + 1]


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "",
        lambda _: ".",
        lambda _: "..",
        lambda _: "." * (MAX_TOKEN - 1),
        lambda text: text.rpartition(".")[0],
        lambda text: f"{text}.",
        lambda text: f".{text}",
        lambda text: f"{text}.{text}",
        lambda text: text.replace(".", ".."),
        lambda text: f" {text}",
        lambda text: f"{text}\n",
        lambda text: f"Bearer {text}",
        lambda text: with_part(text, 0, lambda part: f"{part}="),
        lambda text: with_part(text, 1, lambda part: f"{part}=="),
        lambda text: with_part(text, 2, lambda part: f"{part}=="),
        lambda text: with_part(text, 2, stray_bits),
        lambda text: with_part(text, 0, lambda part: f"{part[:4]}\n{part[4:]}"),
        lambda text: with_part(text, 1, lambda part: f"{part[:4]}*{part[4:]}"),
        lambda text: with_part(text, 1, lambda part: f"{part[:4]}\N{CYRILLIC SMALL LETTER A}{part[4:]}"),
        lambda text: with_part(text, 1, lambda part: f"{part[:4]}\0{part[4:]}"),
        lambda text: with_part(text, 2, lambda part: f"{part[:4]}\ud800{part[4:]}"),
        lambda text: with_part(text, 1, lambda part: base64.b64encode(base64.urlsafe_b64decode(part + "==")).decode()),
        lambda text: with_part(text, 0, lambda _: ""),
        lambda text: with_part(text, 1, lambda _: ""),
        lambda text: with_part(text, 2, lambda _: ""),
        lambda text: json.dumps({"payload": text.split(".")[1], "signatures": []}),
    ],
)
def test_what_is_not_a_compact_jws_is_refused(change: Callable[[str], str]) -> None:
    good = ISSUER.token(filler="??>>~~")
    verify(good)
    assert refusal(change(good))


@pytest.mark.parametrize("text", ["a.b", "a.b.c.d", "." * MAX_TOKEN])
def test_dots_are_counted_before_anything_is_read(text: str) -> None:
    assert refusal(text) == "not three parts with dots between them"


def test_a_token_has_a_size() -> None:
    spare = MAX_TOKEN - len(ISSUER.token(filler=""))
    assert verify(ISSUER.token(filler="x" * (spare * 3 // 4 - 3)))
    assert refusal(ISSUER.token(filler="x" * (spare * 3 // 4 + 3))) == f"longer than {MAX_TOKEN} characters"


PAYLOAD: Final = encode_json(ISSUER.claims())


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        PAYLOAD + b"x",
        PAYLOAD.replace(b'"sub"', b'"iss":"https://other.example.com","sub"'),
        PAYLOAD.replace(b'"sub"', b'"sub":"bob","sub"'),
        PAYLOAD.replace(b"{", b'{"deep":' + b"[" * 70 + b"]" * 70 + b",", 1),
        PAYLOAD.replace(b"{", b'{"deep":' + b"[" * 20_000 + b"]" * 20_000 + b",", 1),
        PAYLOAD.replace(b"{", b'{"long":' + b"9" * 5000 + b",", 1),
        PAYLOAD.replace(b"{", b'{"not":NaN,', 1),
        PAYLOAD.replace(b"{", b'{"half":"\\ud800",', 1),
        PAYLOAD.replace(b"alice", b"\xff", 1),
        PAYLOAD.replace(b"alice", b"\x01", 1),
        PAYLOAD.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + PAYLOAD,
    ],
)
def test_a_payload_is_one_object_of_strict_json(payload: bytes) -> None:
    verify(KEY.seal(PAYLOAD))
    assert refusal(KEY.seal(payload)).startswith("its payload is not ")


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"{",
        b'{"alg":"ES256","kid":"key-1","kid":"key-1"}',
        b'{"alg":"none","alg":"ES256","kid":"key-1"}',
        b'{"alg":"ES256","kid":"\xff"}',
    ],
)
def test_a_header_is_one_object_of_strict_json(header: bytes) -> None:
    verify(KEY.seal_raw(b'{"alg":"ES256","kid":"key-1"}', PAYLOAD))
    assert refusal(KEY.seal_raw(header, PAYLOAD)).startswith("its header is not ")


# --- header


@pytest.mark.parametrize(
    "name",
    ["none", "None", "NONE", "HS256", "HS384", "HS512", "es256", "ES256K", "ES521", "", 1, ["ES256"], True, None],
)
def test_an_algorithm_that_is_not_accepted_is_refused(name: object) -> None:
    assert refusal(KEY.seal(PAYLOAD, alg=name)) == "its alg is none that is accepted"


def test_an_unsigned_token_is_refused() -> None:
    header = b64url(encode_json({"alg": "none"}))
    assert refusal(f"{header}.{b64url(PAYLOAD)}.") == "its alg is none that is accepted"


@pytest.mark.parametrize("form", ["pem", "jwk", "raw"])
def test_a_public_key_is_no_secret(form: str) -> None:
    """Nobody can use an RSA key as the secret of HS256 (RFC 8725 section 2.1)."""
    key = TokenKey.make("RS256")
    issuer = TokenIssuer(keys=[key])
    numbers = key.handle.public_key().public_numbers()
    secret = {
        "pem": public_pem(key),
        "jwk": encode_json(key.jwk()),
        "raw": numbers.n.to_bytes(256, "big"),
    }[form]
    message = f"{b64url(encode_json({'alg': 'HS256', 'kid': key.key_id}))}.{b64url(encode_json(issuer.claims()))}"
    mac = HMACAlgorithm(HMACAlgorithm.SHA256).sign(message.encode(), secret)
    assert refusal(f"{message}.{b64url(mac)}", issuer) == "its alg is none that is accepted"


def public_pem(key: TokenKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem: bytes = key.handle.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


@pytest.mark.parametrize(
    ("signer", "claimed"),
    [
        ("ES256", "ES384"),
        ("ES256", "RS256"),
        ("RS256", "ES256"),
        ("RS256", "EdDSA"),
        ("EdDSA", "ES256"),
        ("ES384", "ES256"),
    ],
)
def test_an_algorithm_is_for_one_kind_of_key(signer: str, claimed: str) -> None:
    key = TokenKey.make(signer)
    issuer = TokenIssuer(keys=[key])
    verify(issuer.token(), issuer)
    why = refusal(key.seal(encode_json(issuer.claims()), alg=claimed), issuer)
    assert why == f"the issuer's key is not one for {claimed}"


@pytest.mark.parametrize(("signer", "claimed"), [("RS256", "RS512"), ("RS256", "PS256"), ("PS256", "RS256")])
def test_a_key_with_an_algorithm_is_for_no_other(signer: str, claimed: str) -> None:
    key = TokenKey.make(signer)
    payload = encode_json(ISSUER.claims())
    header = {"alg": claimed, "kid": key.key_id}
    message = f"{b64url(encode_json(header))}.{b64url(payload)}"
    text = f"{message}.{b64url(key.sign(message.encode(), claimed))}"
    free = parse_jwks(encode_json({"keys": [key.jwk(alg=None)]})).keys
    bound = parse_jwks(encode_json({"keys": [key.jwk()]})).keys
    assert verify_token(parse_token(text), free, AUDIENCE, NOW)
    with pytest.raises(SignatureRefused):
        verify_token(parse_token(text), bound, AUDIENCE, NOW)


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "x5c", "x5t", "typ", "cty", "private"])
def test_other_header_members_are_not_looked_at(member: str) -> None:
    assert verify(KEY.seal(PAYLOAD, **{member: "https://attacker.example.com/keys"}))


@pytest.mark.parametrize(
    ("member", "content"), [("jwk", "jwk"), ("jku", "https://attacker.example.com/keys"), ("x5c", ["MAA="])]
)
def test_a_key_that_a_token_brings_along_verifies_nothing(member: str, content: object) -> None:
    attacker = TokenKey.make("ES256", "attacker")
    told = attacker.jwk() if content == "jwk" else content
    text = attacker.seal(PAYLOAD, kid=KEY.key_id, **{member: told})
    assert refusal(text) == "its signature was not made by the issuer's key"


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"crit": []}, {"b64": False}, {"crit": ["b64"], "b64": True}])
def test_a_header_that_changes_how_to_read_is_refused(header: dict[str, Any]) -> None:
    assert refusal(KEY.seal(PAYLOAD, **header)).startswith("its header has ")


@pytest.mark.parametrize("key_id", [1, True, ["key-1"], {"kid": "key-1"}])
def test_a_key_id_is_a_text(key_id: object) -> None:
    assert refusal(KEY.seal(PAYLOAD, kid=key_id)) == "its kid is not a text"


# --- signature


def test_the_key_id_chooses_the_key() -> None:
    issuer = TokenIssuer(keys=[TokenKey.make("ES256", "other"), KEY, TokenKey.make("RS256", "third")])
    assert verify(KEY.seal(PAYLOAD), issuer)
    assert refusal(KEY.seal(PAYLOAD, kid="other"), issuer) == "its signature was not made by the issuer's key"
    assert refusal(KEY.seal(PAYLOAD, kid="third"), issuer) == "the issuer's key is not one for ES256"
    assert refusal(KEY.seal(PAYLOAD, kid="fourth"), issuer) == "the issuer has no key with its key id"


@pytest.mark.parametrize("key_id", [None, ""])
def test_without_a_key_id_all_keys_are_tried(key_id: str | None) -> None:
    issuer = TokenIssuer(keys=[TokenKey.make("RS256", "first"), TokenKey.make("ES256", "other"), KEY])
    assert verify(KEY.seal(PAYLOAD, kid=key_id), issuer)


def test_keys_may_share_a_key_id() -> None:
    issuer = TokenIssuer(keys=[TokenKey("key-1", "ES256", TokenKey.make("ES256", "other").handle), KEY])
    assert verify(KEY.seal(PAYLOAD), issuer)


def test_an_issuer_without_keys_signs_nothing() -> None:
    with pytest.raises(SignatureRefused):
        verify_token(parse_token(ISSUER.token()), (), AUDIENCE, NOW)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "change",
    [
        lambda signature: signature[:-1] + bytes([signature[-1] ^ 1]),
        lambda signature: bytes([signature[0] ^ 0x80]) + signature[1:],
        lambda signature: signature[:-1],
        lambda signature: signature + b"\0",
        lambda signature: b"\0" + signature,
        lambda signature: bytes(len(signature)),
        lambda signature: b"\xff" * len(signature),
        lambda _: b"\x01",
        lambda signature: signature * 2,
    ],
)
def test_a_signature_with_one_change_is_refused(algorithm: str, change: Callable[[bytes], bytes]) -> None:
    issuer = TokenIssuer(keys=[TokenKey.make(algorithm)])
    text = issuer.token()
    signature = base64.urlsafe_b64decode(text.rpartition(".")[2] + "==")
    broken = f"{text.rpartition('.')[0]}.{b64url(change(signature))}"
    assert refusal(broken, issuer) == "its signature was not made by the issuer's key"


def test_a_der_signature_is_not_one_of_jws() -> None:
    from jwt.utils import raw_to_der_signature

    text = ISSUER.token()
    raw = base64.urlsafe_b64decode(text.rpartition(".")[2] + "==")
    der = raw_to_der_signature(raw, KEY.handle.curve)
    assert refusal(f"{text.rpartition('.')[0]}.{b64url(der)}") == "its signature was not made by the issuer's key"


def test_a_payload_with_one_change_is_refused() -> None:
    header, _, signature = ISSUER.token().split(".")
    forged = encode_json(ISSUER.claims(email="mallory@example.com"))
    assert refusal(f"{header}.{b64url(forged)}.{signature}") == "its signature was not made by the issuer's key"


def test_the_signature_comes_before_what_the_claims_say() -> None:
    attacker = TokenKey.make("ES256", "attacker")
    text = attacker.seal(encode_json(ISSUER.claims(exp=1, aud="other")), kid=KEY.key_id)
    assert refusal(text) == "its signature was not made by the issuer's key"


# --- claims


@pytest.mark.parametrize("issuer", [None, 1, ["https://issuer.example.com"], True])
def test_a_token_has_an_issuer(issuer: object) -> None:
    assert refusal(ISSUER.token(iss=issuer)) == "its iss is missing or not a text"


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE], ["other", AUDIENCE], [AUDIENCE, ""]])
def test_an_audience_is_ours_alone_or_among_others(audience: object) -> None:
    assert verify(ISSUER.token(aud=audience))


@pytest.mark.parametrize(
    "audience", ["", "other", "Sigstore", "sigstore ", "sigstore,other", [], ["other"], [[]], [[AUDIENCE]]]
)
def test_another_audience_is_refused(audience: object) -> None:
    assert "aud" in refusal(ISSUER.token(aud=audience))


@pytest.mark.parametrize("audience", [None, 1, {"sigstore": 1}, True, [AUDIENCE, 1], [None], [[AUDIENCE]]])
def test_an_audience_is_a_text_or_a_list_of_them(audience: object) -> None:
    assert refusal(ISSUER.token(aud=audience)) == "its aud is missing, or neither a text nor a list of texts"


@pytest.mark.parametrize("expiry", [NOW + 0.001, int(NOW) + 1, 1e300, 2**63, 10**100])
def test_a_token_is_valid_until_it_expires(expiry: float) -> None:
    assert verify(ISSUER.token(exp=expiry))


@pytest.mark.parametrize("expiry", [NOW, int(NOW), NOW - 0.001, int(NOW) - 1, 0, -1, -1e300])
def test_an_expired_token_is_refused_at_once(expiry: float) -> None:
    assert refusal(ISSUER.token(exp=expiry)) == "it has expired"


def test_a_token_expires() -> None:
    assert refusal(ISSUER.token(exp=None)) == "it has no exp"


@pytest.mark.parametrize("begin", [0, int(NOW), int(NOW) + NOT_BEFORE_LEEWAY, NOW - 1e9])
def test_a_token_may_begin_a_little_later(begin: float) -> None:
    assert verify(ISSUER.token(nbf=begin))


@pytest.mark.parametrize("begin", [int(NOW) + NOT_BEFORE_LEEWAY + 1, NOW + NOT_BEFORE_LEEWAY + 0.5, 1e300])
def test_a_token_that_is_not_valid_yet_is_refused(begin: float) -> None:
    assert refusal(ISSUER.token(nbf=begin)) == "it is not valid yet"


@pytest.mark.parametrize("made", [None, 0, int(NOW) + 10**6, 1.5])
def test_when_a_token_was_made_does_not_matter(made: float | None) -> None:
    assert verify(ISSUER.token(iat=made))


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("moment", ["1750000600", True, [], {}])
def test_a_time_is_a_number(name: str, moment: object) -> None:
    assert refusal(ISSUER.token(**{name: moment})) == f"its {name} is not a number"


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_a_time_that_is_null_is_not_absent(name: str) -> None:
    payload = encode_json(ISSUER.claims(**{name: 1}) | {name: None})
    assert refusal(KEY.seal(payload)) == f"its {name} is not a number"


def test_control_characters_in_claims_are_the_business_of_those_who_use_them() -> None:
    assert verify(ISSUER.token(sub="a\n\0b"))["sub"] == "a\n\0b"


def test_what_a_token_refers_to_is_not_fetched() -> None:
    """Distributed claims (OIDC Core section 5.6.2) stay what they are."""
    sources = {
        "_claim_names": {"email": "src"},
        "_claim_sources": {"src": {"endpoint": "https://attacker.example.com"}},
    }
    assert verify(ISSUER.token(**sources))["_claim_sources"] == sources["_claim_sources"]
