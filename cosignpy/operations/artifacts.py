"""Artifacts to sign and to verify: files read in pieces, content that is held, and digests of what is elsewhere."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from cosignpy.core.digest import Digest
from cosignpy.errors import LimitExceeded
from cosignpy.files import explain
from cosignpy.values import field, value

MAX_CONTENT: Final = 128 << 20
"""Octets of a file that an Ed25519 key signed whole: such a signature cannot be checked in pieces."""
_PIECE: Final = 1 << 20


@value
class KnownDigest:
    """An artifact that is somewhere else."""

    digest: Digest

    def read_digests(self, _algorithms: frozenset[str]) -> Mapping[str, bytes]:
        """Return the one digest there is."""
        return {self.digest.algorithm: bytes.fromhex(self.digest.hex)}

    def read_content(self) -> None:
        """Return nothing."""


@value
class HeldContent:
    """An artifact that is in memory."""

    content: bytes = field(repr=False)

    def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
        """Hash it."""
        return {name: hashlib.new(name, self.content).digest() for name in sorted(algorithms)}

    def read_content(self) -> bytes:
        """Return it."""
        return self.content


@value
class LocalFile:
    """A file by its path, or what stands in for it, such as standard input, which can be read once."""

    path: Path
    stream: BinaryIO | None = None

    def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
        """Hash it piece by piece.

        Raises:
            FileError: It cannot be read.
        """
        hashers = {name: hashlib.new(name) for name in sorted(algorithms)}
        for piece in self._pieces():
            for hasher in hashers.values():
                hasher.update(piece)
        return {name: hasher.digest() for name, hasher in hashers.items()}

    def read_content(self) -> bytes:
        """Read all of it.

        Raises:
            FileError: It cannot be read.
            LimitExceeded: It is larger than `MAX_CONTENT`.
        """
        content = bytearray()
        for piece in self._pieces():
            content += piece
            if len(content) > MAX_CONTENT:
                raise LimitExceeded(str(self.path), f"more than {MAX_CONTENT} bytes, which such a key signs whole")
        return bytes(content)

    def _pieces(self) -> Iterator[bytes]:
        with explain(self.path):
            if self.stream is not None:
                yield from _read_pieces(self.stream)
                return
            with self.path.open("rb") as file:
                yield from _read_pieces(file)


def _read_pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
