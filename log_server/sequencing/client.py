"""The worker's side: submissions go out in frames, answers come back to whoever still waits."""

import asyncio
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple, cast

from log_server.log import TryLater
from log_server.sequencing.frames import (
    FrameBuffer,
    Place,
    Refused,
    Sequenced,
    Submission,
    decode_reply,
    encode_submissions,
    frame,
)
from log_server.sequencing.readiness import read_trouble, trouble_path
from log_server.tlog.reader import Tree
from log_server.tlog.values import Draft

RETRY_SECONDS: Final = 1
"""What Retry-After says when this worker has too much waiting: a queue drains in far less."""

_RECONNECT_SECONDS: Final = 0.05


class Answer(NamedTuple):
    """A submission's place, and the tree that its batch made public."""

    place: Place
    tree: Tree


class SequencerClient(asyncio.Protocol):
    """One worker's connection to the sequencer of one log."""

    def __init__(self, socket_path: Path, max_waiting: int) -> None:
        self._path = socket_path
        self._max_waiting = max_waiting
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._outgoing: list[Submission] = []
        self._buffer = FrameBuffer()
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Count the submissions that have no answer yet."""
        return len(self._waiting)

    @property
    def connected(self) -> bool:
        """Say whether the sequencer is there."""
        return self._transport is not None

    @property
    def trouble(self) -> str:
        """Say why an entry cannot be logged now; nothing if it can."""
        return read_trouble(trouble_path(self._path)) if self.connected else "the sequencer is not there"

    async def submit(self, draft: Draft) -> Answer:
        """Hand a draft to the sequencer and wait for its place.

        Whoever is cancelled while waiting takes nothing with him: his submission goes on, its answer is dropped.

        Raises:
            TryLater: Too much is waiting, the sequencer is away, or it refused; see `Log.append`.
        """
        if self._transport is None:
            raise TryLater("the log is starting or recovering", RETRY_SECONDS)
        if len(self._waiting) >= self._max_waiting:
            raise TryLater(f"{self._max_waiting} entries are waiting to be logged", RETRY_SECONDS)
        loop = asyncio.get_running_loop()
        number = next(self._numbers)
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting[number] = future
        if not self._outgoing:
            loop.call_soon(self._flush)
        self._outgoing.append(Submission(number, draft.content, draft.identity, draft.keys, draft.objects))
        return await future

    def start(self) -> None:
        """Begin to connect, and to connect again whenever the sequencer went away."""
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    def close(self) -> None:
        """End the connection; whoever waits is told to try later."""
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin anew: numbers go on, so that no answer can be taken for another's."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one, and does not say so
        self._buffer = FrameBuffer()

    def data_received(self, data: bytes) -> None:
        """Give each answer to whoever waits for it."""
        for content in self._buffer.feed(data):
            reply = decode_reply(content)
            if isinstance(reply, Refused):
                self._refuse(reply.numbers, reply.why, reply.retry_after)
            else:
                self._deliver(reply)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 # the protocol's parameter
        """Tell all who wait that it is unknown what became of their entries; the same again is answered safely."""
        self._transport = None
        self._outgoing.clear()
        self._refuse(list(self._waiting), "the log is restarting", RETRY_SECONDS)
        if not self._closed:
            self.start()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._closed:
            try:
                await loop.create_unix_connection(lambda: self, str(self._path))
            except OSError:  # not there yet
                await asyncio.sleep(_RECONNECT_SECONDS)
            else:
                return

    def _flush(self) -> None:
        if self._transport is not None and self._outgoing:
            self._transport.write(frame(encode_submissions(self._outgoing)))
        self._outgoing = []

    def _deliver(self, batch: Sequenced) -> None:
        tree = Tree(batch.size, batch.root, batch.checkpoint)
        for place in batch.places:
            future = self._waiting.pop(place.number, None)
            if future is not None and not future.done():
                future.set_result(Answer(place, tree))

    def _refuse(self, numbers: Sequence[int], why: str, retry_after: int) -> None:
        for number in numbers:
            future = self._waiting.pop(number, None)
            if future is not None and not future.done():
                future.set_exception(TryLater(why, retry_after))
