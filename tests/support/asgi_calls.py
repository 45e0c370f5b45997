"""Requests to an ASGI app without a server, and what it answers."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from starlette.types import ASGIApp, Message

from cosignpy.values import field, record, value

Headers = Sequence[tuple[bytes, bytes]]


@value
class Answer:
    """What an app sent."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body's JSON."""
        return json.loads(self.body)


def scope_of(path: str = "/", headers: Headers = (), **more: object) -> dict[str, Any]:
    """Build the scope of a request."""
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": list(headers),
        "client": ("192.0.2.1", 50000),
        "state": {},
        **more,
    }


@record
class Client:
    """The other side: a body in pieces, then silence or a disconnect; keeps what it is sent."""

    pieces: tuple[bytes, ...] = (b"",)
    ends: bool = True
    sent: list[Message] = field(default_factory=list)
    asked: int = 0

    async def receive(self) -> Message:
        """Give the next piece; after the last one of an unfinished body, wait for ever."""
        self.asked += 1
        if self.asked > len(self.pieces):
            await asyncio.Event().wait()
        more = self.asked < len(self.pieces) or not self.ends
        return {"type": "http.request", "body": self.pieces[self.asked - 1], "more_body": more}

    async def send(self, message: Message) -> None:
        """Keep what the app sends."""
        self.sent.append(message)

    @property
    def answer(self) -> Answer:
        """Return what was sent, put together."""
        start, *bodies = self.sent
        return Answer(start["status"], dict(start["headers"]), b"".join(item.get("body", b"") for item in bodies))


async def ask_async(app: ASGIApp, scope: dict[str, Any], client: Client) -> Answer:
    """Have the app serve one request of this client."""
    await app(scope, client.receive, client.send)
    return client.answer


def ask(app: ASGIApp, scope: dict[str, Any] | None = None, *pieces: bytes) -> Answer:
    """Have the app serve one request, in an event loop of its own."""
    return asyncio.run(ask_async(app, scope or scope_of(), Client(pieces or (b"",))))
