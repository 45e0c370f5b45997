"""What tokens and issuers' keys have in common: base64url, the signature algorithms, keys (RFC 7515, 7518, 8037).

An algorithm is bound to one kind of key, and a key may be bound to one algorithm. Which is used follows from both:
the header of a token alone would let whoever made it choose how a key is misread.
"""

import base64
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import Algorithm, get_default_algorithms

from cosignpy.errors import MalformedError
from cosignpy.values import field, value

PublicHandle: TypeAlias = EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey


class KeyKind(StrEnum):
    """Kinds of keys that issuers sign tokens with."""

    RSA = "RSA"
    P256 = "P-256"
    P384 = "P-384"
    P521 = "P-521"
    ED25519 = "Ed25519"


@value
class JwsAlgorithm:
    """A signature algorithm of RFC 7518 section 3.1, and the one kind of key it is for."""

    name: str
    kind: KeyKind
    _code: Algorithm = field(repr=False, compare=False)

    def is_signed(self, message: bytes, signature: bytes, key: "IssuerKey") -> bool:
        """Tell whether a key of this kind made the signature; one of several keys is asked at a time."""
        return bool(self._code.verify(message, key.handle, signature))


_KINDS: Final[Mapping[str, KeyKind]] = {
    "RS256": KeyKind.RSA,
    "RS384": KeyKind.RSA,
    "RS512": KeyKind.RSA,
    "PS256": KeyKind.RSA,
    "PS384": KeyKind.RSA,
    "PS512": KeyKind.RSA,
    "ES256": KeyKind.P256,
    "ES384": KeyKind.P384,
    "ES512": KeyKind.P521,
    "EdDSA": KeyKind.ED25519,
}
_CODE: Final = get_default_algorithms()

ALGORITHMS: Final[Mapping[str, JwsAlgorithm]] = MappingProxyType(
    {name: JwsAlgorithm(name, kind, _CODE[name]) for name, kind in _KINDS.items()}
)
"""What tokens may be signed with, by the name in their header: what the real server accepts. No MAC, and not `none`."""


@value
class IssuerKey:
    """One key of an issuer, as its JWK set publishes it."""

    key_id: str
    """Empty where the set does not name it."""
    kind: KeyKind
    algorithm: str
    """The only algorithm it is for; empty: any of its kind."""
    handle: PublicHandle = field(repr=False, compare=False)

    def may_verify(self, algorithm: JwsAlgorithm) -> bool:
        """Tell whether signatures of an algorithm may be checked with it."""
        return self.kind is algorithm.kind and self.algorithm in {"", algorithm.name}


def decode_b64url(text: str, *, what: str) -> bytes:
    """Decode base64url without padding, refusing every spelling but the canonical one (RFC 7515 section 2).

    Raises:
        MalformedError: Not base64url, padded, with white space, or with stray trailing bits.
    """
    try:
        raw = base64.urlsafe_b64decode(text + "==")
    except ValueError as error:  # binascii.Error, or text that is not ASCII
        raise MalformedError(what, "not base64url") from error
    # Python's decoder passes over characters that it does not know; what it made of them is not what was there.
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != text.encode("ascii"):
        raise MalformedError(what, "non-canonical base64url")
    return raw
