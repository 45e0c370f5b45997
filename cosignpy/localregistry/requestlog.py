"""What was asked of the registry: tests count requests with it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_RECORDS: Final = 100_000
"""Requests remembered; a registry that serves for weeks must not grow with them."""

NO_ANSWER: Final = 0
"""The status of a request whose connection ended without an answer."""


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request, and the status it was answered with."""

    method: str
    path: str
    query: str
    status: int


@dataclass(frozen=True, slots=True)
class RequestLog:
    """Middleware that remembers requests in the order of their answers."""

    app: ASGIApp
    records: deque[RecordedRequest] = field(default_factory=lambda: deque(maxlen=MAX_RECORDS))

    def __iter__(self) -> Iterator[RecordedRequest]:
        return iter(tuple(self.records))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and note it before the client can see the answer."""
        status = NO_ANSWER

        def note() -> None:
            query = scope["query_string"].decode("latin-1")
            self.records.append(RecordedRequest(scope["method"], scope["path"], query, status))

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                note()
            await send(message)

        try:
            await self.app(scope, receive, noting_send)
        finally:
            if status == NO_ANSWER:
                note()
