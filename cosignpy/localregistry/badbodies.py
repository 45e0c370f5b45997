"""Bodies that go wrong on their way out: cut, altered, held back, without end, or a drop at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from cosignpy.localregistry.connection import connection_of, wait_for_disconnect
from cosignpy.localregistry.faults import BodyFault, Faults

_FILLER: Final = b" " * (64 << 10)
_DROP: Final = 1024


def spoil_body(faults: Faults, scope: Scope, receive: Receive, send: Send) -> Send:
    """Return the `send` that does to the body of a successful GET what the faults say."""
    if scope["method"] != "GET" or (faults.body is BodyFault.NONE and not faults.trickle):
        return send
    return _BadBody(faults, scope, receive, send)


@dataclass(slots=True)
class _BadBody:
    """Counts the bytes of one answer and interferes in the middle of them."""

    faults: Faults
    scope: Scope
    receive: Receive
    send: Send
    length: int = 0
    sent: int = 0
    over: bool = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._start(message)
        elif not (self.over or self.length == 0):
            await _TREATMENTS[self.faults.body](self, message)
        elif not self.over:
            await self.send(message)

    async def _start(self, message: Message) -> None:
        headers = MutableHeaders(raw=message["headers"])
        if message["status"] in {200, 206}:
            self.length = int(headers.get("content-length", "0"))
        if self.length and self.faults.body is BodyFault.ENDLESS:
            del headers["content-length"]
        await self.send(message)

    async def pass_on(self, message: Message) -> None:
        """Send a piece as it is, or a drop at a time."""
        body: bytes = message.get("body", b"")
        self.sent += len(body)
        if not self.faults.trickle:
            await self.send(message)
            return
        for start in range(0, len(body), _DROP):
            await asyncio.sleep(self.faults.trickle)
            await self.send({**message, "body": body[start : start + _DROP], "more_body": True})
        await self.send({**message, "body": b""})

    async def alter(self, message: Message) -> None:
        """Flip one bit of the byte in the middle."""
        body = bytearray(message.get("body", b""))
        place = self.length // 2 - self.sent
        if 0 <= place < len(body):
            body[place] ^= 1
        await self.pass_on({**message, "body": bytes(body)})

    async def truncate(self, message: Message) -> None:
        """Send the first half and hang up."""
        if await self._send_half(message):
            connection_of(self.scope).close()

    async def stall(self, message: Message) -> None:
        """Send the first half and fall silent."""
        if await self._send_half(message):
            await wait_for_disconnect(self.receive)

    async def endless(self, message: Message) -> None:
        """Send everything, then go on."""
        last = not message.get("more_body", False)
        await self.pass_on({**message, "more_body": True})
        if not last:
            return
        self.over = True
        gone = asyncio.ensure_future(wait_for_disconnect(self.receive))
        while not gone.done():
            await self.send({"type": "http.response.body", "body": _FILLER, "more_body": True})
            await asyncio.sleep(0)

    async def _send_half(self, message: Message) -> bool:
        """Send what belongs to the first half; tell whether that was the last of it."""
        body = message.get("body", b"")[: max(0, self.length // 2 - self.sent)]
        await self.pass_on({**message, "body": body, "more_body": True})
        self.over = self.sent >= self.length // 2
        return self.over


_TREATMENTS: Final[Mapping[BodyFault, Callable[[_BadBody, Message], Awaitable[None]]]] = {
    BodyFault.NONE: _BadBody.pass_on,
    BodyFault.TRUNCATE: _BadBody.truncate,
    BodyFault.ALTER: _BadBody.alter,
    BodyFault.STALL: _BadBody.stall,
    BodyFault.ENDLESS: _BadBody.endless,
}
