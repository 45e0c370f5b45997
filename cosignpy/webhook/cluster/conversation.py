"""Requests to the API server and their answers, with limits of size and time; failures come out as errors of ours."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import Any, Final

import httpx2
import msgspec
from lightkube import ConfigError

from cosignpy.errors import ClusterUnreachable, LimitExceeded
from cosignpy.values import value
from cosignpy.webhook.cluster.asked import METHODS, Asked, parse_status, refusal
from cosignpy.webhook.cluster.connection import TIMEOUT, Connection
from cosignpy.webhook.cluster.lines import read_capped, split_lines

MAX_ANSWER: Final = 32 * 1024 * 1024
"""Octets of an answer, or of an event. An object has 1.5 MiB at the most; a page with more is asked for in parts."""
TOTAL_SECONDS: Final = 30.0
"""For one request with all its repetitions, and for opening a watch."""
SILENCE_SECONDS: Final = 150.0
"""A watch on which nothing came for so long is opened anew. API servers send a bookmark every minute."""

JSON: Final = "application/json"
APPLY_PATCH: Final = "application/apply-patch+yaml"
"""Server-side apply; JSON is YAML."""

_TRIES: Final = 4
_BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 5.0
"""Seconds until a server is asked again that is busy; it says for how long, mostly 1."""
_CLOSED: Final = (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)
"""What comes of a connection that the server closed while it was idle."""
_HINT: Final = "see that the API server runs, and that nothing on the way keeps us from it"
_UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
"""What OpenSSL says, of which httpx2 leaves the text."""
_HINT_OF_CERTIFICATE: Final = "see that the certificate authority of the kubeconfig file is that of the cluster"
_TRANSPORT: Final = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, ConfigError, OSError)


class AnswerTooLarge(ClusterUnreachable):
    """An answer with more octets than are read."""


@value
class Body:
    """What is sent: an object, and what it is to be taken for."""

    content: Mapping[str, Any]
    content_type: str = JSON

    def encode(self) -> bytes:
        """Return it as JSON."""
        return msgspec.json.encode(self.content, enc_hook=dict)


class Conversation:
    """Asks one API server."""

    def __init__(self, connection: Connection) -> None:
        self._client = connection.client
        self.where = connection.where

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def ask(self, asked: Asked, params: Mapping[str, str] | None = None, body: Body | None = None) -> bytes:
        """Ask for something; again where the server is busy, or closed the connection that the answer was to come on.

        Raises:
            ClusterError: It was refused, cannot be named, or there was no usable answer.
        """
        asked.check(self.where)
        with self._as_ours(asked):
            async with asyncio.timeout(TOTAL_SECONDS):
                answer, raw = await self._persist(asked, params, body)
        if answer.is_success:
            return raw
        raise refusal(asked, self.where, parse_status(raw, answer.status_code))

    @asynccontextmanager
    async def listen(self, asked: Asked, params: Mapping[str, str]) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a watch; its lines come until the server ends it.

        Raises:
            ClusterError: It was refused, or the connection failed, or was silent for `SILENCE_SECONDS`.
        """
        asked.check(self.where)
        timeout = httpx2.Timeout(TIMEOUT, read=SILENCE_SECONDS)
        request = self._client.build_request("GET", asked.path, params=params, timeout=timeout)
        with self._as_ours(asked):
            async with asyncio.timeout(TOTAL_SECONDS):
                answer = await self._client.send(request, stream=True)
            try:
                if not answer.is_success:
                    raw = await read_capped(answer.aiter_bytes(), MAX_ANSWER)
                    raise refusal(asked, self.where, parse_status(raw, answer.status_code))
                yield split_lines(answer.aiter_bytes(), MAX_ANSWER)
            finally:
                await answer.aclose()

    async def _persist(
        self, asked: Asked, params: Mapping[str, str] | None, body: Body | None
    ) -> tuple[httpx2.Response, bytes]:
        """Ask, a few times where that is of use. What is created is so once: that it is there would be no failure."""
        for _ in range(_TRIES - 1):
            try:
                answer, raw = await self._once(asked, params, body)
            except _CLOSED:
                if asked.verb == "create":
                    raise
                continue
            if answer.status_code not in _BUSY:
                return answer, raw
            await asyncio.sleep(_pause(answer))
        return await self._once(asked, params, body)

    async def _once(
        self, asked: Asked, params: Mapping[str, str] | None, body: Body | None
    ) -> tuple[httpx2.Response, bytes]:
        sent = body.encode() if body else None
        headers = {"content-type": body.content_type} if body else None
        async with self._client.stream(
            METHODS[asked.verb], asked.path, params=params, content=sent, headers=headers
        ) as answer:
            return answer, await read_capped(answer.aiter_bytes(), MAX_ANSWER)

    @contextmanager
    def _as_ours(self, asked: Asked) -> Iterator[None]:
        """Turn what can happen to a connection into errors of ours."""
        try:
            yield
        except _TRANSPORT as error:
            why = " ".join(str(error).split()) or _NAMES.get(type(error), type(error).__name__)
            hint = _HINT_OF_CERTIFICATE if _UNTRUSTED in why else _HINT
            raise ClusterUnreachable(str(asked), self.where, why, hint=hint) from error
        except LimitExceeded as error:
            raise AnswerTooLarge(str(asked), self.where, error.why) from error


_NAMES: Final[Mapping[type[Exception], str]] = {
    TimeoutError: f"no answer within {TOTAL_SECONDS:g} s",
    httpx2.ConnectTimeout: f"no connection within {TIMEOUT:g} s",
    httpx2.ReadTimeout: "it fell silent",
    httpx2.ReadError: "the connection broke",
}
"""What errors without a text mean."""


def _pause(answer: httpx2.Response) -> float:
    """Return for how many seconds the server wants to be left alone (RFC 9110 section 10.2.3)."""
    said = answer.headers.get("retry-after", "")
    return min(float(said), _LONGEST_PAUSE) if said.isascii() and said.isdecimal() else _PAUSE
