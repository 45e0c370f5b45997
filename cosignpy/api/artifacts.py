"""Artifacts as callers have them: a file by its path, content in memory, or the digest of what is somewhere else."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from cosignpy.core.digest import Digest
from cosignpy.core.predicates import NamedArtifact
from cosignpy.errors import LimitExceeded, UsageError
from cosignpy.files import explain
from cosignpy.operations.verify_bundle import ArtifactSource
from cosignpy.values import field, value

Blob: TypeAlias = Path | bytes | Digest
"""What is signed or verified: a file that is read in pieces, content, or a digest in place of it."""

MAX_CONTENT: Final = 128 << 20
"""Octets of a file that an Ed25519 or ML-DSA key signs whole: such a signature cannot be checked in pieces."""
_PIECE: Final = 1 << 20


def select_artifact(blob: Blob) -> ArtifactSource:
    """Return where an artifact is read.

    Raises:
        UsageError: It is no blob; a name of a file has to be a `Path`, so that nobody signs the name.
    """
    if isinstance(blob, bytes):
        return _Held(blob)
    if isinstance(blob, Digest):
        return _Known(blob)
    if isinstance(blob, Path):
        return _File(blob)
    raise UsageError(f"{type(blob).__name__} is not a Path, bytes or a Digest", "name a file with pathlib.Path")


def name_artifact(blob: Blob) -> NamedArtifact:
    """Hash what a statement is to be about; verifiers find it by its digest, not by its name.

    Raises:
        FileError: It cannot be read.
        UsageError: It is no blob.
    """
    ((algorithm, digest),) = select_artifact(blob).read_digests(frozenset({"sha256"})).items()
    return NamedArtifact(blob.name if isinstance(blob, Path) else "", Digest(algorithm, digest.hex()))


@value
class _Known:
    digest: Digest

    def read_digests(self, _algorithms: frozenset[str]) -> Mapping[str, bytes]:
        return {self.digest.algorithm: bytes.fromhex(self.digest.hex)}

    def read_content(self) -> None:
        """There is none here."""


@value
class _Held:
    content: bytes = field(repr=False)

    def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
        return {name: hashlib.new(name, self.content).digest() for name in sorted(algorithms)}

    def read_content(self) -> bytes:
        return self.content


@value
class _File:
    path: Path

    def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
        hashers = {name: hashlib.new(name) for name in sorted(algorithms)}
        for piece in self._pieces():
            for hasher in hashers.values():
                hasher.update(piece)
        return {name: hasher.digest() for name, hasher in hashers.items()}

    def read_content(self) -> bytes:
        content = bytearray()
        for piece in self._pieces():
            content += piece
            if len(content) > MAX_CONTENT:
                raise LimitExceeded(str(self.path), f"more than {MAX_CONTENT} bytes, which such a key signs whole")
        return bytes(content)

    def _pieces(self) -> Iterator[bytes]:
        with explain(self.path), self.path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
