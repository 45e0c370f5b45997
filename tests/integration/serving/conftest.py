"""A server on a real port, with limits short enough for tests, and connections that write to it as they like."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from cosignpy.serving.asgi import BodyLimits, answer, read_body
from cosignpy.serving.problem import AnswerErrors
from cosignpy.serving.slow_clients import ClientLimits, patient_protocol
from cosignpy.serving.threaded import ServerOptions, ThreadedServer

PATIENCE: Final = 20.0
"""Longer than anything here takes on a busy machine: what is not over by then hangs."""

LIMITS: Final = ClientLimits(
    head_seconds=0.4,
    body_seconds=0.8,
    stall_seconds=0.4,
    head_bytes=4096,
    headers=20,
    message_bytes=2**20,
    linger_seconds=0.6,
)
BODY: Final = BodyLimits(size=1000, seconds=0.3)
ANSWER_SIZE: Final = 48 * 2**20


async def routes(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/body":
        await answer(send, 200, b"%d" % len(await read_body(scope, receive, BODY)))
    elif scope["path"] == "/large":
        await answer(send, 200, bytes(ANSWER_SIZE))
    elif scope["path"] == "/client":
        await answer(send, 200, str(scope["client"][0]).encode())
    elif scope["path"] == "/headers":
        await read_body(scope, receive, BODY)
        await answer(send, 200, b",".join(name for name, _ in scope["headers"]))
    else:
        await answer(send, 200, b"served")


APP: Final = AnswerErrors(routes)


class Wire:
    """A client's connection, on which anything can be written."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode("latin-1"))

    def ask(self, text: str) -> bytes:
        """Send a request and return the answer: head, and the body that its length announces."""
        self.send(text)
        return self.answer()

    def answer(self) -> bytes:
        found = b""
        while b"\r\n\r\n" not in found:
            found += self._more()
        head, _, begin = found.partition(b"\r\n\r\n")
        body = bytearray(begin)
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        self.take(length - len(body), body)
        return head + b"\r\n\r\n" + bytes(body)

    def take(self, size: int, into: bytearray) -> None:
        """Read so many bytes at least."""
        wanted = len(into) + size
        while len(into) < wanted:
            into += self._more()

    def _more(self) -> bytes:
        found = self.socket.recv(65536)
        assert found, "the connection was closed"
        return found

    def rest(self) -> bytes:
        """Return what comes until the server closes, or resets, the connection; it must do so."""
        found = bytearray()
        try:
            while piece := self.socket.recv(2**20):
                found += piece
        except ConnectionError:
            pass
        return bytes(found)


class Server:
    """A running server; connections to it are closed with it."""

    def __init__(self, address: str, stack: ExitStack) -> None:
        self.address = address
        self._stack = stack

    def connect(self) -> Wire:
        host, _, port = self.address.rpartition(":")
        connection = socket.create_connection((host, int(port)), timeout=PATIENCE)
        return Wire(self._stack.enter_context(connection))


@contextmanager
def serving(options: ServerOptions, app: ASGIApp = APP) -> Iterator[Server]:
    with ExitStack() as stack:
        threaded = ThreadedServer(app, options)
        threaded.start()
        stack.callback(threaded.stop)
        yield Server(threaded.address, stack)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(ServerOptions(protocol=patient_protocol(LIMITS))) as running:
        yield running
