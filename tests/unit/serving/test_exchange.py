import asyncio
import gc
import logging
import weakref
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from cosignpy.serving.asgi import BodyLimits, BodyTooLarge, answer, read_body
from cosignpy.serving.exchange import EXCHANGE, CycleExchange
from cosignpy.serving.request_log import LogRequests
from cosignpy.values import field, record
from tests.support.asgi_calls import Client, scope_of

LOG = logging.getLogger("test.exchange")
DATE = (b"date", b"today")
PLAIN = (b"content-type", b"text/plain")


@record
class Transport:
    """Keeps what is written to it."""

    written: list[bytes] = field(default_factory=list)

    def write(self, content: bytes) -> None:
        self.written.append(content)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        self.written.append(b"closed")


class Request:
    """A request as uvicorn has it, all of it received."""

    def __init__(
        self, body: bytes = b"", *, expects: bool = False, keep_alive: bool = True, method: str = "POST"
    ) -> None:
        self.transport: Any = Transport()
        self.ended: list[None] = []
        self.scope: Any = scope_of(method=method)
        self.cycle = RequestResponseCycle(
            self.scope,
            self.transport,
            FlowControl(self.transport),
            LOG,
            LOG,
            False,
            [DATE],
            asyncio.Event(),
            expects,
            keep_alive,
            lambda: self.ended.append(None),
        )
        self.cycle.body += body
        self.cycle.more_body = False
        self.scope["state"][EXCHANGE] = CycleExchange(self.cycle)

    @property
    def exchange(self) -> CycleExchange:
        found: CycleExchange = self.scope["state"][EXCHANGE]
        return found


def test_an_answer_is_written_at_once() -> None:
    request = Request()
    assert request.exchange.answer(201, [PLAIN, (b"content-length", b"4")], b"made")
    assert request.transport.written == [
        b"HTTP/1.1 201 Created\r\ndate: today\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nmade"
    ]
    assert request.cycle.response_complete
    assert request.ended == [None]


def test_what_was_answered_is_freed_without_the_collector() -> None:
    """Thousands of requests a second that wait for it would be some MB that no cache holds."""
    request = Request()
    cycle = weakref.ref(request.cycle)
    request.exchange.answer(201, [PLAIN, (b"content-length", b"4")], b"made")
    gc.disable()
    try:
        del request.cycle
        assert cycle() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "header",
    [
        (b"x", b"a\r\nset-cookie: b"),
        (b"x", b"a\nb"),
        (b"x", b"a\rb"),
        (b"x", b"a\0b"),
        (b"x\r\ny", b""),
        (b"connection", b"close"),
    ],
)
def test_a_header_that_is_unusual_is_left_to_the_server(header: tuple[bytes, bytes]) -> None:
    request = Request()
    assert not request.exchange.answer(200, [PLAIN, header], b"")
    assert request.transport.written == request.ended == []


@pytest.mark.parametrize("status", [100, 101, 204, 304, 299])
def test_a_status_that_is_unusual_is_left_to_the_server(status: int) -> None:
    assert not Request().exchange.answer(status, [PLAIN], b"")


def test_head_is_left_to_the_server() -> None:
    assert not Request(method="HEAD").exchange.answer(200, [PLAIN], b"body")


def test_a_connection_that_ends_is_left_to_the_server() -> None:
    assert not Request(keep_alive=False).exchange.answer(200, [PLAIN], b"")


@pytest.mark.parametrize("attribute", ["response_started", "disconnected"])
def test_a_request_that_had_its_answer_gets_no_other(attribute: str) -> None:
    request = Request()
    setattr(request.cycle, attribute, True)
    assert not request.exchange.answer(200, [PLAIN], b"")


def test_a_client_that_does_not_read_is_waited_for() -> None:
    request = Request()
    request.cycle.flow.pause_writing()
    assert not request.exchange.answer(200, [PLAIN], b"")


def test_a_body_that_is_there_is_taken_once() -> None:
    request = Request(b"body")
    assert request.exchange.take_body() == b"body"
    assert request.exchange.take_body() == b""


def test_a_body_that_is_not_all_there_is_left() -> None:
    request = Request(b"bo")
    request.cycle.more_body = True
    assert request.exchange.take_body() is None
    assert request.cycle.body == b"bo"


def test_a_client_that_waits_to_be_asked_is_asked() -> None:
    assert Request(expects=True).exchange.take_body() is None


def test_the_body_of_someone_who_left_is_not_taken() -> None:
    request = Request(b"body")
    request.cycle.disconnected = True
    assert request.exchange.take_body() is None


def test_a_body_is_read_without_messages_and_no_larger_than_allowed() -> None:
    client = Client()
    assert asyncio.run(read_body(Request(b"0123").scope, client.receive, BodyLimits(4))) == b"0123"
    with pytest.raises(BodyTooLarge):
        asyncio.run(read_body(Request(b"01234").scope, client.receive, BodyLimits(4)))
    assert client.asked == 0


async def app(_scope: Any, _receive: Any, send: Any) -> None:
    await answer(send, 201, b"made", [PLAIN])


def test_what_is_sent_whole_is_observed_as_well() -> None:
    seen: list[int] = []
    request, client = Request(), Client()
    logged = LogRequests(app, LOG, lambda _scope, status, _seconds: seen.append(status))
    asyncio.run(logged(request.scope, client.receive, client.send))
    assert seen == [201]
    assert client.sent == []
    (written,) = request.transport.written
    assert b"\r\nx-request-id: " in written


def test_what_cannot_be_sent_whole_is_sent_in_messages() -> None:
    request, client = Request(method="HEAD"), Client()
    asyncio.run(LogRequests(app, LOG)(request.scope, client.receive, client.send))
    assert request.transport.written == []
    assert (client.answer.status, client.answer.body) == (201, b"made")
    assert b"x-request-id" in client.answer.headers
