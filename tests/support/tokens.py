"""An OpenID Connect issuer in memory: keys of every kind, JWK sets, tokens of any shape, good and bad."""

import base64
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from ca_server.identity.jwks import JwkSet, parse_jwks
from tests.support.fixed_keys import ecdsa_key

NOW: Final = 1_750_000_000.0
"""The time at which the tokens of tests are valid."""
AUDIENCE: Final = "sigstore"
EMAIL: Final = "alice@example.com"

_CODE: Final = get_default_algorithms()
_CURVES: Final = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


def b64url(raw: bytes) -> str:
    """Encode as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def encode_json(document: Any) -> bytes:
    """Encode as compact JSON."""
    return json.dumps(document, separators=(",", ":")).encode()


@dataclass(frozen=True)
class TokenKey:
    """A private key of an issuer, with the name and the algorithm its JWK has."""

    key_id: str
    algorithm: str
    handle: Any

    @classmethod
    def make(cls, algorithm: str = "ES256", key_id: str = "key-1") -> "TokenKey":
        """Return the key of an algorithm and a name: always the same one within a process."""
        return cls(key_id, algorithm, _make_handle(algorithm, key_id))

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """Return the public JWK; a change to None leaves the member out."""
        public: dict[str, Any] = _CODE[self.algorithm].to_jwk(self.handle.public_key(), as_dict=True)
        wanted = {**public, "kid": self.key_id, "alg": self.algorithm, "use": "sig", "key_ops": None} | changes
        return {name: member for name, member in wanted.items() if member is not None}

    def sign(self, message: bytes, algorithm: str | None = None) -> bytes:
        """Sign bytes as JWS wants it."""
        return bytes(_CODE[algorithm or self.algorithm].sign(message, self.handle))

    def seal(self, payload: bytes, **header: Any) -> str:
        """Make a compact JWS of any payload; a header member that is None is left out."""
        members: dict[str, Any] = {"typ": "JWT", "alg": self.algorithm, "kid": self.key_id} | header
        return self.seal_raw(encode_json({name: each for name, each in members.items() if each is not None}), payload)

    def seal_raw(self, header: bytes, payload: bytes) -> str:
        """Make a compact JWS of any header and any payload."""
        message = f"{b64url(header)}.{b64url(payload)}"
        return f"{message}.{b64url(self.sign(message.encode()))}"


@cache
def _make_handle(algorithm: str, key_id: str) -> Any:
    if algorithm == "ES256":
        return ecdsa_key(f"token {key_id}")
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65_537, 2048)


@dataclass
class TokenIssuer:
    """An issuer: its URL, its keys (the first one signs), and its idea of the time."""

    url: str = "https://issuer.example.com"
    keys: list[TokenKey] = field(default_factory=lambda: [TokenKey.make()])
    audience: str = AUDIENCE
    now: float = NOW

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good token for an e-mail address; a change to None leaves the claim out."""
        good = {
            "iss": self.url,
            "sub": "alice",
            "aud": self.audience,
            "exp": int(self.now) + 600,
            "iat": int(self.now),
            "email": EMAIL,
            "email_verified": True,
        }
        return {name: claim for name, claim in (good | changes).items() if claim is not None}

    def token(self, **changes: Any) -> str:
        """Make a token; a change to None leaves the claim out."""
        return self.keys[0].seal(encode_json(self.claims(**changes)))

    def jwks(self) -> bytes:
        """Return the JWK set."""
        return encode_json({"keys": [key.jwk() for key in self.keys]})

    def key_set(self) -> JwkSet:
        """Return the JWK set as the server sees it."""
        return parse_jwks(self.jwks())

    def discovery(self, **changes: Any) -> bytes:
        """Return the discovery document; a change to None leaves the member out."""
        good = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [key.algorithm for key in self.keys],
        }
        return encode_json({name: member for name, member in (good | changes).items() if member is not None})
