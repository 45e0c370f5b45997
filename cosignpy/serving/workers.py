"""A server of several processes: the first one keeps workers running, which share one port.

Workers are the same program under another module name. What they must know comes on their standard input, so that
keys never stand in arguments or in the environment; and when that input ends, their parent is gone, and they end too.
"""

import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final, TypeVar

import msgspec

from cosignpy.errors import CosignError, UsageError
from cosignpy.serving.metrics import MetricsPage, forget_worker
from cosignpy.serving.threaded import ServerOptions, ThreadedServer, bind
from cosignpy.values import value

_LOG: Final = logging.getLogger(__name__)

_POLL_SECONDS: Final = 0.2
_DRAIN_SECONDS: Final = 20.0
"""How long workers may take to answer what they have begun."""

_RESTART_SECONDS: Final = 1.0
"""A worker that dies is started again, but not more often than this."""

_PORT_SECONDS: Final = 5.0
"""How long a port may be taken: a worker that is just starting learns only then that its server was killed."""

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

_LENGTH: Final = 4
"""Octets that say how long the orders are: their end is not the end of the input."""

Orders = TypeVar("Orders", bound=msgspec.Struct)


@value
class WorkerProgram:
    """What workers run: a module, and what each is told, given the number of its listening socket."""

    module: str
    orders: Callable[[int], msgspec.Struct]


@value
class Wishes:
    """What the first process was asked to do by signals."""

    stop: threading.Event
    reload: threading.Event


def run_workers(program: WorkerProgram, listeners: Sequence[socket.socket], wishes: Wishes) -> None:
    """Keep one worker for each listening socket running, until it is time to stop."""
    workers = [_Worker(program, listener) for listener in listeners]
    try:
        while not wishes.stop.wait(_POLL_SECONDS):
            reload = wishes.reload.is_set()
            wishes.reload.clear()
            for worker in workers:
                worker.restart_if_dead()
                if reload:
                    worker.ask_to_reload()
    finally:
        for worker in workers:
            worker.ask_to_stop()
        until = time.monotonic() + _DRAIN_SECONDS
        for worker in workers:
            worker.wait(until)


class _Worker:
    """One worker process, started again when it dies.

    Its socket closes at its death, and the next one begins to queue connections only when it serves: else the kernel
    would go on giving a part of them to a worker that cannot start, and they would wait for nothing.
    """

    def __init__(self, program: WorkerProgram, listener: socket.socket) -> None:
        self._program = program
        host, port = listener.getsockname()[:2]
        self._options = ServerOptions(host, port)
        self._shared = bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT))
        self._listener = listener
        self._started = time.monotonic()
        self._process = self._start()

    def restart_if_dead(self) -> None:
        """Start it again, unless it lives, or was started just now."""
        status = self._process.poll()
        if status is None:
            return
        self._listener.close()
        if time.monotonic() < self._started + _RESTART_SECONDS:
            return
        _LOG.error("worker %d ended with status %d; starting another", self._process.pid, status)
        forget_worker(self._process.pid)
        self._hang_up()
        try:
            self._listener = bind(self._options, shared=self._shared, queue=False)
            self._process = self._start()
        except (UsageError, OSError) as error:  # the port is taken; or no files or processes are left, for a while
            self._started = time.monotonic()
            _LOG.error("no worker can be started: %s", error)

    def ask_to_reload(self) -> None:
        """Have it look at its files."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGHUP)

    def ask_to_stop(self) -> None:
        """Have it answer what it has begun, and end; who connects from now on is not to wait for it."""
        self._listener.close()
        if self._process.poll() is None:
            self._process.terminate()

    def wait(self, until: float) -> None:
        """Wait for its end, and end it when the time is over."""
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            _LOG.warning("worker %d did not end in time", self._process.pid)
            self._process.kill()
            self._process.wait()
        self._hang_up()

    def _hang_up(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 # it is a pipe
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        number = self._listener.fileno()
        orders = msgspec.msgpack.encode(self._program.orders(number))
        self._started = time.monotonic()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # it inherits that, until it knows what to do with it
        try:
            process = subprocess.Popen(  # noqa: S603 # this program, under the name of one of our modules
                [sys.executable, "-m", self._program.module], stdin=subprocess.PIPE, pass_fds=(number,)
            )
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        assert process.stdin is not None  # noqa: S101 # it is a pipe
        with suppress(BrokenPipeError):  # it died already, which the next look will notice
            process.stdin.write(len(orders).to_bytes(_LENGTH, "big") + orders)
            process.stdin.flush()
        return process  # its standard input stays open as long as this process lives


def take_orders(kind: type[Orders]) -> Orders:
    """Read in a worker what it was told, and from then on end at once when its parent is gone, however that ended.

    The next server could not listen where an orphan still does.
    """
    length = int.from_bytes(sys.stdin.buffer.read(_LENGTH), "big")
    orders = msgspec.msgpack.decode(sys.stdin.buffer.read(length), type=kind)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return orders


@contextmanager
def failing_plainly() -> Iterator[None]:
    """Let a worker that cannot serve end with one line in the log; the first process starts another.

    Raises:
        SystemExit: It cannot.
    """
    try:
        yield
    except CosignError as error:
        _LOG.error("this worker cannot serve: %s", error)
        raise SystemExit(1) from error


def _end_with_parent() -> None:
    """Wait on the standard input, whose other end the parent holds and writes nothing more to."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


def bind_all(options: ServerOptions, workers: int) -> Sequence[socket.socket]:
    """Listen once for each worker, on one port: the kernel shares out connections.

    Raises:
        UsageError: The address is taken, or not ours.
    """
    # Without SO_REUSEPORT first: with it, another server of ours on this port would go unnoticed.
    with _bind_patiently(options) as probe:
        port = probe.getsockname()[1]
    if workers <= 1:
        return [bind(ServerOptions(options.host, port))]
    return [bind(ServerOptions(options.host, port), shared=True) for _ in range(workers)]


def _bind_patiently(options: ServerOptions) -> socket.socket:
    """Listen, where need be after the workers of a server that was killed have noticed it.

    Raises:
        UsageError: The address is taken, or not ours.
    """
    until = time.monotonic() + _PORT_SECONDS
    while True:
        try:
            return bind(options)
        except UsageError as error:
            taken = isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE
            if not taken or time.monotonic() > until:
                raise
        time.sleep(_POLL_SECONDS)


@contextmanager
def heeding_signals() -> Iterator[Wishes]:
    """Take SIGINT and SIGTERM as a wish to stop, SIGHUP to reload, from before anyone can know that we are here."""
    wishes = Wishes(threading.Event(), threading.Event())

    def wish(number: int, _frame: FrameType | None) -> None:
        (wishes.reload if number == signal.SIGHUP else wishes.stop).set()

    previous = {number: signal.signal(number, wish) for number in (*_STOP_SIGNALS, signal.SIGHUP)}
    try:
        yield wishes
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def serving_metrics(host: str, port: int | None, bare: Sequence[str]) -> Iterator[None]:
    """Serve the numbers of all processes on a port of their own, if they are to have one.

    Raises:
        UsageError: The port is taken.
    """
    if port is None:
        yield
        return
    server = ThreadedServer(MetricsPage(bare), ServerOptions(host, port))
    server.start()
    _LOG.info("metrics are at http://%s/metrics", server.address)
    try:
        yield
    finally:
        server.stop()
