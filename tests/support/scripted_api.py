"""An API server that answers as a script says, request after request, without sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import httpx2

from cosignpy.values import field, value
from cosignpy.webhook.cluster.connection import TIMEOUT, Connection

WHERE: Final = "https://cluster.example:6443"

Piece = bytes | float | Exception
"""Octets, a pause of so many seconds, or how the connection breaks."""


@value
class Reply:
    """What is answered: a status, and a body in pieces."""

    status: int = 200
    pieces: tuple[Piece, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, found: object, status: int = 200, **headers: str) -> "Reply":
        """Answer JSON."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, (json.dumps(found).encode(),), named)

    @classmethod
    def events(cls, *events: dict[str, Any] | Piece) -> "Reply":
        """Answer a watch, a line for each event."""
        return cls(200, tuple([json.dumps(e).encode() + b"\n" if isinstance(e, dict) else e for e in events]))


class ScriptedApi(httpx2.AsyncBaseTransport):
    """Answers in the order of the script, and with the last again and again; `requests` has what was asked."""

    def __init__(self, *script: Reply | Exception) -> None:
        self.script = list(script)
        self.requests: list[httpx2.Request] = []
        self.times: list[float] = []

    @property
    def asked(self) -> Sequence[str]:
        """Method and path of each request."""
        return [f"{request.method} {request.url.raw_path.decode().partition('?')[0]}" for request in self.requests]

    @property
    def connection(self) -> Connection:
        """The way to it."""
        return Connection(httpx2.AsyncClient(transport=self, base_url=WHERE, timeout=TIMEOUT), WHERE, "here")

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0)
        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(reply, Exception):
            raise reply
        silence = request.extensions["timeout"]["read"]
        return httpx2.Response(reply.status, headers=reply.headers, stream=_Pieces(reply.pieces, silence))


class _Pieces(httpx2.AsyncByteStream):
    def __init__(self, pieces: Sequence[Piece], silence: float) -> None:
        self._pieces = pieces
        self._silence = silence

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, bytes):
                yield piece
            else:
                await asyncio.sleep(min(piece, self._silence))
                if piece >= self._silence:
                    message = ""
                    raise httpx2.ReadTimeout(message)
