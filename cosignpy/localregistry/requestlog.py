"""What was asked of the registry: tests count requests with it."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cosignpy.values import field, replace, value

MAX_RECORDS: Final = 100_000
"""Requests remembered; a registry that serves for weeks must not grow with them."""

NO_ANSWER: Final = 0
"""The status of a request that has no answer yet, or whose connection ended without one."""


@value
class RecordedRequest:
    """One request, and the status it was answered with."""

    method: str
    path: str
    query: str
    status: int


@dataclass(slots=True)
class _Slot:
    """The place of a request in the log, while its status is still to come."""

    request: RecordedRequest


@value
class RequestLog:
    """Middleware that remembers requests in the order of their arrival."""

    app: ASGIApp
    slots: deque[_Slot] = field(default_factory=lambda: deque(maxlen=MAX_RECORDS))

    def requests(self) -> list[RecordedRequest]:
        """Return the requests so far, oldest first."""
        return [slot.request for slot in tuple(self.slots)]

    def clear(self) -> None:
        """Forget the requests so far."""
        self.slots.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and note its status before the client can see it."""
        query = scope["query_string"].decode("latin-1")
        slot = _Slot(RecordedRequest(scope["method"], scope["path"], query, NO_ANSWER))
        self.slots.append(slot)

        async def noting_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                slot.request = replace(slot.request, status=message["status"])
            await send(message)

        await self.app(scope, receive, noting_send)
