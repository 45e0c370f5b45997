"""The artifact on the command line: a file read in pieces, standard input, or `sha256:HEX` in place of it."""

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from stat import S_ISDIR
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.predicates import NamedArtifact
from cosignpy.errors import FileError
from cosignpy.files import explain
from cosignpy.operations.artifacts import KnownDigest, LocalFile
from cosignpy.operations.verify_bundle import ArtifactSource

SUFFIX: Final = ".sigstore.json"
"""What verifiers look for beside a file (client specification, "Bundle file extension")."""
_DIGEST: Final = re.compile(r"(sha256|sha384|sha512):[0-9a-fA-F]+")


def select_artifact(text: str) -> ArtifactSource:
    """Return what an argument names.

    Raises:
        MalformedError: A digest of the wrong length.
    """
    if _DIGEST.fullmatch(text):
        algorithm, _, digits = text.partition(":")
        return KnownDigest(Digest(algorithm, digits.lower()))
    return LocalFile(Path(text), sys.stdin.buffer if text == "-" else None)


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
