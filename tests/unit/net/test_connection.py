"""How requests leave: in as few pieces as they can."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from cosignpy.net.connection import MAX_JOINED, Connection
from cosignpy.net.message import Body, BodyFactory, Request
from cosignpy.net.url import Url
from tests.support.answers import MemorySocket

if TYPE_CHECKING:
    from cosignpy.net.sockets import PacedSocket


@dataclass
class Recorder(MemorySocket):
    """A socket that keeps what is sent, and has an answer ready."""

    content: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    sent: list[bytes] = field(default_factory=list)

    def expect_head(self, deadline: float) -> None:
        pass

    def send(self, chunk: bytes) -> None:
        self.sent.append(chunk)


def sent(body: Body | None) -> list[bytes]:
    url, recorder = Url.parse("http://a.example/b"), Recorder()
    connection = Connection(cast("PacedSocket", recorder), url.origin, None)
    connection.exchange(Request("POST", url, {}, body), {})
    return recorder.sent


HEAD = b"POST /b HTTP/1.1\r\nHost: a.example\r\n\r\n"


@pytest.mark.parametrize("body", [None, b"", b"small", b"x" * MAX_JOINED])
def test_a_small_body_leaves_with_the_head(body: bytes | None) -> None:
    """Two segments would wake the server twice, and the second might wait for the first to be acknowledged."""
    assert sent(body) == [HEAD + (body or b"")]


@pytest.mark.parametrize("body", [b"x" * (MAX_JOINED + 1), BodyFactory(2, lambda: (b"xx",))], ids=["large", "factory"])
def test_any_other_body_follows_the_head(body: Body) -> None:
    first, *rest = sent(body)
    assert first == HEAD
    assert b"".join(rest) == (body if isinstance(body, bytes) else b"xx")
