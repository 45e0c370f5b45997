"""Sockets that do not wait for ever: not for a connection, not for a silent peer, not for a slow one."""

import io
import socket
import threading
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any, Final

from cosignpy.net.failures import TooMuch, TooSlow

if TYPE_CHECKING:
    import ssl

    from cosignpy.net.address_rule import AddressRule

MIN_RATE: Final = 4096
"""Bytes per second a body must average, beyond the read timeout: slower is an attack or a dead line."""

MAX_HEAD: Final = 256 * 1024
"""Bytes of a head with the interim ones before it; registries send less than 4 KiB."""

MAX_STEP: Final = 1024 * 1024
"""Bytes off the wire for one `READ_SIZE` of body: chunk framing of one-byte chunks needs six times that."""

DRAIN_SECONDS: Final = 0.5
"""About what a new connection with TLS costs on a slow line."""

READ_SIZE: Final = 64 * 1024

_SEND_SIZE: Final = 64 * 1024
_Sockaddr = Any
"""What `getaddrinfo` gives and `connect` takes: a tuple whose form is the address family's."""


class PacedSocket:
    """A connected socket that bounds how long, and how much, the peer may keep us reading.

    Only time spent waiting for the peer counts, so that a slow consumer is not taken for a slow server.
    """

    def __init__(self, sock: socket.socket, timeout: float, monotonic: Callable[[], float]) -> None:
        self.sock = sock
        self._timeout = timeout
        self._monotonic = monotonic
        self._waited = 0.0
        self._allowed = timeout
        self._rate = 0
        self._left = MAX_HEAD
        self._deadline = inf

    def expect_head(self, deadline: float = inf) -> None:
        """Start to wait for an answer: its head must be complete within the read timeout, all of it by a deadline."""
        self._deadline = deadline
        self._waited, self._allowed, self._rate, self._left = 0.0, self._timeout, 0, MAX_HEAD

    def expect_body(self) -> None:
        """Start to read a body: it must keep up `MIN_RATE`."""
        self._waited, self._allowed, self._rate, self._left = 0.0, self._timeout, MIN_RATE, MAX_STEP

    def expect_step(self) -> None:
        """Allow the bytes of one more read."""
        self._left = MAX_STEP

    def expect_rest(self) -> None:
        """Allow what nobody wants to read a moment; it saves a connection, and is worth no more."""
        self._waited, self._allowed, self._rate, self._left = 0.0, DRAIN_SECONDS, 0, MAX_STEP

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return a buffered reader, as `socket.socket` does; closing it closes no socket."""
        return io.BufferedReader(_Reader(self), READ_SIZE)

    def receive_into(self, buffer: memoryview) -> int:
        """Receive once.

        Raises:
            TooSlow: The peer sends, and not enough.
            TooMuch: More bytes than what is being read can need.
            TimeoutError: The peer is silent.
        """
        started = self._monotonic()
        remaining = min(self._allowed - self._waited, self._deadline - started)
        if remaining <= 0:
            raise TooSlow
        self.sock.settimeout(min(self._timeout, remaining))
        count = self.sock.recv_into(buffer)
        self._waited += self._monotonic() - started
        self._left -= count
        if self._rate:
            self._allowed += count / self._rate
        if self._left < 0:
            raise TooMuch("it sends too much framing for the content")
        return count

    def send(self, chunk: bytes) -> None:
        """Send all of a chunk; each slice of it must leave within the timeout."""
        view = memoryview(chunk)
        self.sock.settimeout(self._timeout)
        for start in range(0, len(view), _SEND_SIZE):
            self.sock.sendall(view[start : start + _SEND_SIZE])

    def close(self) -> None:
        """Close the socket."""
        self.sock.close()


class _Reader(io.RawIOBase):
    """The reading side of a `PacedSocket`, as a raw stream."""

    def __init__(self, owner: PacedSocket) -> None:
        self._owner = owner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - the signature of io.RawIOBase
        return self._owner.receive_into(memoryview(buffer).cast("B"))


def connect(
    host: str, port: int, *, deadline: float, monotonic: Callable[[], float], rule: "AddressRule | None" = None
) -> socket.socket:
    """Connect to the first address that answers and that the rule allows; all together get until the deadline.

    Raises:
        OSError: The reason the last address failed for.
    """
    addresses = _resolve(host, port, deadline - monotonic())
    failure: OSError = OSError("no addresses")
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        share = (deadline - monotonic()) / (len(addresses) - index)
        if share <= 0:
            raise TimeoutError
        sock = socket.socket(family, kind, protocol)
        try:
            if rule is not None:
                rule.check_address(address[0])
            sock.settimeout(share)
            sock.connect(address)
            # Nagle's algorithm would hold a small body back until the head is acknowledged.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def start_tls(sock: socket.socket, context: "ssl.SSLContext", name: str, timeout: float) -> "ssl.SSLSocket":
    """Do the TLS handshake as a client; the socket is closed when it fails.

    Raises:
        OSError: The handshake failed or took too long.
    """
    try:
        sock.settimeout(max(timeout, 0.001))
        name.encode("idna")  # SSLSocket would find out only once it owns the descriptor, and leak it
        return context.wrap_socket(sock, server_hostname=name)
    except (OSError, ValueError) as error:
        sock.close()
        if isinstance(error, OSError):
            raise
        raise OSError(f"not a server name: {name!r}") from error


def _resolve(host: str, port: int, timeout: float) -> list[tuple[int, int, int, str, _Sockaddr]]:
    """Resolve a name; the C library has no timeout of its own, so names are asked for in a thread."""
    try:
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        ascii_host = host.encode("ascii")  # for text Python would import its IDNA codec first
        return list(socket.getaddrinfo(ascii_host, port, type=socket.SOCK_STREAM, flags=numeric))
    except (socket.gaierror, UnicodeError):
        return _resolve_name(host, port, timeout)


def _resolve_name(host: str, port: int, timeout: float) -> list[tuple[int, int, int, str, _Sockaddr]]:
    found: list[tuple[int, int, int, str, _Sockaddr]] = []
    failures: list[OSError] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failures.append(error)
        except UnicodeError as error:  # a label over 63 characters, refused by the IDNA codec
            failures.append(socket.gaierror(str(error)))

    resolver = threading.Thread(target=ask, daemon=True)
    resolver.start()
    resolver.join(max(timeout, 0))
    if failures:
        raise failures[0]
    if not found:
        raise TimeoutError
    return found
