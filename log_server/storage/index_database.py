"""How the index uses SQLite: one way to open a file, and one error for whatever is wrong with it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from log_server.storage.protocol import StorageError


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
        StorageError: Any error of SQLite's inside the block.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(
            str(path), f"{error}; if the disk is in order, delete the index, it is built anew"
        ) from error
