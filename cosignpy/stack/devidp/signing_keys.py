"""The issuer's keys: the one that signs, those before it, and the set that verifiers fetch (RFC 7517)."""

import hashlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, Self, cast

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.utils import base64url_encode

from cosignpy.core.encoding import JsonObject, JsonValue, encode_canonical_json, encode_json
from cosignpy.core.keys.algorithms import ECDSA_P256, RSA_2048, Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import MalformedError
from cosignpy.values import field, replace, value

MAX_KEYS: Final = 16
"""One signs, the others are on their way out; whoever rotates more often loses the oldest early."""

Handle = RSAPrivateKey | EllipticCurvePrivateKey
Jwk = Mapping[str, JsonValue]


class TokenAlgorithm(StrEnum):
    """How tokens are signed. cosign takes a token on its command line for one only if it is RS256."""

    RS256 = "RS256"
    ES256 = "ES256"


@value
class _Family:
    """What differs between the kinds of keys; `members` are those of a public key (RFC 7638 section 3.2)."""

    key: Algorithm
    members: tuple[str, ...]
    encode: Callable[[Any], dict[str, Any]]
    decode: Callable[[dict[str, Any]], object]


_FAMILIES: Final[Mapping[TokenAlgorithm, _Family]] = {
    TokenAlgorithm.RS256: _Family(
        RSA_2048, ("e", "kty", "n"), lambda key: RSAAlgorithm.to_jwk(key, as_dict=True), RSAAlgorithm.from_jwk
    ),
    TokenAlgorithm.ES256: _Family(
        ECDSA_P256, ("crv", "kty", "x", "y"), lambda key: ECAlgorithm.to_jwk(key, as_dict=True), ECAlgorithm.from_jwk
    ),
}


@value
class SigningKey:
    """A key pair with its id. `expires` is when verifiers need no longer know it: not while it signs."""

    algorithm: TokenAlgorithm
    key_id: str
    handle: Handle = field(repr=False, compare=False)
    expires: int | None = None

    @classmethod
    def generate(cls, algorithm: TokenAlgorithm) -> Self:
        """Make a new key."""
        return cls._of(algorithm, cast("Handle", PrivateKey.generate(_FAMILIES[algorithm].key).handle))

    @classmethod
    def parse(cls, jwk: JsonObject) -> Self:
        """Parse a private key as `encode` wrote it.

        Raises:
            MalformedError: It is none.
            KeyUnusable: It is one that nothing here signs with.
        """
        try:
            algorithm = TokenAlgorithm(jwk.text("alg"))
            handle = _FAMILIES[algorithm].decode(dict(jwk.members))
        except (ValueError, jwt.InvalidKeyError) as error:
            raise MalformedError(jwk.what, f"{jwk.path.rstrip('.')}: not a key of a known kind") from error
        if (
            not isinstance(handle, RSAPrivateKey | EllipticCurvePrivateKey)
            or PrivateKey.from_handle(handle).algorithm != _FAMILIES[algorithm].key
        ):
            raise MalformedError(jwk.what, f"{jwk.path.rstrip('.')}: not a private key for {algorithm}")
        return replace(cls._of(algorithm, handle), expires=jwk.integer("exp") if "exp" in jwk else None)

    @classmethod
    def _of(cls, algorithm: TokenAlgorithm, handle: Handle) -> Self:
        return cls(algorithm, thumbprint(_public_members(algorithm, handle)), handle)

    def encode(self) -> dict[str, JsonValue]:
        """Return the private key as a JWK; `exp` is that of OpenID Federation's historical keys."""
        private = _FAMILIES[self.algorithm].encode(self.handle)
        private.pop("key_ops", None)  # only right for one half of the pair, and servers publish it for the other
        expiry = {} if self.expires is None else {"exp": self.expires}
        return {**private, "alg": self.algorithm.value, **expiry}

    def public_jwk(self) -> dict[str, JsonValue]:
        """Return what verifiers need."""
        members = _public_members(self.algorithm, self.handle)
        return {**members, "use": "sig", "alg": self.algorithm.value, "kid": self.key_id}


@value
class SigningKeys:
    """The key that signs, first, and those that did before; at least one."""

    keys: tuple[SigningKey, ...]

    @property
    def current(self) -> SigningKey:
        """The key that signs."""
        return self.keys[0]

    def rotate(self, key: SigningKey, now: float, keep: float) -> "SigningKeys":
        """Let a new key sign; verifiers find the one before it for `keep` more seconds."""
        retired = replace(self.current, expires=int(now + keep))
        return SigningKeys((key, retired, *self._unexpired(now)[1:])[:MAX_KEYS])

    def encode_jwks(self, now: float) -> bytes:
        """Encode the public keys that verifiers shall know now."""
        return encode_json({"keys": [key.public_jwk() for key in self._unexpired(now)]})

    def encode(self) -> bytes:
        """Encode the private keys, for a file of ours."""
        return encode_json({"keys": [key.encode() for key in self.keys]})

    @classmethod
    def parse(cls, raw: bytes, *, what: str) -> Self:
        """Parse what `encode` wrote.

        Raises:
            MalformedError: It is not that.
        """
        document = JsonObject.parse(raw, what=what)
        keys = tuple(SigningKey.parse(jwk) for jwk in document.children("keys", most=MAX_KEYS))
        if not keys:
            raise document.malformed("keys", "there is none")
        return cls(keys)

    def _unexpired(self, now: float) -> tuple[SigningKey, ...]:
        return tuple(key for key in self.keys if key.expires is None or key.expires > now)


def _public_members(algorithm: TokenAlgorithm, handle: Handle) -> dict[str, JsonValue]:
    family = _FAMILIES[algorithm]
    encoded = family.encode(handle.public_key())
    return {name: encoded[name] for name in family.members}


def thumbprint(members: Jwk) -> str:
    """Return the id that everybody can compute from a key (RFC 7638)."""
    return base64url_encode(hashlib.sha256(encode_canonical_json(dict(members))).digest()).decode("ascii")
