"""URLs, parsed once: the origin that decides who may see credentials, and the request target.

`urllib.parse` removes line breaks and tabs silently and accepts ports like `1_0`; what it returns is used
only after the text was shown to hold nothing of that kind (RFC 3986 section 2, RFC 9110 section 4.2).
"""

import re
from typing import Final
from urllib.parse import urljoin, urlsplit

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

MAX_URL: Final = 16 * 1024
"""Signed storage URLs reach about 2,000 characters; servers refuse request lines above 8,000."""

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")
_HOST: Final = re.compile(r"[A-Za-z0-9_.-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_MAX_PORT: Final = 65535
_LOOPBACK: Final = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1")


@value
class Origin:
    """Scheme, host and port (RFC 6454 section 4): credentials for one are no business of another."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """The value of the Host header: no default port, brackets around IPv6 (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Tell whether this machine is meant, without asking a resolver."""
        return _LOOPBACK.fullmatch(self.host.lower()) is not None


@value
class Url:
    """An absolute `http` or `https` URL without user, password or fragment."""

    origin: Origin
    target: str

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"

    @classmethod
    def parse(cls, text: str) -> "Url":
        """Parse an absolute URL.

        Raises:
            MalformedError: Another scheme, no host, a user or password in it, or characters URLs do not have.
            LimitExceeded: Longer than `MAX_URL`.
        """
        if len(text) > MAX_URL:
            raise LimitExceeded("URL", f"longer than {MAX_URL} characters")
        if not _PRINTABLE.fullmatch(text):
            raise MalformedError("URL", "empty, or with blanks or characters outside ASCII")
        try:
            parts = urlsplit(text)
            host = parts.hostname or ""
        except ValueError as error:  # brackets that do not match
            raise MalformedError("URL", "no host") from error
        if parts.scheme not in DEFAULT_PORTS:
            shown = "" if "@" in text else f" {text!r}"  # which may have a password
            raise MalformedError(f"URL{shown}", "it begins with neither http:// nor https://")
        user, at, address = parts.netloc.rpartition("@")
        if at or user:
            raise MalformedError("URL", "it carries a user or password")
        if not _HOST.fullmatch(host):
            raise MalformedError("URL", "no host")
        origin = Origin(parts.scheme, host, _parse_port(address, parts.scheme))
        query = f"?{parts.query}" if parts.query else ""
        return cls(origin, f"{parts.path or '/'}{query}")

    def join(self, location: str) -> "Url":
        """Resolve a Location header against this URL (RFC 3986 section 5).

        Raises:
            MalformedError: The result is not a URL that `parse` accepts.
        """
        if not _PRINTABLE.fullmatch(location):
            raise MalformedError("URL", "empty, or with blanks or characters outside ASCII")
        try:
            return Url.parse(urljoin(str(self), location))
        except ValueError as error:
            raise MalformedError("URL", "no host") from error


def _parse_port(address: str, scheme: str) -> int:
    _, colon, port = address.rpartition(":")
    if not colon or port.endswith("]"):
        return DEFAULT_PORTS[scheme]
    if not _PORT.fullmatch(port) or not 0 < int(port) <= _MAX_PORT:
        raise MalformedError("URL", "the port is not one")
    return int(port)
