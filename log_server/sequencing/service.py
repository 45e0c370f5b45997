"""The sequencer's side: one thread takes everything that waits, sequences it as one batch, and answers.

While a batch is being written the next one gathers in the socket buffers, so batches grow with the load by
themselves. Nobody who waits can hold up another: answers to a worker that does not read are kept apart.
"""

import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from cosignpy.errors import MalformedError
from cosignpy.values import value
from log_server.sequencing.frames import (
    FrameBuffer,
    Place,
    Refused,
    Sequenced,
    Submission,
    decode_submissions,
    encode_reply,
    frame,
)
from log_server.storage.protocol import StorageError
from log_server.tlog.values import Draft, Published

_LOG: Final = logging.getLogger(__name__)

RETRY_SECONDS: Final = 2
"""What Retry-After says when a batch could not be stored."""

_READ: Final = 1 << 20
"""Octets taken from a worker before a batch is closed: some hundred entries."""

_TICK_SECONDS: Final = 0.5
"""How often the thread looks after itself when nothing arrives."""


class Batches(Protocol):
    """What the service drives; its errors other than `StorageError` end the service."""

    def sequence(self, drafts: Sequence[Draft], now_ms: int) -> Published:
        """Sequence a batch; see `Sequencer.sequence`."""
        ...

    def tick(self, now_ms: int) -> None:
        """Do what is due regularly."""
        ...


@value
class Pace:
    """How long a batch may gather while the log is busy, in seconds: fewer, larger batches cost less."""

    busy: int = 8
    gather: float = 0.004


class _Worker:
    """A connection from a worker: what it has sent, and answers it has not read yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.incoming = FrameBuffer()
        self.outgoing = bytearray()

    def receive(self) -> list[Submission] | None:
        """Return the submissions that are complete; None when the worker is gone."""
        try:
            data = self.connection.recv(_READ)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        return [one for content in self.incoming.feed(data) for one in decode_submissions(content)]

    def send(self) -> bool:
        """Send what is left; say whether the worker is still there."""
        try:
            while self.outgoing:
                del self.outgoing[: self.connection.send(self.outgoing)]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True


class SequencerService:
    """Serves one log's sequencer on a local socket, in a thread of its own."""

    def __init__(self, batches: Batches, socket_path: Path, on_failure: Callable[[Exception], None]) -> None:
        self._batches = batches
        self._on_failure = on_failure
        self._selector = selectors.DefaultSelector()
        self._stop = threading.Event()
        self._pace = Pace()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(socket_path))
        self._listener.listen()
        self._listener.settimeout(0)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name=f"sequencer-{socket_path.name}", daemon=True)

    def start(self) -> None:
        """Begin to sequence."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in hand and end."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._turn()
        except Exception as error:  # noqa: BLE001 # whatever it is, the log has stopped, and that must be known
            self._on_failure(error)
        finally:
            for key in list(self._selector.get_map().values()):
                self._drop(key.fileobj)
            self._selector.close()

    def _turn(self) -> None:
        """Take what waits as one batch; while the log is busy, let it gather a moment longer."""
        waiting = list(self._receive(_TICK_SECONDS))
        if len(waiting) >= self._pace.busy:
            until = time.monotonic() + self._pace.gather
            while (left := until - time.monotonic()) > 0:
                waiting += self._receive(left)
        now_ms = time.time_ns() // 1_000_000
        if waiting:
            self._sequence(waiting, now_ms)
        self._batches.tick(now_ms)

    def _receive(self, seconds: float) -> Iterator[tuple[_Worker, Submission]]:
        for key, events in self._selector.select(seconds):
            worker = key.data
            if worker is None:
                self._accept()
            elif events & selectors.EVENT_WRITE and not worker.send():
                self._drop(worker.connection)
            elif events & selectors.EVENT_READ:
                yield from self._read(worker)
            elif not worker.outgoing:
                self._selector.modify(worker.connection, selectors.EVENT_READ, worker)

    def _read(self, worker: _Worker) -> Iterator[tuple[_Worker, Submission]]:
        try:
            submissions = worker.receive()
        except MalformedError:
            submissions = None
        if submissions is None:
            self._drop(worker.connection)
            return
        for submission in submissions:
            yield worker, submission

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(0)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            connection.setsockopt(socket.SOL_SOCKET, option, 4 << 20)
        self._selector.register(connection, selectors.EVENT_READ, _Worker(connection))

    def _drop(self, connection: object) -> None:
        assert isinstance(connection, socket.socket)  # noqa: S101 # nothing else is registered
        if connection.fileno() < 0:  # a worker that died while its submissions were sequenced
            return
        self._selector.unregister(connection)
        connection.close()

    def _sequence(self, waiting: Sequence[tuple[_Worker, Submission]], now_ms: int) -> None:
        drafts = [Draft(one.content, one.identity, one.keys, one.objects) for _, one in waiting]
        by_worker: dict[_Worker, list[int]] = {}
        for position, (worker, _) in enumerate(waiting):
            by_worker.setdefault(worker, []).append(position)
        try:
            published = self._batches.sequence(drafts, now_ms)
        except StorageError as error:
            _LOG.warning("%d submissions were refused: %s", len(drafts), error)
            why = f"the log cannot take entries now: {error.why}"  # which file it is about is no client's business
            for worker, positions in by_worker.items():
                self._send(worker, Refused(why, RETRY_SECONDS, [waiting[at][1].number for at in positions]))
            return
        for worker, positions in by_worker.items():
            places = [
                Place(waiting[at][1].number, place.index, place.timestamp_ms, place.duplicate, place.proof)
                for at in positions
                for place in (published.places[at],)
            ]
            self._send(worker, Sequenced(published.size, published.root, published.checkpoint, places))

    def _send(self, worker: _Worker, reply: Sequenced | Refused) -> None:
        worker.outgoing += frame(encode_reply(reply))
        if not worker.send():
            self._drop(worker.connection)
        elif worker.outgoing:
            self._selector.modify(worker.connection, selectors.EVENT_READ | selectors.EVENT_WRITE, worker)
