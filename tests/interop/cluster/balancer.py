"""A TCP balancer: each new connection goes to the next server that takes it, as behind a Service."""

import contextlib
import itertools
import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from tests.support.registries import free_port

_CONNECT_SECONDS: Final = 2.0
_PIECE: Final = 65536


class Balancer:
    """Listens on a loopback port for as long as the `with` block lasts; `ports` are those of the servers behind it."""

    def __init__(self, ports: Sequence[int] = ()) -> None:
        self.port = free_port()
        self.is_listening = False
        self.ports = tuple(ports)
        self._turns = itertools.count()
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self.is_listening = True
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_listening = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """End all connections."""
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near:
            far = self._connect()
            if far is None:
                return
            with far:
                self._open |= {near, far}
                back = threading.Thread(target=_pump, args=(far, near), daemon=True)
                back.start()
                _pump(near, far)
                back.join()
                self._open -= {near, far}

    def _connect(self) -> socket.socket | None:
        ports = self.ports
        first = next(self._turns)
        for offset in range(len(ports)):
            port = ports[(first + offset) % len(ports)]
            with contextlib.suppress(OSError):
                far = socket.create_connection(("127.0.0.1", port), _CONNECT_SECONDS)
                far.settimeout(None)
                far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return far
        return None


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Hand on what comes; when one side ends, so does the other."""
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
