"""The example of docs/formats/identity-tokens.md: a token that is always the same, and the key that verifies it."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from jwt.utils import der_to_raw_signature

from tests.support.fixed_keys import FixedSigner
from tests.support.tokens import TokenIssuer, TokenKey, b64url, encode_json

ISSUER: Final = TokenIssuer()


@lru_cache(maxsize=1)
def example_token() -> str:
    """Return the token."""
    key: TokenKey = ISSUER.keys[0]
    header = encode_json({"alg": key.algorithm, "kid": key.key_id})
    message = f"{b64url(header)}.{b64url(encode_json(ISSUER.claims()))}"
    signature = FixedSigner(key.handle).sign(message.encode())
    return f"{message}.{b64url(der_to_raw_signature(signature, key.handle.curve))}"


def _in_lines() -> bytes:
    """Break the token after its dots and after each hundred characters."""
    pieces = example_token().replace(".", ".\n").split("\n")
    lines = [piece[start : start + 100] for piece in pieces for start in range(0, len(piece), 100)]
    return "\n".join(lines).encode()


EXAMPLES: Final[Mapping[str, Callable[[], bytes]]] = {
    "identity-token": _in_lines,
    "identity-token-claims": lambda: encode_json(ISSUER.claims()),
    "identity-token-keys": ISSUER.jwks,
    "identity-token-discovery": ISSUER.discovery,
}
