"""What a witness remembers: for each log the newest checkpoint that it cosigned, one file each.

A witness that forgets can be shown another past, so nothing is signed away before it is on the disk: the file is
written beside its place, synced, renamed, and the folder synced. The lock is flock(2)'s on a file of its own that
stays: it holds between threads and between processes, and the kernel lets go when one dies.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from cosignpy.core.note.checkpoint import Checkpoint, parse_checkpoint
from cosignpy.core.note.signed_note import MAX_NOTE_SIZE, parse_note
from cosignpy.errors import FileError, MalformedError
from cosignpy.files import explain, write_file

_STATE: Final = "checkpoint"
_LOCK: Final = "lock"
_HINT: Final = "restore it; what is older than the last cosignature would let the log show another past"
_PRIVATE_FOLDER: Final = 0o700
_LOCK_MODE: Final = 0o600


class LogRecord:
    """What is remembered of one log, while its lock is held."""

    def __init__(self, folder: Path, origin: str) -> None:
        self._path = folder / _STATE
        self._origin = origin

    def load(self) -> Checkpoint | None:
        """Return the newest checkpoint that was cosigned; None before the first.

        Raises:
            FileError: It cannot be read, or is damaged: what this witness signed last is not known any more.
        """
        raw = _read(self._path)
        if raw is None:
            return None
        try:
            found = parse_checkpoint(parse_note(raw).text)
        except MalformedError as error:
            raise FileError(str(self._path), str(error), _HINT) from error
        if found.origin != self._origin:
            raise FileError(str(self._path), f"it is about another log, {found.origin}", _HINT)
        return found

    def store(self, note: bytes) -> None:
        """Remember a cosigned checkpoint; durable on return.

        Raises:
            FileError: It cannot be written, or nobody knows if it is durable.
        """
        first = not self._path.exists()
        write_file(self._path, note)
        _sync_folder(self._path.parent)
        if first:  # a folder whose own name is lost loses what is in it
            _sync_folder(self._path.parent.parent)


class WitnessState:
    """What is remembered of all logs, below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def locked(self, origin: str) -> Iterator[LogRecord]:
        """Be the only one who looks at a log and remembers something of it, while the block runs.

        Raises:
            FileError: Its lock cannot be had.
        """
        folder = self._folder / log_hash(origin)
        with explain(folder):
            folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
            handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _LOCK_MODE)
        try:
            with explain(folder):
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield LogRecord(folder, origin)
        finally:
            os.close(handle)

    def read(self, name: str) -> bytes | None:
        """Return the newest cosigned checkpoint of the log with this hash; None where there is none.

        Raises:
            FileError: It cannot be read.
        """
        return _read(self._folder / name / _STATE)


def log_hash(origin: str) -> str:
    """Return what names a log in paths: the SHA-256 of its origin in hexadecimal."""
    return sha256(origin.encode()).hexdigest()


def _sync_folder(folder: Path) -> None:
    with explain(folder):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(MAX_NOTE_SIZE)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(str(path), error.strerror or "cannot be read") from error
