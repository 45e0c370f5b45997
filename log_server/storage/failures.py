"""What the system says about a file, as errors of the ports: the path, the reason, and what to do about it."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from log_server.storage.protocol import OutcomeUnknown, StorageError

_ADVICE: Final[Mapping[int, str]] = {
    errno.ENOSPC: "the disk is full; free space or move the data directory to a larger one",
    errno.EDQUOT: "the disk quota is used up; raise it or free space",
    errno.EFBIG: "it is as large as this process may make a file; raise the limit (ulimit -f)",
    errno.EROFS: "the file system is read-only; mount it writable, after a look at why it is not",
    errno.EACCES: "permission denied; give the directory to the user the server runs as",
    errno.EPERM: "not permitted; give the directory to the user the server runs as",
    errno.EMFILE: "too many open files; raise the limit (ulimit -n)",
    errno.ENFILE: "the system has too many open files",
    errno.EIO: "input/output error; look at the system log for what the device reports, and replace it",
}


def storage_error(path: str | Path, error: OSError) -> StorageError:
    """Explain an error that left everything as it was."""
    return StorageError(str(path), _reason(error))


def outcome_unknown(path: str | Path, error: OSError) -> OutcomeUnknown:
    """Explain an error after which nobody can say what is on the disk."""
    return OutcomeUnknown(str(path), _reason(error))


def _reason(error: OSError) -> str:
    return _ADVICE.get(error.errno or 0) or error.strerror or "it cannot be used"


@contextmanager
def explain(path: str | Path) -> Iterator[None]:
    """Turn what the system says about a file into an error that names it.

    Raises:
        StorageError: Any OSError inside the block.
    """
    try:
        yield
    except OSError as error:
        raise storage_error(path, error) from error
