"""Room on the disk: a batch is taken only where everything that follows from it has room as well.

A disk that fills up is then a refusal before the commit point, after which readers are served and nothing has to
be recovered. The reserve is what is left for completing and merging what was committed before.
"""

import os
from pathlib import Path
from typing import Final

from cosignpy.values import record, value
from log_server.storage.failures import explain
from log_server.storage.protocol import StorageError

RESERVE: Final = 64 << 20
"""Octets: some twenty times what a full batch of ordinary entries writes to journal, bundles, tiles and index."""

RESERVED_FILES: Final = 1000
"""Files: a full batch makes some dozens; file systems that make room for names as needed say that they have none."""


@record
class DiskFull(StorageError):
    """There is too little room to take entries; nothing was written."""


@value
class DiskRoom:
    """The file system of a folder; it implements `Room`. `reserve` is in octets."""

    folder: Path
    reserve: int = RESERVE

    def check(self) -> None:
        """See that there is room for a batch.

        Raises:
            DiskFull: There is not.
            StorageError: The folder is gone.
        """
        with explain(self.folder):
            status = os.statvfs(self.folder)
        free = status.f_bavail * status.f_frsize
        if free < self.reserve:
            raise DiskFull(str(self.folder), _advise(f"{free >> 20} MiB", f"{self.reserve >> 20} MiB"))
        if status.f_files and status.f_favail < RESERVED_FILES:
            raise DiskFull(str(self.folder), _advise(f"{status.f_favail} files", f"{RESERVED_FILES}"))


def _advise(free: str, reserve: str) -> str:
    return f"the disk is nearly full: {free} are free, and entries are taken with {reserve}; free space"
