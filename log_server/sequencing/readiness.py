"""Whether a log can commit, told by its sequencer to the processes that are asked.

It stands in a small file beside the sequencer's socket, which is made once and overwritten in place: a disk that
is full cannot keep it from being told.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from log_server.storage.failures import explain
from log_server.storage.protocol import StorageError

IDLE_SECONDS: Final = 60
"""A log that has committed nothing for so long tries whether it could."""

TROUBLED_SECONDS: Final = 2
"""A log that could not commit tries as often as this, so that it can say when it can again."""

_TRIAL: Final = bytes(64 * 1024)
"""As much as a batch of some hundred entries."""

_TRIAL_NAME: Final = ".trial"
_LONGEST: Final = 1024
"""Octets of a reason."""


def trouble_path(socket_path: Path) -> Path:
    """Return where a sequencer tells why it cannot commit."""
    return socket_path.with_suffix(".trouble")


def read_trouble(path: Path) -> str:
    """Return why a sequencer cannot commit; nothing if it can, or is not there to say so."""
    try:
        return path.read_bytes().rstrip(b"\0").decode("utf-8", "replace")
    except OSError:
        return ""


class Readiness:
    """The sequencer's side: it notes what became of batches, and tries for itself when there are none."""

    def __init__(self, path: Path, folder: Path, now: float) -> None:
        """Say that the log whose files are in `folder` can commit, as it just did when it was opened.

        Raises:
            StorageError: The file cannot be made.
        """
        with explain(path):
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._folder = folder
        self._told: str | None = None
        self._tell("", now)

    def committed(self, now: float) -> None:
        """Note that a batch is in the log."""
        self._tell("", now)

    def refused(self, error: StorageError, now: float) -> None:
        """Note that a batch could not be stored."""
        self._tell(error.why, now)

    def look(self, trouble: str, now: float) -> None:
        """Tell what keeps the writer from its work; where nothing does and nothing was written, try to write."""
        if trouble:
            self._tell(trouble, now)
        elif now >= self._try_at:
            self._tell(_try_to_write(self._folder), now)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)

    def _tell(self, why: str, now: float) -> None:
        self._try_at = now + (TROUBLED_SECONDS if why else IDLE_SECONDS)
        if why != self._told:
            os.pwrite(self._handle, why.encode()[:_LONGEST].ljust(_LONGEST, b"\0"), 0)
            self._told = why


def _try_to_write(folder: Path) -> str:
    """Write, flush and remove a file; say why that does not work."""
    path = folder / _TRIAL_NAME
    try:
        with explain(path), path.open("wb") as file:
            file.write(_TRIAL)
            file.flush()
            os.fsync(file.fileno())
    except StorageError as error:
        return error.why
    finally:
        with suppress(OSError):  # what is left of it is overwritten the next time
            path.unlink()
    return ""
