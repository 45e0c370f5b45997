"""Connections to one origin, directly or by proxy, and the pool that keeps them for the next request."""

import select
import socket
import threading
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Final

from cosignpy.errors import AccessDenied, RemoteError
from cosignpy.net.failures import NotHttp, RefusedAddress, explain
from cosignpy.net.http1 import Answer, read_answer
from cosignpy.net.proxy import ProxyServer
from cosignpy.net.sockets import PacedSocket, connect, start_tls
from cosignpy.net.url import Origin
from cosignpy.values import field, value

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from cosignpy.net.address_rule import AddressRule
    from cosignpy.net.message import Request

MAX_IDLE_SECONDS: Final = 4.0
"""Servers close idle connections after 5 seconds and more; younger ones are safe to send a POST on."""

MAX_IDLE_CONNECTIONS: Final = 32

MAX_JOINED: Final = 16 * 1024
"""The largest body that leaves together with the head: one system call here, and one wake-up of the server."""
_OK: Final = 200
_PROXY_AUTHENTICATION: Final = 407


class Connection:
    """One connection; used by one request at a time."""

    def __init__(self, sock: PacedSocket, origin: Origin, proxy: ProxyServer | None) -> None:
        self.sock = sock
        self.origin = origin
        self.idle_since: float | None = None
        self._by_proxy = proxy if origin.scheme == "http" else None

    def exchange(self, request: "Request", headers: "Mapping[str, str]") -> Answer:
        """Send a request and read the head of its answer.

        Raises:
            OSError: The connection failed.
            NotHttp: The answer is not HTTP.
        """
        self.sock.expect_head(request.deadline)
        failure = self._send(request, headers)
        try:
            return _read_head(self.sock, request.method)
        except (OSError, NotHttp):
            if failure is not None:
                raise failure from None
            raise

    def _send(self, request: "Request", headers: "Mapping[str, str]") -> OSError | None:
        """Send it all, unless the server closes early: it may have answered first (RFC 9112 section 9.5)."""
        head = self._head(request, headers)
        joined = isinstance(request.body, bytes) and len(request.body) <= MAX_JOINED
        chunks = iter(() if joined else request.chunks())
        piece: bytes | None = b"".join((head, *request.chunks())) if joined else head
        while piece is not None:
            try:
                self.sock.send(piece)
            except (BrokenPipeError, ConnectionResetError, TimeoutError) as error:
                return error
            piece = next(chunks, None)
        return None

    def _head(self, request: "Request", headers: "Mapping[str, str]") -> bytes:
        target, extra = request.url.target, {}
        if self._by_proxy is not None:
            target = str(request.url)
            if self._by_proxy.authorization is not None:
                extra["Proxy-Authorization"] = self._by_proxy.authorization
        fields = {"Host": self.origin.authority, **headers, **extra}
        lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join([*lines, "", ""]).encode("ascii")

    def is_stale(self, now: float) -> bool:
        """Tell whether the server closed it, or is about to; an idle server has nothing to say."""
        if self.idle_since is not None and now - self.idle_since > MAX_IDLE_SECONDS:
            return True
        poll = select.poll()
        poll.register(self.sock.sock, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Close it."""
        self.sock.close()


def _read_head(sock: PacedSocket, method: str) -> Answer:
    stream = sock.makefile("rb")
    try:
        return read_answer(stream, method)
    except BaseException:
        stream.close()
        raise


@value
class Dialer:
    """Opens connections."""

    connect_timeout: float
    read_timeout: float
    monotonic: Callable[[], float]
    tls: "Callable[[], ssl.SSLContext]"
    server_names: "Mapping[str, str]" = field(default_factory=dict)
    rule: "AddressRule | None" = None

    def dial(self, origin: Origin, proxy: ProxyServer | None, latest: float = inf) -> Connection:
        """Connect, through the proxy where there is one, with TLS for https; not after the latest moment.

        Raises:
            Unreachable: It cannot be done, or not in time.
            AccessDenied: The proxy wants other credentials.
            RemoteError: The proxy refuses.
        """
        deadline = min(self.monotonic() + self.connect_timeout, latest)
        first = proxy.origin if proxy is not None else origin
        rule = self.rule if proxy is None else None
        try:
            if self.rule is not None:
                self.rule.check_origin(origin)
            sock = connect(first.host, first.port, deadline=deadline, monotonic=self.monotonic, rule=rule)
        except RefusedAddress as error:
            raise explain(error, origin) from error
        except OSError as error:
            raise explain(error, first) from error
        try:
            if origin.scheme == "https":
                sock = self._secure(sock, origin, proxy, deadline)
        except BaseException:
            sock.close()
            raise
        return Connection(PacedSocket(sock, self.read_timeout, self.monotonic), origin, proxy)

    def _secure(self, sock: socket.socket, origin: Origin, proxy: ProxyServer | None, deadline: float) -> socket.socket:
        context = self.tls()
        if proxy is not None:
            self._open_tunnel(sock, origin, proxy, deadline)
        name = self.server_names.get(origin.host, origin.host)
        try:
            return start_tls(sock, context, name, deadline - self.monotonic())
        except OSError as error:
            raise explain(error, origin) from error

    def _open_tunnel(self, sock: socket.socket, origin: Origin, proxy: ProxyServer, deadline: float) -> None:
        """Ask the proxy to connect us through (RFC 9110 section 9.3.6)."""
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        lines = [f"CONNECT {host}:{origin.port} HTTP/1.1", f"Host: {host}:{origin.port}"]
        if proxy.authorization is not None:
            lines.append(f"Proxy-Authorization: {proxy.authorization}")
        paced = PacedSocket(sock, max(deadline - self.monotonic(), 0.001), self.monotonic)
        try:
            paced.send("\r\n".join([*lines, "", ""]).encode("ascii"))
            answer = _read_head(paced, "CONNECT")
        except (OSError, NotHttp) as error:
            raise explain(error, proxy.origin) from error
        status = answer.status
        answer.close()
        if status != _OK:
            kind = AccessDenied if status == _PROXY_AUTHENTICATION else RemoteError
            raise kind("the proxy", str(proxy.origin), status, f"it will not connect to {origin.authority}")


class Pool:
    """Idle connections by origin, the latest used first; borrowed ones belong to their borrower alone."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._idle: dict[Origin, list[Connection]] = {}

    def take(self, origin: Origin) -> Connection | None:
        """Take an idle connection that is still good, None when there is none."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                connection = idle.pop() if idle else None
            if connection is None or not connection.is_stale(self._monotonic()):
                return connection
            connection.close()

    def give(self, connection: Connection) -> None:
        """Give a connection back whose answer was read to its end."""
        connection.idle_since = self._monotonic()
        with self._lock:
            idle = self._idle.setdefault(connection.origin, [])
            if len(idle) < MAX_IDLE_CONNECTIONS:
                idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            connections = [connection for idle in self._idle.values() for connection in idle]
            self._idle.clear()
        for connection in connections:
            connection.close()
