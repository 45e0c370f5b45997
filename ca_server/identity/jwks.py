"""The JWK sets in which issuers publish their keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

Pure. A key that is broken, weak, of an unknown kind or for something else is passed over, with a reason, and does
not take the good ones with it (RFC 7517 section 5): issuers publish keys for many clients.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from ca_server.identity.jose import ALGORITHMS, IssuerKey, KeyKind, PublicHandle, decode_b64url
from cosignpy.core.encoding import JsonObject
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.strength import refuse_weak
from cosignpy.errors import KeyUnusable, LimitExceeded, MalformedError
from cosignpy.values import value

MAX_JWKS: Final = 512 << 10
"""Octets of a JWK set; Google's has 2,000, Microsoft's, which carries certificates, 20,000."""
MAX_KEYS: Final = 100
"""Keys of a set. A token without a key id is tried with each of them."""
MIN_RSA: Final = 2048
MAX_RSA: Final = 8192
"""Bits of a modulus: less can be factored, and more costs us milliseconds for each token."""
MIN_EXPONENT: Final = 65_537
MAX_EXPONENT: Final = 2**31 - 1
"""Of RSA keys: small ones have broken paddings, and larger ones are refused by Go as well."""

_WHAT: Final = "JWK set"
_CURVES: Final[Mapping[str, tuple[KeyKind, EllipticCurve, int]]] = {
    "P-256": (KeyKind.P256, SECP256R1(), 32),
    "P-384": (KeyKind.P384, SECP384R1(), 48),
    "P-521": (KeyKind.P521, SECP521R1(), 66),
}
_SIGNATURE_USE: Final = "sig"
_VERIFY: Final = "verify"


@value
class JwkSet:
    """The usable keys of an issuer, and why each of the others is none."""

    keys: tuple[IssuerKey, ...]
    passed_over: tuple[str, ...]


def parse_jwks(raw: bytes) -> JwkSet:
    """Parse a JWK set (RFC 7517 section 5).

    Raises:
        MalformedError: Not a JWK set, or none of its keys can be used.
        LimitExceeded: More than `MAX_JWKS` octets or `MAX_KEYS` keys.
    """
    if len(raw) > MAX_JWKS:
        raise LimitExceeded(_WHAT, f"{len(raw)} bytes, at most {MAX_JWKS} are accepted")
    found = JsonObject.parse(raw, what=_WHAT).members.get("keys")
    if not isinstance(found, list):
        raise MalformedError(_WHAT, "keys: expected an array")
    if len(found) > MAX_KEYS:
        raise LimitExceeded(_WHAT, f"{len(found)} keys, at most {MAX_KEYS} are accepted")
    keys, passed_over = [], []
    for place, member in enumerate(found):
        try:
            keys.append(_parse_key(member, f"key {place}"))
        except MalformedError as error:
            passed_over.append(f"{error.what}: {error.why}")
    if not keys:
        raise MalformedError(_WHAT, "; ".join(["no usable key", *passed_over[:3]]))
    return JwkSet(tuple(keys), tuple(passed_over))


def _parse_key(member: object, what: str) -> IssuerKey:
    if not isinstance(member, dict):
        raise MalformedError(what, "expected a JSON object")
    jwk = JsonObject(member, what)
    parse = _KEY_TYPES.get(jwk.text("kty"))
    if parse is None:
        raise MalformedError(what, "of an unknown type")
    _refuse_other_purpose(jwk)
    kind, handle = parse(jwk)
    name = jwk.optional_text("alg")
    if name and (name not in ALGORITHMS or ALGORITHMS[name].kind is not kind):
        raise MalformedError(what, "its alg is none for a key of its kind")
    return IssuerKey(jwk.optional_text("kid"), kind, name, handle)


def _refuse_other_purpose(jwk: JsonObject) -> None:
    """Pass over what is not there to verify (RFC 7517 sections 4.2 and 4.3), and what should not be there at all."""
    if jwk.optional_text("use", _SIGNATURE_USE) != _SIGNATURE_USE:
        raise MalformedError(jwk.what, "not for signatures")
    if "key_ops" in jwk and _VERIFY not in jwk.texts("key_ops", most=MAX_KEYS):
        raise MalformedError(jwk.what, "not for verifying")
    if "d" in jwk:
        raise MalformedError(jwk.what, "a private key, which is public now")


def _integer(jwk: JsonObject, name: str) -> int:
    """Return a Base64urlUInt (RFC 7518 section 2); Java's leading zero octet is as much tolerated as it is common."""
    return int.from_bytes(_octets(jwk, name))


def _octets(jwk: JsonObject, name: str) -> bytes:
    return decode_b64url(jwk.text(name), what=jwk.what)


def _parse_rsa(jwk: JsonObject) -> tuple[KeyKind, PublicHandle]:
    """Read the key of RFC 7518 section 6.3."""
    modulus, exponent = _integer(jwk, "n"), _integer(jwk, "e")
    if not MIN_RSA <= modulus.bit_length() <= MAX_RSA:
        raise MalformedError(jwk.what, f"RSA of {modulus.bit_length()} bits")
    if not MIN_EXPONENT <= exponent <= MAX_EXPONENT:
        raise MalformedError(jwk.what, "RSA with an exponent that is too small or too large")
    return KeyKind.RSA, _load(jwk, RSAPublicNumbers(exponent, modulus).public_key)


def _parse_ec(jwk: JsonObject) -> tuple[KeyKind, PublicHandle]:
    """Read the key of RFC 7518 section 6.2; coordinates have the full size of the field."""
    row = _CURVES.get(jwk.text("crv"))
    if row is None:
        raise MalformedError(jwk.what, "on an unknown curve")
    kind, curve, size = row
    x, y = _octets(jwk, "x"), _octets(jwk, "y")
    if len(x) != size or len(y) != size:
        raise MalformedError(jwk.what, "its coordinates have not the size of its curve")
    return kind, _load(jwk, EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve).public_key)


def _parse_okp(jwk: JsonObject) -> tuple[KeyKind, PublicHandle]:
    """Read the key of RFC 8037 section 2."""
    if jwk.text("crv") != KeyKind.ED25519:
        raise MalformedError(jwk.what, "on an unknown curve")
    raw = _octets(jwk, "x")
    return KeyKind.ED25519, _load(jwk, lambda: _refuse_small_order(Ed25519PublicKey.from_public_bytes(raw)))


def _refuse_small_order(key: Ed25519PublicKey) -> Ed25519PublicKey:
    """Return a key for which nobody can sign who has not its private half.

    Raises:
        KeyUnusable: Anyone can.
    """
    refuse_weak(PublicKey.from_handle(key))
    return key


_KEY_TYPES: Final[Mapping[str, Callable[[JsonObject], tuple[KeyKind, PublicHandle]]]] = {
    "RSA": _parse_rsa,
    "EC": _parse_ec,
    "OKP": _parse_okp,
}


def _load(jwk: JsonObject, build: Callable[[], PublicHandle]) -> PublicHandle:
    try:
        return build()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedError(jwk.what, "its numbers are not a key") from error
    except KeyUnusable as error:
        raise MalformedError(jwk.what, error.why) from error
