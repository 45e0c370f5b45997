"""Local files, replaced as a whole or not at all."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from cosignpy.errors import FileError

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644

_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def check_place(path: Path) -> None:
    """Refuse a place where no file can be, before anything is done whose result would have nowhere to go.

    Raises:
        FileError: It is a directory, or in none.
    """
    if path.is_dir():
        raise FileError(str(path), "is a directory, and a file is to be written")
    if not path.parent.is_dir():
        raise FileError(str(path), f"there is no directory {path.parent}")


@contextmanager
def replace_file(path: Path, mode: int = PUBLIC) -> Iterator[BinaryIO]:
    """Write beside a file, then rename: readers see the old content or the new, never a part, even after a crash.

    What is there and no file, a pipe or a device such as `/dev/stdout`, is written to instead.

    Raises:
        FileError: It cannot be written; the old content is still there.
    """
    check_place(path)
    if path.exists() and not path.is_file():
        with explain(path), path.open("wb") as stream:
            yield stream
        return
    import tempfile

    with explain(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary, file = Path(name), os.fdopen(handle, "wb")
    try:
        yield file
        with explain(path):
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
            file.close()
            temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # on a full disk it fails once more, to write what it could not write before
            file.close()
        temporary.unlink(missing_ok=True)
        raise


def write_file(path: Path, content: bytes, mode: int = PUBLIC) -> None:
    """Replace a file's content, or create it.

    Raises:
        FileError: It cannot be written; the old content is still there.
    """
    with replace_file(path, mode) as file, explain(path):
        file.write(content)


def read_private(path: Path, cap: int, folders: int = 1) -> bytes | None:
    """Read a file that nobody but this user, or the system's, can have written; None where there is no such file.

    Nor may others write to the `folders` above it, where they could have put a link, or another file of this user's.
    """
    try:
        if not all(is_ours(folder.stat()) for folder in path.parents[:folders]):
            return None
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            if not is_ours(os.fstat(file.fileno())):
                return None
            raw = file.read(cap + 1)
    except OSError:
        return None
    return raw if len(raw) <= cap else None


def is_ours(found: os.stat_result) -> bool:
    """Tell whether nobody but this user, or the system's, can have written a file."""
    return found.st_uid in {0, os.geteuid()} and not found.st_mode & _OTHERS_WRITE


def sync_directory(path: Path) -> None:
    """Make durable what a directory lists: names that are new in it, and those that were replaced.

    Raises:
        FileError: The system does not say that it is.
    """
    with explain(path):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def explain(path: Path) -> Iterator[None]:
    """Turn what the system says about a file into an error that names the file.

    Raises:
        FileError: Any OSError inside the block.
    """
    try:
        yield
    except OSError as error:
        raise FileError(str(path), (error.strerror or "cannot be used").lower()) from error
