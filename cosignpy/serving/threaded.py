"""An ASGI app on a real port, served from a thread of this process or in its foreground."""

import asyncio
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cosignpy.errors import UsageError
from cosignpy.serving.watched import Reloadable, reload_all
from cosignpy.values import field, value

STOP_SECONDS: Final = 5.0
"""A server that has not ended by then is left behind with its daemon thread."""

KEEP_ALIVE_SECONDS: Final = 75
"""Longer than clients keep an idle connection, so that it is the client who closes it."""

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_TICK_SECONDS: Final = 0.5
"""How often the Date header is renewed."""


@value
class TlsFiles:
    """A server's certificate chain and key; with `client_ca`, clients must show a certificate of that CA."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


@value
class ServerOptions:
    """Where to listen; port 0 takes any free one. `protocol` lets a server see its connections.

    A `tls_context` of one's own takes the place of `tls`. What is `watched` looks at its files twice a second.
    `proxies` are those whose word on their clients' addresses uvicorn takes; None leaves that to uvicorn, which
    trusts this machine.
    """

    host: str = "127.0.0.1"
    port: int = 0
    tls: TlsFiles | None = None
    protocol: type[HttpToolsProtocol] = field(default=HttpToolsProtocol)
    tls_context: ssl.SSLContext | None = None
    watched: tuple[Reloadable, ...] = ()
    proxies: tuple[str, ...] | None = None


def bind(options: ServerOptions, *, shared: bool = False, queue: bool = True) -> socket.socket:
    """Take the port and begin to queue connections, before anything serves them; or leave that to who serves them.

    A port may be `shared` by several sockets of this user; the kernel gives each that queues a part of the connections.

    Raises:
        UsageError: The address is taken, or not ours.
    """
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family)
    # On shared ones too: else connections that the previous server closed would keep the next from the port.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((options.host, options.port))
        if queue:
            listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"cannot listen on {options.host}:{options.port}: {error.strerror}", "choose another port, or 0 for any"
        ) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Return `host:port` as a client writes it."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def configure(app: ASGIApp, options: ServerOptions) -> uvicorn.Config:
    """Build uvicorn's configuration and load the TLS files, so that a mistake shows at once.

    Raises:
        UsageError: The certificate or key cannot be used.
    """
    tls, context = options.tls, options.tls_context
    config = uvicorn.Config(
        app,
        http=options.protocol,
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # its warnings are about what clients send, such as TLS to a plain port
        access_log=False,
        server_header=False,
        proxy_headers=options.proxies != (),
        forwarded_allow_ips=None if options.proxies is None else list(options.proxies),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        ssl_ca_certs=str(tls.client_ca) if tls and tls.client_ca else None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if tls and tls.client_ca else ssl.CERT_NONE,
        ssl_context_factory=(lambda _config, _default: context) if context else None,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"cannot serve TLS: {error.strerror or error}", "both files must be PEM and belong together"
        ) from error
    return config


class PromptServer(uvicorn.Server):
    """A server that stops when told to: uvicorn's own polls, then waits for its clients, then polls again."""

    def __init__(self, config: uvicorn.Config, watched: tuple[Reloadable, ...] = ()) -> None:
        super().__init__(config)
        self._watched = watched
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask the server to end; from any thread, or from a signal handler."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as a wish to stop; uvicorn would repeat them, and die before we clean up."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = {number: signal.signal(number, self._stop_on_signal) for number in _STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _stop_on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop()

    async def main_loop(self) -> None:
        """Renew the Date header, and what was read from files, until it is time to stop."""
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        while not (self.should_exit or self._stop.is_set()):
            await self.on_tick(0)
            reload_all(self._watched)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), timeout=_TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything at once; requests under way see their client disconnect."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=STOP_SECONDS / 2)


class ThreadedServer:
    """A server in a daemon thread, for as long as the `with` block lasts."""

    def __init__(self, app: ASGIApp, options: ServerOptions) -> None:
        self._server = PromptServer(configure(app, options), options.watched)
        self._listener = bind(options)
        self.address = address_of(self._listener)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()
        self._server.ready.wait(STOP_SECONDS)

    def stop(self) -> None:
        """End at once, whatever the clients are doing."""
        self._server.stop()
        self._thread.join(STOP_SECONDS)


def serve_until_interrupted(app: ASGIApp, options: ServerOptions, announce: Callable[[str], None]) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; `announce` gets the address once clients can connect.

    Raises:
        UsageError: The port is taken, or the TLS files cannot be used.
    """
    server = PromptServer(configure(app, options), options.watched)
    listener = bind(options)
    with server.capture_signals():  # before anyone can know that we are here
        announce(address_of(listener))
        server.run([listener])
