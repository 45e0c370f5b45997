"""Short requests and answers, each in one piece, beside the messages of ASGI.

A body and an answer pass through ASGI as messages, since either may be longer than memory. Nearly all of ours are
shorter than a packet, and there are thousands a second; so the protocol offers what it has received and takes what is
to be sent as a whole, in the `state` of the scope. Whoever does not know it uses messages.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from starlette.types import Scope

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

EXCHANGE: Final = "exchange"
"""Where in a scope's `state` the exchange stands."""

_STATUS_LINES: Final[Mapping[int, bytes]] = MappingProxyType(
    {
        status: f"HTTP/1.1 {status} {status.phrase}\r\n".encode("ascii")
        for status in HTTPStatus
        if status >= HTTPStatus.OK and status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
    }
)
"""Of answers that have a body (RFC 9110 sections 15.3.5 and 15.4.5)."""


class Exchange(Protocol):
    """What the protocol offers for one request."""

    def take_body(self) -> bytes | None:
        """Return the body if all of it is there; None, and nothing is taken, if some of it has still to come."""
        ...

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        """Send a whole answer, `content-length` among its headers; False, and nothing is sent, if it takes messages."""
        ...


def exchange_of(scope: Scope) -> Exchange | None:
    """Return what the protocol offers, None where it offers nothing."""
    found: Exchange | None = scope.get("state", {}).get(EXCHANGE)
    return found


class CycleExchange:
    """An exchange on uvicorn's cycle of one request and its answer; whatever is unusual is left to uvicorn."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: "RequestResponseCycle") -> None:
        self._cycle = cycle

    def take_body(self) -> bytes | None:
        """Return the body if all of it is there; see `Exchange.take_body`."""
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        return body

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        """Write a whole answer at once; see `Exchange.answer`."""
        cycle = self._cycle
        unusual = cycle.response_started or cycle.disconnected or cycle.flow.write_paused or not cycle.keep_alive
        if unusual or status not in _STATUS_LINES or cycle.scope["method"] == "HEAD":
            return False
        head = _encode_head(status, (*cycle.default_headers, *headers))
        if head is None:
            return False
        cycle.transport.write(head + body)
        cycle.response_started = cycle.response_complete = True
        cycle.scope["state"].pop(EXCHANGE, None)  # cycle, scope and exchange have each other: nothing would free them
        cycle.message_event.set()
        cycle.on_response()
        return True


def _encode_head(status: int, headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    """Write status and headers; None if one of them ends the connection, or holds what no header may hold."""
    lines = [b"%b: %b\r\n" % header for header in headers]
    head = _STATUS_LINES[status] + b"".join(lines) + b"\r\n"
    ends = len(lines) + 2
    if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head or b"\nconnection:" in head:
        return None
    return head
