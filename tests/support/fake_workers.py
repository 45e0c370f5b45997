"""Workers of the webhook's engine that are threads, and answer what a test wants."""

import itertools
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from cosignpy.webhook.engine.messages import (
    Answer,
    Decide,
    Decided,
    Found,
    Question,
    Renew,
    Resolve,
    ToWorker,
    decode_question,
    encode,
)
from cosignpy.webhook.engine.worker import read_message

_IDS: Final = itertools.count(1)


class Hangup(Exception):
    """Raised by an answer that ends the worker."""


class FakeWorker:
    """One worker; implements `pool.Process`. An answer of None is none, for ever."""

    def __init__(self, connection: socket.socket, answer: Callable[[Question], Answer | bytes | None]) -> None:
        self.pid = next(_IDS)
        self.told: list[ToWorker] = []
        self.killed = False
        self._answer = answer
        self._socket = socket.socket(fileno=connection.detach())
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def poll(self) -> int | None:
        """Return whether it ended."""
        return None if self._thread.is_alive() else 0

    def kill(self) -> None:
        """End it."""
        self.killed = True
        with suppress(OSError):  # it ends at this moment
            self._socket.shutdown(socket.SHUT_RDWR)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        self._thread.join(timeout)
        return 0

    def _serve(self) -> None:
        with self._socket, self._socket.makefile("rb") as source:
            while (content := read_message(source)) is not None:
                message = decode_question(content)
                self.told.append(message)
                if isinstance(message, Decide | Resolve | Renew):
                    try:
                        answer = self._answer(message)
                    except Hangup:
                        return
                    if answer is None:
                        continue
                    with suppress(BrokenPipeError):  # nobody waits for it any more
                        self._socket.sendall(answer if isinstance(answer, bytes) else encode(answer))


class FakeWorkers:
    """Starts workers that answer the same; those that were started are kept."""

    def __init__(self, answer: Callable[[Question], Answer | bytes | None]) -> None:
        self.started: list[FakeWorker] = []
        self.failures = 0
        self._answer = answer

    def spawn(self, connection: socket.socket) -> FakeWorker:
        """Start one.

        Raises:
            OSError: As often as a test wants.
        """
        if self.failures:
            self.failures -= 1
            raise OSError("no processes are left")
        self.started.append(FakeWorker(connection, self._answer))
        return self.started[-1]

    def told(self, kind: type[ToWorker]) -> list[ToWorker]:
        """Return what all of them were told, of a kind."""
        return [message for worker in self.started for message in worker.told if isinstance(message, kind)]


def passing(question: Question) -> Answer:
    """Let everything pass that is asked about, for an hour and an hour of grace."""
    if isinstance(question, Decide):
        return Decided(question.number, "passed", is_kept=True, lifetime=3600.0, grace=3600.0, moment=1000.0)
    return Found(question.number, f"sha256:{'b' * 64}".encode())
