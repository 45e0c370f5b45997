"""Where the files lie in a tar archive, plain or gzipped, and what no archive of ours may hold.

Members are read in place. Names, sizes and kinds are checked while the archive is listed, once.
"""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, cast

from cosignpy.errors import FileError, LimitExceeded, MalformedError
from cosignpy.registry.layout_store import MAX_BLOBS
from cosignpy.values import value

MAX_HEADER_READ: Final = 1 << 20
"""Bytes read at once while listing members: extended headers hold a path, which is short."""
MAX_UNPACKED: Final = 256 << 30
"""Bytes of an archive once decompressed; a few kilobytes of gzip can claim as much as they like."""

_GZIP_MAGIC: Final = b"\x1f\x8b"
_WHAT: Final = "OCI archive"


@value
class Member:
    """Where a file lies in the unpacked archive."""

    offset: int
    size: int


class _BoundedReader(io.RawIOBase):
    """The archive while its members are listed: a header that claims to be huge is refused, not read."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= MAX_HEADER_READ:
            raise LimitExceeded(_WHAT, "an extended header is too long")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if offset > MAX_UNPACKED:
            raise LimitExceeded(_WHAT, f"it unpacks to more than {MAX_UNPACKED} bytes")
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class _Slice(io.RawIOBase):
    """One member of an open archive as a file of its own, which closes the archive with itself."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        super().__init__()
        file.seek(member.offset)
        self._file = file
        self._left = member.size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        piece = self._file.read(min(len(buffer), self._left))
        buffer[: len(piece)] = piece
        self._left -= len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


def _open_unpacked(path: Path) -> BinaryIO:
    try:
        file = path.open("rb")
        if file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC:
            file.close()
            return cast("BinaryIO", gzip.open(path))
    except OSError as error:
        raise FileError(str(path), error.strerror or "cannot be read") from error
    file.seek(0)
    return file


def open_member(path: Path, member: Member) -> BinaryIO:
    """Open one member to read.

    Raises:
        FileError: The archive cannot be read.
    """
    return io.BufferedReader(_Slice(_open_unpacked(path), member))


def list_members(path: Path) -> Mapping[str, Member]:
    """Return where each file of an archive lies, by its name.

    Raises:
        FileError: The archive cannot be read.
        MalformedError: No tar archive, or one with links, devices, or names that lead out of it.
        LimitExceeded: It has more members, or claims to be larger, than any image.
    """
    found: dict[str, Member] = {}
    try:
        with _open_unpacked(path) as file, tarfile.open(fileobj=_BoundedReader(file), mode="r:") as archive:
            for count, entry in enumerate(archive):
                if count >= MAX_BLOBS:
                    raise LimitExceeded(_WHAT, f"more than {MAX_BLOBS} members")
                if entry.isdir():
                    continue
                name = _checked_name(entry)
                if name in found:
                    raise MalformedError(_WHAT, f"{name!r} is there twice")
                found[name] = Member(entry.offset_data, entry.size)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise MalformedError(_WHAT, f"{path} is not a tar archive") from error
    return found


def _checked_name(entry: tarfile.TarInfo) -> str:
    """Return a member's name as a path below the layout; links, devices and holes have no place in one."""
    name = PurePosixPath(entry.name)
    if not entry.isreg() or entry.issparse():
        raise MalformedError(_WHAT, f"{entry.name!r} is not a plain file")
    if name.is_absolute() or ".." in name.parts:
        raise MalformedError(_WHAT, f"{entry.name!r} leads out of it")
    return str(name)
