"""Artifacts as callers have them: a file by its path, content in memory, or the digest of what is somewhere else."""

from pathlib import Path
from typing import TypeAlias

from cosignpy.core.digest import Digest
from cosignpy.core.predicates import NamedArtifact
from cosignpy.errors import UsageError
from cosignpy.operations.artifacts import HeldContent, KnownDigest, LocalFile
from cosignpy.operations.verify_bundle import ArtifactSource

Blob: TypeAlias = Path | bytes | Digest
"""What is signed or verified: a file that is read in pieces, content, or a digest in place of it."""


def select_artifact(blob: Blob) -> ArtifactSource:
    """Return where an artifact is read.

    Raises:
        UsageError: It is no blob; a name of a file has to be a `Path`, so that nobody signs the name.
    """
    if isinstance(blob, bytes):
        return HeldContent(blob)
    if isinstance(blob, Digest):
        return KnownDigest(blob)
    if isinstance(blob, Path):
        return LocalFile(blob)
    raise UsageError(f"{type(blob).__name__} is not a Path, bytes or a Digest", "name a file with pathlib.Path")


def name_artifact(blob: Blob) -> NamedArtifact:
    """Hash what a statement is to be about; verifiers find it by its digest, not by its name.

    Raises:
        FileError: It cannot be read.
        UsageError: It is no blob.
    """
    ((algorithm, digest),) = select_artifact(blob).read_digests(frozenset({"sha256"})).items()
    return NamedArtifact(blob.name if isinstance(blob, Path) else "", Digest(algorithm, digest.hex()))
