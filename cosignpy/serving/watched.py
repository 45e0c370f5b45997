"""Files that may change while a server runs: certificates, keys, lists of writers."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

from cosignpy.errors import CosignError

_LOG: Final = logging.getLogger(__name__)

Stamp = tuple[tuple[int, int, int], ...]
"""What changes when one of several files does, or who may read it: inode, size and time of change of each."""


class Reloadable(Protocol):
    """Something that was read from files and can read them again."""

    def reload_if_changed(self) -> None:
        """Take what the files say now.

        Raises:
            CosignError: It is unusable; what was read before stays in force. Said once, and tried again each time.
        """
        ...


class WatchedFiles:
    """Has a set of files read when any of them was replaced, written to or made readable, until that succeeds."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._seen = self._stamp()
        self._complaint = ""

    def follow(self, read: Callable[[], None]) -> None:
        """Read the files if they changed, or if that failed the last time: a process may be out of files for a while.

        Raises:
            CosignError: What `read` raises; the same about the same files only once.
        """
        now = self._stamp()
        changed, self._seen = now != self._seen, now
        if not changed and not self._complaint:
            return
        try:
            read()
        except CosignError as error:
            before, self._complaint = self._complaint, str(error)
            if changed or self._complaint != before:
                raise
        else:
            self._complaint = ""

    def _stamp(self) -> Stamp:
        return tuple(_stamp_of(path) for path in self._paths)


def _stamp_of(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)  # between the removal of the old file and the arrival of the new one
    return (status.st_ino, status.st_size, status.st_ctime_ns)


def reload_all(watched: Iterable[Reloadable]) -> None:
    """Let each of them look at its files; what is unusable there is logged, and the others are not kept from theirs."""
    for item in watched:
        try:
            item.reload_if_changed()
        except CosignError as error:
            _LOG.error("what was read before stays in force: %s", error)
