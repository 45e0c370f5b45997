"""How the index uses SQLite: one way to open a file, and one error for whatever is wrong with it."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from log_server.storage.failures import storage_error
from log_server.storage.protocol import StorageDamaged, StorageError

_ADVICE: Final = "build the index anew: fsck --rebuild index"


def open_database(path: Path, mode: str) -> sqlite3.Connection:
    """Open a database file; threads may share the connection, transactions are begun by hand.

    `mode` is a query of SQLite's file URIs: `mode=rwc`, `mode=ro`, `mode=ro&immutable=1`.

    Raises:
        sqlite3.Error: It cannot be opened.
    """
    uri = f"{path.absolute().as_uri()}?{mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


@contextmanager
def explain_database(path: Path) -> Iterator[None]:
    """Turn what SQLite says into an error that names the file.

    Raises:
        StorageDamaged: The file is not there, not a database, or not the one it was.
        StorageError: Any other error of SQLite's inside the block.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
            raise storage_error(path, OSError(errno.ENOSPC, str(error))) from error
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CANTOPEN and not path.exists():
            raise StorageDamaged(str(path), f"it is not there; {_ADVICE}") from error
        raise StorageError(str(path), f"{error}; if the disk is in order, {_ADVICE}") from error
    except sqlite3.Error as error:
        raise StorageDamaged(str(path), f"{error}; {_ADVICE}") from error
