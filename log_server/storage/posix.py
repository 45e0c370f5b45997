"""Objects as files below one directory, which any web server could serve as it is.

A file is written beside its place and renamed, so a reader finds it whole or not at all and needs no lock.
`put` leaves it to the system when the bytes reach the disk, because the journal has them already; `settle`
makes sure of it: every file first, then every directory that got a new name, one fsync each. A power cut
before that may leave objects of the last moments missing or, on some file systems, empty; what the journal
says is done again then (rename(2), fsync(2)).
"""

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from log_server.storage.failures import explain, outcome_unknown
from log_server.storage.protocol import check_name
from log_server.storage.spare_files import Spare, SpareFiles

_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
_OPEN_MODE = 0o644
_PARTIAL = ".p/"
"""In the names of partial tiles and entry bundles (C2SP tlog-tiles, "Partial tiles")."""


class PosixObjects:
    """Objects below a directory. One thread of one process puts and deletes; any number get."""

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root.absolute())
        self._spare = SpareFiles(self._root)
        self._unsettled: deque[str] = deque()  # grows in `put`, shrinks in `settle`; its operations are atomic
        self._settling = Lock()

    def get(self, name: str) -> bytes | None:
        """Return an object's content, None where there is none.

        Raises:
            StorageError: It is there and cannot be read.
        """
        path = self._path(name)
        with explain(path):
            try:
                with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path costs as much as the read
                    return file.read()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None

    def put(self, name: str, content: bytes) -> None:
        """Store an object: visible at once, durable after `settle`.

        Raises:
            StorageError: It could not be stored; the error says where and what to do.
        """
        path = self._path(name)
        with explain(path):
            spare = self._spare.take() if _PARTIAL in name else None  # see SpareFiles: after a power cut
            beside, handle, size = spare or self._create(path)
            try:
                _write_all(handle, content)
                if len(content) < size:
                    os.ftruncate(handle, len(content))
            finally:
                os.close(handle)
            try:
                os.rename(beside, path)  # noqa: PTH104 - see get
            except FileNotFoundError:
                self._make_folder(path.rpartition("/")[0])
                os.rename(beside, path)  # noqa: PTH104 - see get
        self._unsettled.append(path)

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is no error.

        Raises:
            StorageError: It is there and cannot be removed.
        """
        path = self._path(name)
        with explain(path):
            self._spare.keep(path)

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names below a prefix that ends in a slash, in no particular order."""
        top = self._path(prefix.removesuffix("/"))
        for folder, _, files in os.walk(top):
            below = os.path.relpath(folder, self._root)
            yield from (f"{below}/{name}" for name in files if not name.startswith("."))

    def settle(self) -> None:
        """Make durable everything that was put before this call began. Another thread may go on putting.

        Raises:
            OutcomeUnknown: The device refused; what was put may be lost at the next power cut.
        """
        with self._settling:
            paths = dict.fromkeys(self._unsettled.popleft() for _ in range(len(self._unsettled)))
            folders = dict.fromkeys(path.rpartition("/")[0] for path in paths if _sync(path))
            for folder in folders:
                _sync(folder)

    def _path(self, name: str) -> str:
        check_name(name)
        return f"{self._root}/{name}"

    def _create(self, path: str) -> Spare:
        """Make a new file beside a path."""
        folder, _, last = path.rpartition("/")
        beside = f"{folder}/.{last}"
        try:
            return Spare(beside, os.open(beside, _NEW, _OPEN_MODE), 0)
        except FileNotFoundError:
            self._make_folder(folder)
            return Spare(beside, os.open(beside, _NEW, _OPEN_MODE), 0)

    def _make_folder(self, folder: str) -> None:
        """Make a folder and those above it, each of which is a new name to settle in the one that holds it."""
        missing = []
        while not os.path.isdir(folder):  # noqa: PTH112 - see get
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        for path in reversed(missing):
            os.mkdir(path)  # noqa: PTH102 - see get
            self._unsettled.append(path)


def _write_all(handle: int, content: bytes) -> None:
    """Write everything: a disk that fills up takes a part first, and says so at the next attempt."""
    written = os.write(handle, content)
    while written < len(content):
        written += os.write(handle, content[written:])


def _sync(path: str) -> bool:
    """Make one file or directory durable; say whether it still exists."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise outcome_unknown(path, error) from error
    try:
        os.fsync(handle)
    except OSError as error:
        raise outcome_unknown(path, error) from error
    finally:
        os.close(handle)
    return True
