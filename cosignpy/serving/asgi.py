"""Requests and answers: nothing a server reads may be as long as the client likes, or take as long."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Any, Final, TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from cosignpy.serving.exchange import exchange_of
from cosignpy.values import record, value

WholeAnswer: TypeAlias = Callable[[int, Sequence[tuple[bytes, bytes]], bytes], bool]
"""What a `send` may have as its attribute `answer`; see `Exchange.answer`."""


@record
class BodyTooLarge(Exception):
    """The request's body is over the limit; the route decides which answer that is."""

    limit: int

    def __str__(self) -> str:
        return f"the body is larger than {self.limit:d} bytes"


async def stream_capped(request: Request, *, limit: int) -> AsyncIterator[bytes]:
    """Yield the body piece by piece, never more than `limit` bytes of it.

    Raises:
        BodyTooLarge: The body, or the length the client declares for it, is over the limit.
        starlette.requests.ClientDisconnect: The client went away before the end.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise BodyTooLarge(limit)
    received = 0
    async for piece in request.stream():
        received += len(piece)
        if received > limit:
            raise BodyTooLarge(limit)
        yield piece


async def read_capped(request: Request, *, limit: int) -> bytes:
    """Return the whole body.

    Raises:
        BodyTooLarge: It is over the limit.
        starlette.requests.ClientDisconnect: The client went away before the end.
    """
    return b"".join([piece async for piece in stream_capped(request, limit=limit)])


@record
class BodyTooSlow(Exception):
    """The request's body has not arrived in time; the route decides which answer that is, usually 408."""

    seconds: float

    def __str__(self) -> str:
        return f"the body did not arrive within {self.seconds:g} s"


@record
class BodiesTooMany(Exception):
    """All bodies that are arriving are too much together; 503, and later it may be otherwise."""

    limit: int

    def __str__(self) -> str:
        return f"{self.limit:d} bytes of other requests are arriving; try again"


@record
class BodyEncoded(Exception):
    """The request's body is compressed, which nothing here reads: a small one could become a large one."""

    coding: str

    def __str__(self) -> str:
        return f"the body has the content coding {self.coding!r}; send it as it is"


@value
class BodyLimits:
    """How much of a body a route reads, and how long it waits for all of it.

    `together` is how much all requests of a process may hold of bodies that have not ended; it is counted for all
    routes as one, and bodies that come in one piece need none of it.
    """

    size: int
    seconds: float = 10.0
    together: int = 256 * 1024 * 1024


@record
class _Arriving:
    """The bytes of bodies that have begun to arrive."""

    size: int = 0


_ARRIVING: Final = _Arriving()


async def read_body(scope: Scope, receive: Receive, limits: BodyLimits) -> bytes:
    """Return the whole body of a request of plain ASGI, for the routes where a framework costs too much.

    Raises:
        BodyEncoded: It is compressed.
        BodyTooLarge: The body, or the length the client declares for it, is over the limit.
        BodyTooSlow: The client did not send all of it in time.
        BodiesTooMany: All bodies that are arriving are too much together.
        starlette.requests.ClientDisconnect: The client went away before the end.
    """
    coding = header(scope, b"content-encoding")
    if coding and coding.lower() != b"identity":
        raise BodyEncoded(coding.decode("latin-1"))
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared) > limits.size:
        raise BodyTooLarge(limits.size)
    exchange = exchange_of(scope)
    body = exchange.take_body() if exchange else None
    if body is None:
        with Deadline(limits.seconds, lambda: BodyTooSlow(limits.seconds)):
            return await _read_pieces(receive, limits)
    if len(body) > limits.size:
        raise BodyTooLarge(limits.size)
    return body


async def _read_pieces(receive: Receive, limits: BodyLimits) -> bytes:
    pieces: list[bytes] = []
    received = 0
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            pieces.append(message.get("body", b""))
            received += len(pieces[-1])
            _ARRIVING.size += len(pieces[-1])
            if received > limits.size:
                raise BodyTooLarge(limits.size)
            if not message.get("more_body"):
                return b"".join(pieces)
            if _ARRIVING.size > limits.together:
                raise BodiesTooMany(limits.together)
    finally:
        _ARRIVING.size -= received


class Deadline:
    """Raises an error out of its block when the time is over: `asyncio.timeout` at a quarter of its cost."""

    def __init__(self, seconds: float, late: Callable[[], Exception] = TimeoutError) -> None:
        self._seconds = seconds
        self._late = late
        self._expired = False

    def __enter__(self) -> None:
        self._task: asyncio.Task[Any] = asyncio.current_task()  # type: ignore[assignment] # we are in a coroutine
        self._cancelled_before = self._task.cancelling()
        self._timer = self._task.get_loop().call_later(self._seconds, self._expire)

    def _expire(self) -> None:
        self._expired = True
        self._task.cancel()

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._expired and self._task.uncancel() <= self._cancelled_before:  # else someone else cancels us as well
            raise self._late() from error


def header(scope: Scope, name: bytes) -> bytes:
    """Return a request header, by its name in lower case; the first of several, and nothing if there is none."""
    for found, content in scope["headers"]:
        if found == name:
            return bytes(content)
    return b""


async def answer(send: Send, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Send a whole answer; the headers say what the body is, its length is added."""
    complete = (*headers, (b"content-length", b"%d" % len(body)))
    whole: WholeAnswer | None = getattr(send, "answer", None)
    if whole is not None and whole(status, complete, body):
        return
    await send({"type": "http.response.start", "status": status, "headers": list(complete)})
    await send({"type": "http.response.body", "body": body})
