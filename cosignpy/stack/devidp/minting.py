"""Tokens: claims and a signature over them (RFC 7519), as Dex writes them for Sigstore."""

from collections.abc import Callable
from typing import Final

import jwt

from cosignpy.stack.devidp.identity import Claims
from cosignpy.stack.devidp.key_ring import KeyRing
from cosignpy.values import field, value

ID_TOKEN: Final = "JWT"  # noqa: S105 # the type in a header
ACCESS_TOKEN: Final = "at+jwt"  # noqa: S105 # RFC 9068 section 2.1


@value
class Minter:
    """Makes the tokens of one issuer."""

    issuer: str
    ring: KeyRing = field(repr=False)
    now: Callable[[], float]
    seconds: int

    def mint(self, audience: str | list[str], claims: Claims, kind: str = ID_TOKEN) -> str:
        """Sign a token for an audience or several; claims of the same names beat the usual ones."""
        issued = int(self.now())
        usual = {"iss": self.issuer, "aud": audience, "iat": issued, "exp": issued + self.seconds}
        key = self.ring.keys.current
        return jwt.encode(usual | dict(claims), key.handle, key.algorithm.value, {"typ": kind, "kid": key.key_id})
