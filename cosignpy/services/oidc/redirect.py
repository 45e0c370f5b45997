"""Where a browser is to bring the answer of a sign-in: a place on this machine (RFC 8252 section 7.3)."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Self

from cosignpy.errors import UsageError
from cosignpy.values import value

DEFAULT_REDIRECT: Final = "http://localhost:0/auth/callback"
"""cosign's, which issuers have registered; port 0 takes any free one."""

_REDIRECT: Final = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(?::([0-9]{1,5}))?(/[!-~]*)?")
_ADDRESSES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"localhost": ("127.0.0.1", "::1"), "127.0.0.1": ("127.0.0.1",), "[::1]": ("::1",)}
)
_HTTP: Final = 80
_MAX_PORT: Final = 65535


@value
class Redirect:
    """Where an answer is to go."""

    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a redirect URL.

        Raises:
            UsageError: It is not on this machine, or not one that can be listened at.
        """
        match = _REDIRECT.fullmatch(text)
        if match is None or int(match[2] or _HTTP) > _MAX_PORT or "?" in text or "#" in text:
            raise UsageError(
                f"{text!r} is not an address that a browser can bring an answer to",
                f"give --oidc-redirect-url a plain HTTP address on this machine, such as {DEFAULT_REDIRECT}",
            )
        return cls(match[1], int(match[2] or _HTTP), match[3] or "/")

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses to listen at: whoever had one of those that are `localhost` would get answers that are ours."""
        return _ADDRESSES[self.host]

    def at(self, port: int) -> str:
        """Return the URL as the issuer is told it."""
        return f"http://{self.host}:{port}{self.path}"
