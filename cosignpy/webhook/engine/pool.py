"""The worker processes: kept running, told what they need to know, and asked.

A worker that dies takes its questions with it: each is asked once more of another one, and fails when that dies too.
A worker that answers long after the deadline, or never, is killed. Nothing that goes wrong here admits an image.
"""

import asyncio
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from cosignpy.errors import CosignError
from cosignpy.values import field, record, value
from cosignpy.webhook.engine.connection import Connection
from cosignpy.webhook.engine.messages import (
    Answer,
    Extend,
    NewPolicy,
    NewTrust,
    OldPolicies,
    Question,
    Setup,
    encode,
)
from cosignpy.webhook.ports import CompiledPolicy

MODULE: Final = "cosignpy.webhook.engine.worker"
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 10.0
"""Seconds until a worker that died is started again: twice as many each time."""
LONG_LIFE: Final = 60.0
"""Seconds after which a worker that dies is the first one to."""
OVERDUE: Final = 2.0
"""Seconds after the deadline at which an answer is not waited for any more: a condition may compute longer."""
STUCK: Final = 30.0
"""Seconds of silence after which a worker is killed that has a question it should have answered."""
STOP_SECONDS: Final = 2.0

_LOG: Final = logging.getLogger(__name__)


@record
class WorkerLost(CosignError):
    """The workers that were asked died, or did not answer."""

    why: str = "the process that verifies ended, twice"

    def __str__(self) -> str:
        return self.why


class Process(Protocol):
    """A process that was started."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        ...


Spawn = Callable[[socket.socket], Process]
"""Starts a worker whose standard input is a socket."""


def spawn_worker(connection: socket.socket) -> Process:
    """Start a worker; its own threads and imports are its own business, so that nothing is shared by a fork."""
    return subprocess.Popen([sys.executable, "-P", "-m", MODULE], stdin=connection.fileno())  # noqa: S603 # our program


@value
class Known:
    """What every worker is told at once: the setup, and who is believed; `trust` is told when it changes."""

    setup: Setup
    trust: Callable[[], NewTrust]


@record
class _Worker:
    """A running worker, what it knows, and what it is asked."""

    process: Process
    connection: Connection
    started: float
    heard: float
    policies: set[str] = field(default_factory=set)
    trust: NewTrust | None = None
    waiting: dict[int, "asyncio.Future[Answer]"] = field(default_factory=dict)


class Pool:
    """So many workers."""

    def __init__(self, size: int, known: Known, spawn: Spawn = spawn_worker) -> None:
        self._size = size
        self._known = known
        self._spawn = spawn
        self._workers: list[_Worker] = []
        self._asked: dict[int, _Worker] = {}
        self._ready = asyncio.Event()
        self._pause = FIRST_PAUSE
        self._stopping = False
        self._restarts: set[asyncio.TimerHandle] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self.deaths = 0

    @property
    def waiting(self) -> int:
        """How many questions workers have."""
        return len(self._asked)

    @property
    def running(self) -> int:
        """How many workers there are."""
        return len(self._workers)

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the workers' processes."""
        return tuple([each.process.pid for each in self._workers])

    async def start(self) -> None:
        """Start all workers; they are ready when they answer."""
        for _ in range(self._size):
            await self._start_one()

    async def stop(self) -> None:
        """End all workers: what they were asked fails."""
        self._stopping = True
        for each in self._restarts:
            each.cancel()
        for worker in tuple(self._workers):
            worker.connection.close()
        until = time.monotonic() + STOP_SECONDS
        for worker in tuple(self._workers):
            await asyncio.to_thread(_end, worker.process, until)
        self._workers.clear()

    async def ask(
        self, question: Question, policies: Sequence[CompiledPolicy], deadline: Callable[[], float]
    ) -> Answer:
        """Ask the worker that has the fewest questions; once more, where it dies.

        Raises:
            WorkerLost: Both died, or one is stuck, or there is none in time.
            LimitExceeded: The question is larger than any.
        """
        for _ in range(2):
            worker = await self._choose(deadline)
            try:
                return await self._ask(worker, question, policies, deadline)
            except ConnectionError:
                continue
        raise WorkerLost

    def extend(self, number: int, deadline: float) -> None:
        """Allow a question more time, if it is asked at this moment."""
        worker = self._asked.get(number)
        if worker is not None:
            worker.connection.send(encode(Extend(number, deadline)))

    def forget(self, versions: set[str]) -> None:
        """Have workers forget policies that are gone."""
        for worker in self._workers:
            gone = worker.policies & versions
            if gone:
                worker.policies -= gone
                worker.connection.send(encode(OldPolicies(tuple(sorted(gone)))))

    async def _ask(
        self, worker: _Worker, question: Question, policies: Sequence[CompiledPolicy], deadline: Callable[[], float]
    ) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._tell(worker, policies)
        worker.connection.send(encode(question))
        worker.waiting[question.number] = future
        self._asked[question.number] = worker
        try:
            while not future.done():
                left = deadline() + OVERDUE - time.monotonic()
                if left <= 0:
                    _end_if_stuck(worker)
                    raise WorkerLost("the process that verifies did not answer in time")
                await asyncio.wait((future,), timeout=left)
            return future.result()
        finally:
            worker.waiting.pop(question.number, None)
            self._asked.pop(question.number, None)

    def _tell(self, worker: _Worker, policies: Sequence[CompiledPolicy]) -> None:
        """Tell a worker what it has to know to answer."""
        trust = self._known.trust()
        if trust is not worker.trust:
            worker.connection.send(encode(trust))
            worker.trust = trust
        for policy in policies:
            if policy.version not in worker.policies:
                worker.connection.send(encode(NewPolicy(policy.version, policy.encoded)))
                worker.policies.add(policy.version)

    async def _choose(self, deadline: Callable[[], float]) -> _Worker:
        while not self._workers:
            left = deadline() - time.monotonic()
            if left <= 0 or self._stopping:
                raise WorkerLost("no process that verifies is running")
            self._ready.clear()
            try:
                await asyncio.wait_for(self._ready.wait(), left)
            except TimeoutError:
                continue
        return min(self._workers, key=lambda each: len(each.waiting))

    async def _start_one(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            process = self._spawn(theirs)
        except OSError as error:  # no files, processes or memory are left, for a while
            ours.close()
            _LOG.error("no worker can be started: %s", error)
            self._start_later()
            return
        finally:
            theirs.close()
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_unix_connection(lambda: Connection(self._answered, self._lost), sock=ours)
        connection.send(encode(self._known.setup))
        now = time.monotonic()
        self._workers.append(_Worker(process, connection, now, now))
        self._ready.set()

    def _answered(self, connection: Connection, answer: Answer) -> None:
        worker = self._worker_of(connection)
        if worker is not None:
            worker.heard = time.monotonic()
        future = worker.waiting.get(answer.number) if worker is not None else None
        if future is not None and not future.done():
            future.set_result(answer)

    def _lost(self, connection: Connection) -> None:
        worker = self._worker_of(connection)
        if worker is None:
            return
        self._workers.remove(worker)
        for future in worker.waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError())
        if self._stopping:
            return
        self.deaths += 1
        _LOG.error("worker %d is gone; starting another", worker.process.pid)
        if worker.process.poll() is None:  # it closed the connection, or said what nobody understands
            worker.process.kill()
        asyncio.get_running_loop().run_in_executor(None, worker.process.wait)
        if time.monotonic() - worker.started > LONG_LIFE:
            self._pause = FIRST_PAUSE
        self._start_later()

    def _start_later(self) -> None:
        loop = asyncio.get_running_loop()

        def start() -> None:
            self._restarts.discard(handle)
            task = loop.create_task(self._start_one())
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

        handle = loop.call_later(self._pause, start)
        self._restarts.add(handle)
        self._pause = min(LONGEST_PAUSE, self._pause * 2)

    def _worker_of(self, connection: Connection) -> _Worker | None:
        return next((each for each in self._workers if each.connection is connection), None)


def _end_if_stuck(worker: _Worker) -> None:
    if time.monotonic() - worker.heard > STUCK:
        _LOG.error("worker %d says nothing any more; it is killed", worker.process.pid)
        worker.process.kill()


def _end(process: Process, until: float) -> None:
    """Wait for the end of a process that has nothing to do any more, and end it where that takes long."""
    try:
        process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
