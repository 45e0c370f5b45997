"""uvicorn as a public server needs it: patient with slow clients, reloading TLS, answering what it has begun."""

import asyncio
import resource
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from cosignpy.serving.slow_clients import ClientLimits, patient_protocol
from cosignpy.serving.threaded import PromptServer, ServerOptions, configure
from cosignpy.serving.tls_reload import ReloadingContext
from cosignpy.serving.watched import Reloadable, reload_all
from cosignpy.values import replace, value

DRAIN_SECONDS: Final = 10
"""How long requests under way may take once the server is told to stop."""

MAX_FILES: Final = 8192
"""Open files of one worker, nearly all of them connections: each costs some ten kilobytes."""

RESERVED_FILES: Final = 64
"""Kept from connections, for what else a server opens, such as runs of a log's index and tiles. Where the system gives
a process fewer files than that, it must be told to give more."""

_FAREWELL_SECONDS: Final = 0.5
"""What a client may take to close its side of a connection that we closed."""

_RELOAD_SECONDS: Final = 5.0
"""How often files that may change are looked at."""


@value
class Served:
    """The app, and what of it follows files that may change."""

    app: ASGIApp
    watched: tuple[Reloadable, ...] = ()
    tick: Callable[[], None] = lambda: None
    """To be called now and then."""
    quiet_seconds: float = 0.0
    """How long all are still served who come after the server was told to stop: so long balancers need to learn it."""
    leave: Callable[[], None] = lambda: None
    """To be called at the beginning of that time."""
    idle_seconds: int = 0
    """How long a connection is kept without a request, be it new or not; 0 for as long as servers do. A client whose
    requests cannot be sent twice has to be the one who closes it: what it sends just then would be lost."""


class DrainingServer(PromptServer):
    """Stops at once for those who are idle, and after their answer for those who wait for one."""

    def __init__(self, config: uvicorn.Config, watched: Sequence[Reloadable], served: Served) -> None:
        super().__init__(config)
        self._watched_files = watched
        self._served = served
        self._leaving = False
        self._reload_at = 0.0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGHUP as a wish to look at files at once, and the others as they are taken elsewhere."""
        previous = signal.signal(signal.SIGHUP, self._reload_on_signal)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # who started us may have held it back until now
        try:
            with super().capture_signals():
                yield
        finally:
            signal.signal(signal.SIGHUP, previous)

    def _stop_on_signal(self, number: int, frame: FrameType | None) -> None:
        """Stop after the quiet time; at once when told so twice."""
        if self._leaving or not self._served.quiet_seconds or self._loop is None:
            super()._stop_on_signal(number, frame)
            return
        self._leaving = True
        self._loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self._served.leave()
        asyncio.get_running_loop().call_later(self._served.quiet_seconds, self.stop)

    def _reload_on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._reload_at = 0.0

    async def on_tick(self, counter: int) -> bool:
        """Do what is due twice a second, and look at files that may have changed now and then."""
        self._served.tick()
        now = asyncio.get_running_loop().time()
        if self._watched_files and now >= self._reload_at:
            self._reload_at = now + _RELOAD_SECONDS
            await asyncio.to_thread(reload_all, self._watched_files)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, answer what has begun, end."""
        leaving = asyncio.get_running_loop().create_task(self._leave_idle_clients())
        try:
            await uvicorn.Server.shutdown(self, sockets)
        finally:
            leaving.cancel()

    async def _leave_idle_clients(self) -> None:
        """Close connections for good that have all their answers: TLS would wait for the client to agree."""
        while True:
            await asyncio.sleep(_FAREWELL_SECONDS)
            if not self.server_state.tasks:
                for connection in list(self.server_state.connections):
                    if not connection.transport.get_write_buffer_size():
                        connection.transport.abort()


def raise_file_limit() -> int:
    """Let this process have as many open files as it may, or as it needs, and return how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = hard == resource.RLIM_INFINITY
    wanted = MAX_FILES if unlimited else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def build_server(served: Served, tls: ReloadingContext | None) -> DrainingServer:
    """Build the server of one process; its watched files are looked at as long as it runs."""
    limits = ClientLimits(connections=raise_file_limit() - RESERVED_FILES)
    if served.idle_seconds:
        limits = replace(limits, head_seconds=float(served.idle_seconds))
    config = configure(served.app, ServerOptions(protocol=patient_protocol(limits), proxies=()))
    config.timeout_graceful_shutdown = DRAIN_SECONDS
    config.timeout_keep_alive = served.idle_seconds or config.timeout_keep_alive
    watched: list[Reloadable] = list(served.watched)
    if tls is not None:
        config.ssl = tls
        watched.append(tls)
    return DrainingServer(config, watched, served)
