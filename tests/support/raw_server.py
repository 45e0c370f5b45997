"""Small HTTP servers that do exactly what a test wants, right or wrong, over real sockets."""

import contextlib
import io
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

_LINGER_NOW: Final = struct.pack("ii", 1, 0)
_TLS_RECORD: Final = b"\x16"


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One request as it came; `connection` counts the connections of the server from 1."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


_NO_REQUEST: Final = RawRequest("", "", {}, b"", 0)


class Hangup(Exception):
    """Raised by a handler that wants its connection closed."""


Handler = Callable[[socket.socket, RawRequest], None]


def head(status: int, **headers: str) -> bytes:
    """Return the head of an answer; underscores in names are hyphens."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Whatever", *lines, "", ""]).encode("latin-1")


def reply(status: int, body: bytes = b"", **headers: str) -> Handler:
    """Answer properly."""

    def handle(connection: socket.socket, request: RawRequest) -> None:
        content = b"" if request.method == "HEAD" else body
        fields = {"Content_Length": str(len(body)), **headers}
        if status == 204:
            del fields["Content_Length"]
        connection.sendall(head(status, **fields) + content)

    return handle


def raw(content: bytes) -> Handler:
    """Send these bytes and hang up."""

    def handle(connection: socket.socket, _request: RawRequest) -> None:
        connection.sendall(content)
        raise Hangup

    return handle


def reset(connection: socket.socket, _request: RawRequest) -> None:
    """Reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOW)
    raise Hangup


def hang_up(_connection: socket.socket, _request: RawRequest) -> None:
    """Close without an answer."""
    raise Hangup


def stall(start: bytes = b"") -> Handler:
    """Send a beginning, then nothing, until the client goes."""

    def handle(connection: socket.socket, _request: RawRequest) -> None:
        connection.sendall(start)
        connection.recv(1)
        raise Hangup

    return handle


def repeat(start: bytes, piece: bytes, *, pause: float = 0.0) -> Handler:
    """Send a beginning, then the same piece until the client goes."""

    def handle(connection: socket.socket, _request: RawRequest) -> None:
        connection.sendall(start)
        waiting = threading.Event()
        with contextlib.suppress(OSError):
            while not waiting.wait(pause):
                connection.sendall(piece)
        raise Hangup

    return handle


def then(*handlers: Handler) -> Handler:
    """Use one handler per request, the last one from then on."""
    left = list(handlers)
    lock = threading.Lock()

    def handle(connection: socket.socket, request: RawRequest) -> None:
        with lock:
            handler = left.pop(0) if len(left) > 1 else left[0]
        handler(connection, request)

    return handle


def tunnel(connection: socket.socket, request: RawRequest) -> None:
    """Connect a client through, as a proxy does."""
    host, _, port = request.target.rpartition(":")
    _join(connection, (host, int(port)))


def tunnel_to(port: int) -> Handler:
    """Connect clients through to a port here, whatever host they ask a proxy for."""

    def handle(connection: socket.socket, _request: RawRequest) -> None:
        _join(connection, ("127.0.0.1", port))

    return handle


def _join(connection: socket.socket, address: tuple[str, int]) -> None:
    with socket.create_connection(address, 2) as far:
        connection.sendall(head(200))
        back = threading.Thread(target=_pump, args=(far, connection))
        back.start()
        _pump(connection, far)
        back.join(2)
    raise Hangup


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@dataclass
class RawServer:
    """Listens on a loopback port for as long as the `with` block lasts; remembers what it was asked."""

    handler: Handler
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    requests: list[RawRequest] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._open: list[socket.socket] = []
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self.address = f"{self.host}:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_listening()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def stop_listening(self) -> None:
        """Take no more connections; those that are open stay so."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(2)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, plain: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, Hangup), contextlib.ExitStack() as stack:
            stack.callback(plain.close)
            connection = plain if self.tls is None else self.tls.wrap_socket(plain, server_side=True)
            stack.callback(connection.close)
            if self.tls is None and connection.recv(1, socket.MSG_PEEK) == _TLS_RECORD:
                raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")(connection, _NO_REQUEST)
            with connection.makefile("rb") as reader:
                while (line := reader.readline(65536)).strip():
                    request = _read_request(line, reader, number)
                    self.requests.append(request)
                    self.handler(connection, request)


def _read_request(line: bytes, reader: io.BufferedReader, number: int) -> RawRequest:
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = {}
    while field_line := reader.readline(65536).strip():
        name, _, value = field_line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", "0")))
    return RawRequest(method, target, headers, body, number)
