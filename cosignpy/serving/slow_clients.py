"""Clients that take their time, on purpose or not: each phase of a request has a deadline and a size.

uvicorn 0.54 limits how long a connection may be idle after an answer and nothing else: who never sends a request,
sends one header a minute, or never reads the answer keeps the connection, and headers may be of any size. One timer
for each connection looks at what it is waiting for, so that a request costs two assignments and no timer.
"""

import asyncio
import re
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from cosignpy.serving.exchange import EXCHANGE, CycleExchange
from cosignpy.values import value

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

PEER_CERTIFICATE: Final = "peer_certificate"
"""Where in a scope's `state` the client's certificate stands: DER, or None."""

_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
"""The host and port of a URI (RFC 3986 section 3.2), which may be nothing at all."""


@value
class ClientLimits:
    """What a connection may take; times are seconds."""

    head_seconds: float = 10.0
    """From the opening of the connection, or the first byte of a request, to the end of its headers."""
    body_seconds: float = 60.0
    """From there to the end of the body. A route that reads bodies answers 408 long before that."""
    stall_seconds: float = 60.0
    """A client that has read nothing of an answer for so long is gone."""
    head_bytes: int = 64 * 1024
    """Request line and headers; a bearer token takes 4 KiB at the most, a browser's cookies 8."""
    headers: int = 100
    message_bytes: int = 64 * 1024 * 1024
    """All of a request. Routes have limits of their own; this one is for bodies that no route reads."""
    linger_seconds: float = 10.0
    """From an answer after which the connection ends to that end, while the client still sends its body."""
    connections: int = 8192
    """At once in one process: each takes one of its files."""
    unread_bytes: int = 256 * 1024 * 1024
    """What all clients of one process have still to read of their answers. A hundred that ask for megabytes and read
    nothing would take a gigabyte; who has read nothing for longest goes first."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 for clients that are given a fair time, and no more."""

    limits: ClassVar[ClientLimits] = ClientLimits()
    _stalled: ClassVar[set["PatientProtocol"]] = set()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's does
        """Begin to wait for a request."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self.app_state = {**self.app_state, PEER_CERTIFICATE: tls.getpeercert(binary_form=True) if tls else None}
        self._received = 0
        self._fed = 0
        self._head_since: float | None = self.loop.time()
        self._body_since: float | None = None
        self._stalled_since: float | None = None
        self._unread = 0
        self._again = b""
        self._lingers_since: float | None = None
        self._cycle_transport = SimpleNamespace(
            write=transport.write, is_closing=transport.is_closing, close=self._close_gently
        )
        self._watch = self.loop.call_later(self.limits.head_seconds, self._look)
        if len(self.connections) > self.limits.connections:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._watch.cancel()
        self._stalled.discard(self)
        self._cycle_transport.close = self.transport.close  # else the last request and this would have each other
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless it is too much."""
        if self._head_since is None and self._body_since is None:
            self._head_since = self.loop.time()  # empty lines before a request end the idle time too
            self._received = 0
        self._fed = len(data)
        self._received += self._fed
        if self._head_since is not None and self._received > self.limits.head_bytes + self._fed:
            self._refuse_head()
        elif self._received > self.limits.message_bytes:
            self.transport.abort()
        elif self._lingers_since is None:
            self._parse(memoryview(data))

    def _parse(self, data: memoryview) -> None:
        """Let the parser take all that came, and each head that wishes for another protocol again without the wish."""
        self._unset_keepalive_if_required()
        try:
            rest = self._feed(data)
            while self._again:
                head, self._again = self._again, b""
                self._feed(memoryview(head))
                rest = self._feed(rest)
        except HttpParserError:
            if not self.transport.is_closing():
                self.send_400_response("Invalid HTTP request received.")

    def _feed(self, data: memoryview) -> memoryview:
        """Let the parser take what it takes for HTTP, and return the rest.

        Raises:
            HttpParserError: It is not HTTP.
        """
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as end:
            return data[end.args[0] :]
        return data[len(data) :]

    def on_message_begin(self) -> None:
        """Note when a request begins that came together with the one before it."""
        if self._head_since is None:
            self._head_since = self.loop.time()
        self._received = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers, which come after the body, are dropped: nobody reads them."""
        if self._body_since is None:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request to the app, unless its headers are too many, too long, or name no host.

        Raises:
            ValueError: They are; for the parser, which stops.
        """
        if len(self.headers) > self.limits.headers or self._head_size() > self.limits.head_bytes:
            self._refuse_head()
            raise ValueError("the request's headers are over the limit")
        self._verify_host()
        if self.parser.should_upgrade() and any(name == b"upgrade" for name, _ in self.headers):
            self._again = self._without_upgrade()
            return
        self._head_since = None
        self._body_since = self.loop.time()
        super().on_headers_complete()

    def _verify_host(self) -> None:
        """See that a request names the host it is for, once (RFC 9112 section 3.2); version 1.0 need not.

        Raises:
            ValueError: It does not.
        """
        hosts = [content for name, content in self.headers if name == b"host"]
        if len(hosts) == 1 and _HOST.fullmatch(hosts[0]):
            return
        if hosts or self.parser.get_http_version() != "1.0":
            self._refuse(HTTPStatus.BAD_REQUEST, "the request needs one Host header, with the name of a host")
            raise ValueError(hosts)

    def _without_upgrade(self) -> bytes:
        """Write the head again without the wish for another protocol, which may be ignored (RFC 9110 section 7.8).

        Java's own client asks for HTTP/2 with every request in the clear; the parser would take the body for that.
        """
        line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        kept = [b"%b: %b\r\n" % (name, content) for name, content in self.headers if name != b"upgrade"]
        return b"".join((line, *kept, b"\r\n"))

    def _head_size(self) -> int:
        """Return the size of the headers, or that of the one piece in which all of them came."""
        if self._received == 0 and self._fed <= self.limits.head_bytes:
            return self._fed
        return len(self.url) + sum(len(name) + len(content) for name, content in self.headers)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        """Offer the app whole messages."""
        cycle.scope["state"][EXCHANGE] = CycleExchange(cycle)
        cycle.transport = self._cycle_transport  # type: ignore[assignment] # all of a transport that it uses
        super()._start_asgi_task(cycle, app)

    def _close_gently(self) -> None:
        """End the connection, and first drop what the client still sends of its body (RFC 9112 section 9.6).

        Octets that nobody has read would make the system reset the connection, and take the answer from the client.
        """
        if self._body_since is None:
            self.transport.close()
        elif self._lingers_since is None:
            self._lingers_since = self.loop.time()
            if self.transport.can_write_eof():
                self.transport.write_eof()

    def on_response_complete(self) -> None:
        """Go on with the next request, unless the connection ends."""
        if self._lingers_since is None:
            super().on_response_complete()
        else:
            self.flow.resume_reading()

    def on_message_complete(self) -> None:
        """Note that all of the request is there."""
        if self._again:
            return
        self._body_since = None
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Note since when the client has not read, and how much is left for it."""
        self._stalled_since = self.loop.time()
        self._unread = self.transport.get_write_buffer_size()
        self._stalled.add(self)
        super().pause_writing()
        self._make_room()

    def resume_writing(self) -> None:
        """Note that it reads again."""
        self._stalled_since = None
        self._stalled.discard(self)
        super().resume_writing()

    def _make_room(self) -> None:
        """Give up the clients that have read nothing for longest, while all have too much left to read."""
        unread = sum(one.transport.get_write_buffer_size() for one in self._stalled)
        while unread > self.limits.unread_bytes:
            slowest = min(self._stalled, key=lambda one: one._stalled_since or 0.0)  # noqa: SLF001 # of this class
            unread -= slowest.transport.get_write_buffer_size()
            self._stalled.discard(slowest)
            slowest.transport.abort()

    def _refuse_head(self) -> None:
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request's headers are over the limit")

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\n"
        kind = f"content-type: text/plain; charset=utf-8\r\ncontent-length: {len(why)}\r\n\r\n"
        self.transport.write(f"{head}{kind}{why}".encode("ascii"))
        self.transport.close()

    def _note_progress(self) -> None:
        """Begin to wait anew for a client that has read a part of a long answer."""
        unread = self.transport.get_write_buffer_size()
        if self._stalled_since is not None and unread < self._unread:
            self._stalled_since = self.loop.time()
            self._unread = unread

    def _look(self) -> None:
        """Close the connection if what it waits for is overdue, else come back when that would be."""
        limits = self.limits
        self._note_progress()
        due = [
            since + allowed
            for since, allowed in (
                (self._head_since, limits.head_seconds),
                (self._body_since, limits.body_seconds),
                (self._stalled_since, limits.stall_seconds),
                (self._lingers_since, limits.linger_seconds),
            )
            if since is not None
        ]
        now = self.loop.time()
        if min(due, default=now + 1) <= now:
            self.transport.abort()
            return
        soon = now + min(limits.head_seconds, limits.body_seconds, limits.stall_seconds, limits.linger_seconds)
        self._watch = self.loop.call_at(min(*due, soon) if due else soon, self._look)


def patient_protocol(limits: ClientLimits) -> type[PatientProtocol]:
    """Return the protocol with other limits; uvicorn makes an instance of it for each connection."""
    namespace: dict[str, Any] = {"limits": limits}
    return type("PatientProtocol", (PatientProtocol,), namespace)
