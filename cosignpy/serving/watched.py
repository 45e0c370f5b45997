"""Files that may change while a server runs: certificates, keys, lists of writers."""

import logging
from collections.abc import Iterable
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
            CosignError: It is unusable; what was read before stays in force.
        """
        ...


class WatchedFiles:
    """Tells whether any of a set of files was replaced, written to or made readable since it was last asked."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._seen = self._stamp()

    def changed(self) -> bool:
        """Look at the files; a change is reported once."""
        now = self._stamp()
        before, self._seen = self._seen, now
        return now != before

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
