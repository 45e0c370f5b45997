"""HTTP answers without sockets, and a sender that gives them out."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from cosignpy.net.connection import Connection
from cosignpy.net.http import Request, Response
from cosignpy.net.http1 import read_answer
from cosignpy.net.url import Url

if TYPE_CHECKING:
    from cosignpy.net.sockets import PacedSocket


@dataclass
class MemorySocket:
    """The side of a socket that answers are read from."""

    content: bytes
    closed: bool = False

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self.content)

    def expect_body(self) -> None:
        pass

    def expect_rest(self) -> None:
        pass

    def expect_step(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def answer(url: Url, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Response:
    """Build an answer as the client would."""
    fields = {"Content-Length": str(len(body)), **(headers or {})}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in fields.items())]
    memory = MemorySocket("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    raw = read_answer(memory.makefile("rb"), "GET")
    return Response(url, raw, Connection(cast("PacedSocket", memory), url.origin, None), lambda _: None)


@dataclass
class ScriptedSender:
    """Answers requests by a function; remembers them."""

    respond: Callable[[Request], Response]
    requests: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return self.respond(request)


@dataclass
class ManualTime:
    """Time that passes only by sleeping, or when a test says so."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
