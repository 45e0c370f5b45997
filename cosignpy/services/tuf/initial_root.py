"""The root that somebody names to begin with: a file, a URL or a variable, checked against a checksum."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cosignpy.core.digest import Digest
from cosignpy.errors import FileError, LimitExceeded, MalformedError, RemoteError, UsageError
from cosignpy.files import explain
from cosignpy.net.redaction import redact_url
from cosignpy.net.url import Url
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.net.http import Sender

MAX_ROOT: Final = 512_000
"""Bytes of a root; the public good instance's has under 6,000. Root metadata that is fetched has the same limit."""

_WHAT: Final = "initial root"


@value
class InitialRoot:
    """How a root was named: a path, `https://...` or `env://VARIABLE`, and the checksum it must have."""

    text: str
    checksum: Digest | None = None

    @classmethod
    def parse(cls, text: str, checksum: str | None) -> "InitialRoot":
        """Parse the name and `[sha256:|sha512:]HEX`, in any case, as cosign takes it.

        Raises:
            MalformedError: The checksum is not one.
        """
        if checksum is None:
            return cls(text)
        algorithm, colon, hexadecimal = checksum.rpartition(":")
        return cls(text, Digest(algorithm.lower() if colon else "sha256", hexadecimal.lower()))

    @property
    def is_fetched(self) -> bool:
        """Tell whether it comes from a server."""
        return self.text.startswith(("http://", "https://"))

    def load(self, http: "Sender", environment: Mapping[str, str]) -> bytes:
        """Return the root.

        Raises:
            UsageError: A variable that is not set, or plain HTTP from elsewhere without a checksum.
            FileError: A file that cannot be read.
            RemoteError: The server does not answer, or not with the file.
            MalformedError: The URL is none.
            LimitExceeded: It is larger than a root.
            DigestMismatch: It does not have the checksum.
        """
        raw = self._fetch(http) if self.is_fetched else self._read(environment)
        return raw if self.checksum is None else self.checksum.verify(raw, what=_WHAT)

    def _fetch(self, http: "Sender") -> bytes:
        from cosignpy.net.http import Request
        from cosignpy.net.redirects import send_following

        url = Url.parse(self.text)
        if self.checksum is None and url.origin.scheme == "http" and not url.origin.is_loopback:
            raise UsageError(
                "a root fetched over plain HTTP could be anybody's", "add --root-checksum, or use https://"
            )
        with send_following(http, Request("GET", url)) as response:
            if response.status != HTTPStatus.OK:
                shown = redact_url(str(response.url))
                raise RemoteError(response.url.origin.authority, shown, response.status, "no root there")
            return response.read(MAX_ROOT, _WHAT)

    def _read(self, environment: Mapping[str, str]) -> bytes:
        scheme, mark, name = self.text.partition("://")
        if not mark:
            return read_root_file(self.text)
        if scheme != "env":
            raise MalformedError(_WHAT, "expected a file, https://... or env://VARIABLE")
        if name not in environment:
            raise UsageError(f"the variable {name}, which is to hold the root, is not set")
        return environment[name].encode()


def read_root_file(path: str) -> bytes:
    """Read a root from a file.

    Raises:
        FileError: It cannot be read.
        LimitExceeded: It is larger than a root.
    """
    with explain(Path(path)), Path(path).open("rb") as file:
        raw = file.read(MAX_ROOT + 1)
    if not raw:
        raise FileError(path, "it is empty")
    if len(raw) > MAX_ROOT:
        raise LimitExceeded(path, f"at most {MAX_ROOT} bytes are accepted")
    return raw
