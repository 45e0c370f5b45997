"""Files that are not needed any more, kept to be written again.

A log replaces its partial tiles with each batch. To make a file and delete another costs more than to write one again,
and on ext4 without a journal far more: before it takes an inode it looks at each that was freed in the last five
seconds, and that was a third of all the sequencer did. A file is written again only if it is nobody else's: no
process has it open, which a lease tells (fcntl(2), F_SETLEASE), and no other name leads to it.

It still holds what it held: to empty it first would have ext4 write it to the disk as soon as it is closed. After
a power cut it may hold that under its new name; partial tiles are then written again from the journal.
"""

import fcntl
import os
from collections import deque
from contextlib import suppress
from stat import S_ISREG
from typing import Final, NamedTuple

MAX_SPARE: Final = 64
"""Files kept; each holds what it held before, some 100 kB at the most."""

_PREFIX: Final = ".spare-"


class Spare(NamedTuple):
    """A file that nobody else has, open to be written, and how long it is."""

    path: str
    handle: int
    size: int


class SpareFiles:
    """The spare files of one directory; one thread keeps and takes them."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._spare: deque[str] = deque()
        self._number = 0

    def keep(self, path: str) -> None:
        """Take a file out of its place, to be written again or, when there are enough, to be deleted.

        Raises:
            OSError: It is there and cannot be moved.
        """
        with suppress(FileNotFoundError):
            if len(self._spare) >= MAX_SPARE or not S_ISREG(os.lstat(path).st_mode):
                os.unlink(path)  # noqa: PTH108 - a Path costs as much as the system call
                return
            spare = f"{self._root}/{_PREFIX}{self._number % MAX_SPARE}"  # those of an earlier run are replaced
            os.rename(path, spare)  # noqa: PTH104 - see above
            self._spare.append(spare)
            self._number += 1

    def take(self) -> Spare | None:
        """Return a file, None if there is none that is nobody else's.

        Raises:
            OSError: A spare file cannot be used.
        """
        while self._spare:
            path = self._spare.popleft()
            handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            if _is_ours_alone(handle):
                return Spare(path, handle, os.fstat(handle).st_size)
            os.close(handle)
            os.unlink(path)  # noqa: PTH108 - see above
        return None


def _is_ours_alone(handle: int) -> bool:
    """Say whether no other process has a file open, and no other name leads to it, such as a copy's by `cp -l`."""
    if os.fstat(handle).st_nlink != 1:
        return False
    try:
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError:  # someone has it open, or the file system knows no leases
        return False
    fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return True
