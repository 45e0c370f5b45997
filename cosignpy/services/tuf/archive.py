"""Trust repositories in an archive (tar.gz), as TrustRoots have them."""

import tarfile
import zlib
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.files import explain

MAX_FILES: Final = 2000
"""Files of a repository; those with a long history of roots have some hundred."""
MAX_SIZE: Final = 32 << 20
"""Bytes of all files."""

_WHAT: Final = "archive of a trust repository"
_FOLDER: Final = "repository"
"""What the policy controller leaves out where paths begin with it."""


def unpack_repository(raw: bytes, folder: Path) -> None:
    """Write the files of an archive into a folder.

    Raises:
        MalformedError: It is none, or has something else than files, or files outside of it.
        LimitExceeded: It is too large.
        FileError: They cannot be written.
    """
    left = MAX_SIZE
    try:
        with tarfile.open(fileobj=BytesIO(raw), mode="r:gz") as archive:
            for count, member in enumerate(archive):
                left -= member.size
                if count >= MAX_FILES or left < 0:
                    raise LimitExceeded(_WHAT, f"more than {MAX_FILES} files, or {MAX_SIZE} bytes")
                if not member.isdir():
                    _unpack(archive, member, folder)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise MalformedError(_WHAT, "not a tar.gz archive") from error


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    parts = [part for part in PurePosixPath(member.name).parts if part != "/"]
    parts = parts[1:] if parts[:1] == [_FOLDER] else parts
    content = archive.extractfile(member) if member.isreg() else None
    if content is None or not parts or ".." in parts:
        raise MalformedError(_WHAT, f"{member.name!r} is not a file below it")
    path, octets = folder.joinpath(*parts), content.read()
    with explain(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
