"""Reading the length-prefixed binary fields that SSH and OpenPGP are made of."""

from cosignpy.errors import MalformedError
from cosignpy.values import record


@record
class Reader:
    """Bytes that are read from the front; every read says what is missing when there are too few."""

    raw: bytes
    what: str
    offset: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether everything was read."""
        return self.offset >= len(self.raw)

    def take(self, size: int) -> bytes:
        """Read exactly `size` bytes.

        Raises:
            MalformedError: There are fewer.
        """
        taken = self.raw[self.offset : self.offset + size]
        if len(taken) != size:
            raise MalformedError(self.what, "it ends too early")
        self.offset += size
        return taken

    def integer(self, size: int) -> int:
        """Read a big-endian integer of `size` bytes.

        Raises:
            MalformedError: There are fewer.
        """
        return int.from_bytes(self.take(size), "big")

    def string(self) -> bytes:
        """Read a string of SSH: four bytes of length and as many bytes (RFC 4251 section 5).

        Raises:
            MalformedError: It ends before the string does.
        """
        return self.take(self.integer(4))

    def rest(self) -> bytes:
        """Read whatever is left."""
        return self.take(len(self.raw) - self.offset)

    def finish(self) -> None:
        """Refuse what is left.

        Raises:
            MalformedError: Bytes behind the last field.
        """
        if not self.is_empty:
            raise MalformedError(self.what, "bytes after its end")
