"""Identity tokens of any content, signed with nothing that matters: clients do not verify them."""

from typing import Any, Final

from tests.support.tokens import b64url, encode_json

NOW: Final = 1_790_000_000.0
ISSUER: Final = "https://issuer.example"


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a person; a change to None leaves a claim out."""
    whole = {
        "iss": ISSUER,
        "sub": "subject",
        "aud": "sigstore",
        "exp": NOW + 600,
        "iat": NOW,
        "email": "ada@example.com",
        "email_verified": True,
    }
    return {name: content for name, content in {**whole, **changes}.items() if content is not None}


def token(**changes: Any) -> str:
    """Return a token."""
    return seal(encode_json(claims(**changes)))


def machine_token(**changes: Any) -> str:
    """Return a token without an e-mail address."""
    return token(**{"email": None, "email_verified": None, **changes})


def seal(payload: bytes, header: bytes = b'{"alg":"RS256"}', signature: bytes = b"not a signature") -> str:
    """Return a compact JWS of these parts."""
    return ".".join(map(b64url, (header, payload, signature)))
