"""Servers of others as processes: started, waited for, stopped."""

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

START_SECONDS: Final = 90.0
"""For a start on a machine with much else to do; an idle one needs three seconds for the slowest."""
STOP_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.05
_TAIL: Final = 4000


class ProgramError(Exception):
    """A server did not start or stop as it should; with the end of all it said."""


@dataclass
class Program:
    """A server: its command line, and the file for all it says."""

    command: Sequence[str]
    messages: Path
    environment: dict[str, str] | None = None
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self, is_ready: Callable[[], bool]) -> None:
        """Start it and wait until it is ready.

        Raises:
            ProgramError: It ended, or was not ready in time.
        """
        with self.messages.open("ab") as messages:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages, env=self.environment
            )
        await_true(is_ready, f"{self.command[0]} is ready", START_SECONDS, self._expect_alive)

    def stop(self) -> None:
        """Ask it to end, and wait; kill it if it does not.

        Raises:
            ProgramError: It had to be killed.
        """
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
            self.process = None
            return
        self.kill()
        raise ProgramError(f"{self.command[0]} did not stop: {self.tail()}")

    def kill(self) -> None:
        """End it as a crash of its machine would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def tail(self) -> str:
        """Return the end of what it said."""
        return self.messages.read_text(errors="replace")[-_TAIL:]

    def _expect_alive(self) -> None:
        if not self.is_running:
            raise ProgramError(f"{self.command[0]} ended: {self.tail()}")


def _nothing() -> None:
    return


def await_true(
    is_so: Callable[[], bool], what: str, seconds: float = 20.0, meanwhile: Callable[[], None] = _nothing
) -> None:
    """Wait until something is so.

    Raises:
        ProgramError: It was not in time.
    """
    deadline = time.monotonic() + seconds
    while not is_so():
        meanwhile()
        if time.monotonic() > deadline:
            raise ProgramError(f"not in {seconds} seconds: {what}")
        time.sleep(_POLL_SECONDS)
