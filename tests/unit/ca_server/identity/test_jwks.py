"""JWK sets: every good key is taken, and no bad one takes a good one with it."""

from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ca_server.identity.jose import KeyKind
from ca_server.identity.jwks import MAX_JWKS, MAX_KEYS, MAX_RSA, MIN_EXPONENT, MIN_RSA, parse_jwks
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support.tokens import TokenKey, b64url, encode_json

GOOD: Final = TokenKey.make("ES256", "good").jwk()


def octets(number: int) -> str:
    return b64url(number.to_bytes((number.bit_length() + 7) // 8))


def jwk(algorithm: str, **changes: Any) -> dict[str, Any]:
    return TokenKey.make(algorithm).jwk(**changes)


def passed_over(*keys: Any) -> str:
    """Return why the keys of a set are not used beside a good one; each of them is passed over."""
    found = parse_jwks(encode_json({"keys": [*keys, GOOD]}))
    assert [key.key_id for key in found.keys] == ["good"]
    assert len(found.passed_over) == len(keys)
    return found.passed_over[0].partition(": ")[2]


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [
        ("RS256", KeyKind.RSA),
        ("PS512", KeyKind.RSA),
        ("ES256", KeyKind.P256),
        ("ES384", KeyKind.P384),
        ("ES512", KeyKind.P521),
        ("EdDSA", KeyKind.ED25519),
    ],
)
def test_a_key_of_each_kind_is_taken(algorithm: str, kind: KeyKind) -> None:
    (key,) = parse_jwks(encode_json({"keys": [jwk(algorithm)]})).keys
    assert (key.key_id, key.kind, key.algorithm) == ("key-1", kind, algorithm)
    assert key.handle == TokenKey.make(algorithm).handle.public_key()


@pytest.mark.parametrize(
    "changes",
    [
        {"use": None},
        {"use": "sig"},
        {"key_ops": ["verify"]},
        {"key_ops": ["sign", "verify"], "use": None},
        {"alg": None},
        {"kid": None},
        {"x5c": ["not looked at"], "x5t": 1, "x5u": "https://elsewhere.example.com", "issuer": "other"},
    ],
)
def test_a_key_for_signatures_is_taken(changes: dict[str, Any]) -> None:
    assert len(parse_jwks(encode_json({"keys": [jwk("ES256", **changes)], "more": 1})).keys) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"use": "enc"}, "not for signatures"),
        ({"use": ""}, "not for signatures"),
        ({"use": 1}, "use: expected a string"),
        ({"key_ops": ["sign"]}, "not for verifying"),
        ({"key_ops": []}, "not for verifying"),
        ({"key_ops": "verify"}, "key_ops: expected an array"),
        ({"d": "AQAB"}, "a private key, which is public now"),
        ({"alg": "RS256"}, "its alg is none for a key of its kind"),
        ({"alg": "ES384"}, "its alg is none for a key of its kind"),
        ({"alg": "ES256K"}, "its alg is none for a key of its kind"),
        ({"alg": "HS256"}, "its alg is none for a key of its kind"),
        ({"alg": 1}, "alg: expected a string"),
        ({"kid": 1}, "kid: expected a string"),
        ({"kty": None}, "kty: missing"),
        ({"kty": "oct", "k": "AQAB"}, "of an unknown type"),
        ({"kty": "ec"}, "of an unknown type"),
        ({"kty": "AKP"}, "of an unknown type"),
        ({"crv": "P-384"}, "its coordinates have not the size of its curve"),
        ({"crv": "P-224"}, "on an unknown curve"),
        ({"crv": "secp256k1"}, "on an unknown curve"),
        ({"crv": None}, "crv: missing"),
        ({"x": None}, "x: missing"),
        ({"y": None}, "y: missing"),
        ({"x": 1}, "x: expected a string"),
        ({"x": "AQAB"}, "its coordinates have not the size of its curve"),
        ({"x": b64url(bytes(33))}, "its coordinates have not the size of its curve"),
        ({"x": b64url(bytes(32))}, "its numbers are not a key"),
        ({"y": b64url(b"\xff" * 32)}, "its numbers are not a key"),
        ({"x": GOOD["x"] + "="}, "non-canonical base64url"),
        ({"x": GOOD["y"], "y": GOOD["x"]}, "its numbers are not a key"),
    ],
)
def test_a_curve_key_with_one_change_is_passed_over(changes: dict[str, Any], why: str) -> None:
    assert passed_over(jwk("ES256", **changes)) == why


def test_a_point_on_another_curve_is_passed_over() -> None:
    numbers = ec.generate_private_key(ec.SECP256K1()).public_key().public_numbers()
    point = {"x": b64url(numbers.x.to_bytes(32)), "y": b64url(numbers.y.to_bytes(32))}
    assert passed_over(jwk("ES256", **point)) == "its numbers are not a key"


MODULUS: Final = TokenKey.make("RS256").handle.public_key().public_numbers().n


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"n": octets(MODULUS >> 1)}, f"RSA of {MIN_RSA - 1} bits"),
        ({"n": octets((1 << 1024) - 1)}, "RSA of 1024 bits"),
        ({"n": octets(1 << MAX_RSA | 1)}, f"RSA of {MAX_RSA + 1} bits"),
        ({"n": ""}, "RSA of 0 bits"),
        ({"n": None}, "n: missing"),
        ({"e": None}, "e: missing"),
        ({"e": octets(3)}, "RSA with an exponent that is too small or too large"),
        ({"e": octets(1)}, "RSA with an exponent that is too small or too large"),
        ({"e": octets(MIN_EXPONENT - 2)}, "RSA with an exponent that is too small or too large"),
        ({"e": octets(2**31 + 1)}, "RSA with an exponent that is too small or too large"),
        ({"e": octets(MIN_EXPONENT + 1)}, "its numbers are not a key"),
        ({"e": "AQAB="}, "non-canonical base64url"),
        ({"n": "****"}, "non-canonical base64url"),
        ({"n": "A"}, "not base64url"),
        ({"alg": "ES256"}, "its alg is none for a key of its kind"),
        ({"alg": "RSA-OAEP"}, "its alg is none for a key of its kind"),
    ],
)
def test_an_rsa_key_with_one_change_is_passed_over(changes: dict[str, Any], why: str) -> None:
    assert passed_over(jwk("RS256", **changes)) == why


@pytest.mark.parametrize("bits", [MIN_RSA, 3072, MAX_RSA])
def test_an_rsa_key_may_be_of_any_size_between(bits: int) -> None:
    assert parse_jwks(encode_json({"keys": [jwk("RS256", n=octets((1 << bits) - 1))]})).keys


def test_a_zero_before_a_number_changes_nothing() -> None:
    (key,) = parse_jwks(encode_json({"keys": [jwk("RS256", n=b64url(b"\0" + MODULUS.to_bytes(256)))]})).keys
    assert key.handle.public_numbers().n == MODULUS  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"crv": "X25519"}, "on an unknown curve"),
        ({"crv": "Ed448"}, "on an unknown curve"),
        ({"x": b64url(bytes(31))}, "its numbers are not a key"),
        ({"x": b64url(bytes(33))}, "its numbers are not a key"),
        ({"x": None}, "x: missing"),
        ({"alg": "ES256"}, "its alg is none for a key of its kind"),
    ],
)
def test_an_ed25519_key_with_one_change_is_passed_over(changes: dict[str, Any], why: str) -> None:
    assert passed_over(jwk("EdDSA", **changes)) == why


@pytest.mark.parametrize(
    "point", [bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"], ids=["order 4", "order 1", "order 2"]
)
def test_an_ed25519_key_that_anyone_can_sign_for_is_passed_over(point: bytes) -> None:
    assert "no point of the subgroup" in passed_over(jwk("EdDSA", x=b64url(point)))


@pytest.mark.parametrize("member", [None, 1, "key", [], [GOOD]])
def test_what_is_not_a_key_is_passed_over(member: object) -> None:
    assert passed_over(member) == "expected a JSON object"


def test_many_bad_keys_leave_the_good_one() -> None:
    bad = [jwk("ES256", crv="P-224"), jwk("RS256", e="AQAB="), {}, None, jwk("EdDSA", d="secret")]
    assert passed_over(*bad) == "on an unknown curve"


def test_reasons_tell_nothing_of_the_keys() -> None:
    found = parse_jwks(encode_json({"keys": [jwk("EdDSA", d="c2VjcmV0", kid="name"), GOOD]}))
    assert found.passed_over == ("key 0: a private key, which is public now",)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html></html>",
        b"[]",
        b"null",
        b"{}",
        b'{"keys":null}',
        b'{"keys":{}}',
        b'{"keys":"all"}',
        b'{"keys":[]}',
        b'{"keys":[],"keys":[]}',
        encode_json({"keys": [jwk("EdDSA", d="AQAB")]}),
        encode_json({"keys": [GOOD]}) + b"x",
        encode_json({"keys": [GOOD]}).replace(b"P-256", b"\xff"),
        encode_json(GOOD),
    ],
)
def test_what_is_no_set_with_a_usable_key_is_malformed(document: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_jwks(document)


def test_what_is_wrong_with_all_keys_is_told_of_a_few() -> None:
    with pytest.raises(MalformedError) as caught:
        parse_jwks(encode_json({"keys": [{}] * 50}))
    assert caught.value.why == "no usable key; key 0: kty: missing; key 1: kty: missing; key 2: kty: missing"


def test_a_set_has_a_number_of_keys() -> None:
    assert len(parse_jwks(encode_json({"keys": [GOOD] * MAX_KEYS})).keys) == MAX_KEYS
    with pytest.raises(LimitExceeded):
        parse_jwks(encode_json({"keys": [GOOD] * (MAX_KEYS + 1)}))


def test_a_set_has_a_size() -> None:
    document = encode_json({"keys": [GOOD]})
    assert parse_jwks(document + b" " * (MAX_JWKS - len(document))).keys
    with pytest.raises(LimitExceeded):
        parse_jwks(document + b" " * (MAX_JWKS - len(document) + 1))
