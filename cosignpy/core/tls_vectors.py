"""The presentation language of TLS (RFC 8446 section 3): numbers, and vectors behind their length."""

from typing import Final

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import record

OPAQUE_16: Final = 2
"""Octets of the length of an `opaque<0..2^16-1>`."""
OPAQUE_24: Final = 3
"""Octets of the length of an `opaque<0..2^24-1>`: certificates."""


def encode_vector(content: bytes, width: int, *, what: str) -> bytes:
    """Encode bytes behind their length in `width` octets.

    Raises:
        LimitExceeded: They are more than the length can say.
    """
    if len(content) >= 1 << 8 * width:
        raise LimitExceeded(what, f"{len(content)} bytes do not fit a length of {width} octets")
    return len(content).to_bytes(width, "big") + content


@record
class VectorReader:
    """Reads a structure from its front; `place` is where the rest begins."""

    raw: bytes
    what: str
    place: int = 0

    def take(self, count: int) -> bytes:
        """Read `count` bytes.

        Raises:
            MalformedError: There are fewer.
        """
        end = self.place + count
        if end > len(self.raw):
            raise MalformedError(self.what, f"{len(self.raw)} bytes end within it")
        found = self.raw[self.place : end]
        self.place = end
        return found

    def number(self, width: int) -> int:
        """Read a number of `width` octets.

        Raises:
            MalformedError: There are fewer.
        """
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        """Read a vector whose length has `width` octets.

        Raises:
            MalformedError: There are fewer bytes than its length says.
        """
        return self.take(self.number(width))

    @property
    def ended(self) -> bool:
        """Tell whether nothing is left."""
        return self.place == len(self.raw)

    def finish(self) -> None:
        """Refuse a rest.

        Raises:
            MalformedError: There is one.
        """
        if not self.ended:
            raise MalformedError(self.what, f"{len(self.raw) - self.place} bytes behind its end")
