"""An issuer on a real port that can do anything wrong, and counts what it is asked."""

import ssl
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from tests.support.raw_server import Handler, RawRequest, RawServer, reply
from tests.support.tokens import TokenIssuer

if TYPE_CHECKING:
    import socket

DOCUMENT: Final = "/.well-known/openid-configuration"
KEYS: Final = "/keys"


@dataclass
class HostileIssuer:
    """Answers as an issuer does, except at the paths where it is told what to do instead."""

    tls: ssl.SSLContext | None = None
    instead: dict[str, Handler] = field(default_factory=dict)
    issuer: TokenIssuer = field(default_factory=lambda: TokenIssuer(now=time.time()))

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self.server = self._stack.enter_context(RawServer(self._handle, self.tls))
        scheme, host = ("http", "127.0.0.1") if self.tls is None else ("https", "localhost")
        self.issuer.url = f"{scheme}://{host}:{self.server.port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def asked(self) -> list[str]:
        """What it was asked for, in order."""
        return [request.target for request in self.server.requests]

    def do(self, handler: Handler) -> None:
        """Do this with every request from now on."""
        self.instead = {DOCUMENT: handler, KEYS: handler}

    def recover(self) -> None:
        """Answer as an issuer does."""
        self.instead = {}

    def _handle(self, connection: "socket.socket", request: RawRequest) -> None:
        content = {DOCUMENT: self.issuer.discovery, KEYS: self.issuer.jwks}.get(request.target)
        usual = reply(404) if content is None else reply(200, content(), Content_Type="application/json")
        self.instead.get(request.target, usual)(connection, request)


def gate(opened: threading.Event, after: Handler) -> Handler:
    """Wait until a gate is opened, then do something else."""

    def handle(connection: "socket.socket", request: RawRequest) -> None:
        opened.wait(20)
        after(connection, request)

    return handle
