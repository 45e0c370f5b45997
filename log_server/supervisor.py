"""The server's first process: it holds the lock and the sequencers, and keeps the workers running."""

import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from cosignpy.errors import CosignError, UsageError
from cosignpy.serving.metrics import MetricsPage, forget_worker, share_metrics
from cosignpy.serving.threaded import ServerOptions, ThreadedServer, address_of, bind
from cosignpy.values import record
from log_server.config import Settings
from log_server.garbage import collect_rarely
from log_server.storage.lock import lock_directory

if TYPE_CHECKING:
    from log_server.data_directory import LogFiles

_LOG: Final = logging.getLogger(__name__)

_POLL_SECONDS: Final = 0.2
_DRAIN_SECONDS: Final = 20.0
"""How long workers may take to answer what they have begun."""

_RESTART_SECONDS: Final = 1.0
"""A worker that dies is started again, but not more often than this."""

_PORT_SECONDS: Final = 5.0
"""How long a port may be taken: a worker that is just starting learns only then that its server was killed."""

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@record
class ServerFailed(CosignError):
    """A log could not go on, and the server ended so that nothing gets worse."""

    why: str

    def __str__(self) -> str:
        return f"the server stopped: {self.why}"


def serve(data: Path, settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve the logs of a data directory until SIGINT or SIGTERM.

    `announce` gets the address once clients can connect.

    Raises:
        CosignError: The directory, its logs, a key, or the port cannot be used.
        LogDamaged: A log does not verify.
        StorageError: A log cannot be read or stored.
        ServerFailed: A log could not go on.
    """
    with lock_directory(data), tempfile.TemporaryDirectory(prefix="log-") as sockets:
        if settings.workers:
            with share_metrics():
                _Supervisor(data, settings, Path(sockets)).run(announce)
        else:
            _Supervisor(data, settings, Path(sockets)).run(announce)


class _Supervisor:
    """Runs the sequencers here, and the workers beside or, if there are to be none, the one here."""

    def __init__(self, data: Path, settings: Settings, sockets: Path) -> None:
        self._data = data
        self._settings = settings
        self._sockets = sockets
        self._stop = threading.Event()
        self._reload = threading.Event()

    def run(self, announce: Callable[[str], None]) -> None:
        """Serve until told to stop."""
        # Imported here: share_metrics comes before whatever declares a metric.
        from log_server.config_files import check_files
        from log_server.data_directory import open_logs
        from log_server.metrics import BARE
        from log_server.sequencing.host import SequencerHost
        from log_server.witness.witness import begin_witness

        with _heeding(self._stop, self._reload), _serving_metrics(self._settings, BARE):
            check_files(self._settings)
            listeners = bind_all(self._settings)
            logs = open_logs(self._data, self._settings)
            if self._settings.witness.logs is not None:
                begin_witness(self._data)
            host = SequencerHost(logs, self._sockets, self._settings, _end_process)
            host.start()
            collect_rarely()
            try:
                announce(address_of(listeners[0]))
                if self._settings.workers:
                    self._run_workers(logs, listeners)
                else:
                    from log_server.worker import serve

                    serve(logs, self._settings, self._data, self._sockets, listeners[0])
            finally:
                host.stop()
        if host.failure is not None:
            raise ServerFailed(str(host.failure)) from host.failure

    def _run_workers(self, logs: "Sequence[LogFiles]", listeners: Sequence[socket.socket]) -> None:
        workers = [_Worker(self._orders(logs, listener), listener) for listener in listeners]
        try:
            while not self._stop.wait(_POLL_SECONDS):
                reload = self._reload.is_set()
                self._reload.clear()
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

    def _orders(self, logs: "Sequence[LogFiles]", listener: socket.socket) -> bytes:
        from log_server.worker import give_orders

        return give_orders(self._data, self._sockets, self._settings, listener.fileno(), logs)


class _Worker:
    """One worker process, started again when it dies. Its socket stays open, so connections wait for it."""

    def __init__(self, orders: bytes, listener: socket.socket) -> None:
        self._orders = orders
        self._listener = listener
        self._process = self._start()

    def restart_if_dead(self) -> None:
        """Start it again, unless it lives, or was started just now."""
        status = self._process.poll()
        if status is None or time.monotonic() < self._started + _RESTART_SECONDS:
            return
        _LOG.error("worker %d ended with status %d; starting another", self._process.pid, status)
        forget_worker(self._process.pid)
        self._hang_up()
        self._process = self._start()

    def ask_to_reload(self) -> None:
        """Have it look at its files."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGHUP)

    def ask_to_stop(self) -> None:
        """Have it answer what it has begun, and end."""
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
        self._started = time.monotonic()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # it inherits that, until it knows what to do with it
        try:
            process = subprocess.Popen(  # this program
                [sys.executable, "-m", "log_server.worker"], stdin=subprocess.PIPE, pass_fds=(self._listener.fileno(),)
            )
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        assert process.stdin is not None  # noqa: S101 # it is a pipe
        with suppress(BrokenPipeError):  # it died already, which the next look will notice
            process.stdin.write(self._orders)
            process.stdin.flush()
        return process  # its standard input stays open as long as this process lives


def bind_all(settings: Settings) -> Sequence[socket.socket]:
    """Listen once for each worker, on one port: the kernel shares out connections.

    Raises:
        UsageError: The address is taken, or not ours.
    """
    # Without SO_REUSEPORT first: with it, another server of ours on this port would go unnoticed.
    with _bind_patiently(ServerOptions(settings.host, settings.port)) as probe:
        port = probe.getsockname()[1]
    if settings.workers <= 1:
        return [bind(ServerOptions(settings.host, port))]
    return [bind(ServerOptions(settings.host, port), shared=True) for _ in range(settings.workers)]


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
def _heeding(stop: threading.Event, reload: threading.Event) -> Iterator[None]:
    """Take SIGINT and SIGTERM as a wish to stop, SIGHUP to reload, from before anyone can know that we are here."""

    def wish(number: int, _frame: FrameType | None) -> None:
        (reload if number == signal.SIGHUP else stop).set()

    previous = {number: signal.signal(number, wish) for number in (*_STOP_SIGNALS, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def _serving_metrics(settings: Settings, bare: Sequence[str]) -> Iterator[None]:
    """Serve the numbers of all processes on a port of their own, if they are to have one.

    Raises:
        UsageError: The port is taken.
    """
    if settings.metrics is None:
        yield
        return
    server = ThreadedServer(MetricsPage(bare), ServerOptions(settings.host, settings.metrics))
    server.start()
    _LOG.info("metrics are at http://%s/metrics", server.address)
    try:
        yield
    finally:
        server.stop()


def _end_process() -> None:
    """Stop as if someone had asked for it; works from any thread."""
    os.kill(os.getpid(), signal.SIGTERM)
