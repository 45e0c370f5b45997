"""The artifact on the command line: a file read in pieces, standard input, or `sha256:HEX` in place of it."""

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from stat import S_ISDIR
from typing import BinaryIO, Final

from cosignpy.core.digest import Digest
from cosignpy.core.predicates import NamedArtifact
from cosignpy.errors import FileError, LimitExceeded
from cosignpy.files import explain
from cosignpy.operations.verify_bundle import ArtifactSource
from cosignpy.values import field, value

SUFFIX: Final = ".sigstore.json"
"""What verifiers look for beside a file (client specification, "Bundle file extension")."""
_PIECE: Final = 1 << 20
MAX_CONTENT: Final = 128 << 20
"""Octets of a file that an Ed25519 key signed whole: such a signature cannot be checked in pieces."""
_DIGEST: Final = re.compile(r"(sha256|sha384|sha512):[0-9a-fA-F]+")


def select_artifact(text: str) -> ArtifactSource:
    """Return what an argument names.

    Raises:
        MalformedError: A digest of the wrong length.
    """
    if _DIGEST.fullmatch(text):
        algorithm, _, digits = text.partition(":")
        return KnownDigest(Digest(algorithm, digits.lower()))
    return LocalFile(text)


def refuse_unreadable(names: Iterable[str]) -> None:
    """Refuse files that are not there before the first is signed: what is in a log cannot be taken back.

    Raises:
        FileError: One of them is not there, is a directory, or may not be read.
    """
    for path in (Path(name) for name in names if name != "-" and not _DIGEST.fullmatch(name)):
        with explain(path):
            folder = S_ISDIR(path.stat().st_mode)
        if folder or not os.access(path, os.R_OK):
            raise FileError(str(path), "is a directory" if folder else "permission denied")


def name_artifact(text: str) -> NamedArtifact:
    """Hash what an argument names, for a statement about it: verifiers find it by its digest, not by its name.

    Raises:
        MalformedError: A digest of the wrong length.
        FileError: It cannot be read.
    """
    ((algorithm, digest),) = select_artifact(text).read_digests(frozenset({"sha256"})).items()
    return NamedArtifact(Path(text).name, Digest(algorithm, digest.hex()))


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
    """An artifact that was read already, since more is done with it than to verify it."""

    content: bytes = field(repr=False)

    def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
        """Hash it."""
        return {name: hashlib.new(name, self.content).digest() for name in sorted(algorithms)}

    def read_content(self) -> bytes:
        """Return it."""
        return self.content


@value
class LocalFile:
    """A file by its path; `-` is standard input, which can be read once."""

    path: str

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
                raise LimitExceeded(self.path, f"more than {MAX_CONTENT} bytes, which this kind of key signs whole")
        return bytes(content)

    def _pieces(self) -> Iterator[bytes]:
        try:
            if self.path == "-":
                yield from _read_pieces(sys.stdin.buffer)
            else:
                with Path(self.path).open("rb") as file:
                    yield from _read_pieces(file)
        except OSError as error:
            raise FileError(self.path, (error.strerror or str(error)).lower()) from error


def _read_pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
