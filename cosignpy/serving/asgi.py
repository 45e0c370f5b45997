"""Request bodies with a limit: nothing a server reads may be as long as the client likes."""

from collections.abc import AsyncIterator

from starlette.requests import Request

from cosignpy.values import record


@record
class BodyTooLarge(Exception):
    """The request's body is over the limit; the route decides which answer that is."""

    limit: int

    def __str__(self) -> str:
        return f"the body is larger than {self.limit} bytes"


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
