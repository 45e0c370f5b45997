"""Errors as answers: RFC 9457 problem details, for every face that has no error shape of its own.

A server decides once, by an `ErrorShape`, how its errors look; everything here that refuses a request
(limits, rates, missing credentials) says what happened as a `Problem` and leaves the shape to it.
"""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cosignpy.core.encoding import encode_json
from cosignpy.errors import (
    DeadlineExceeded,
    MalformedError,
    NotFoundError,
    RemoteError,
    UsageError,
    VerificationError,
)
from cosignpy.serving.asgi import BodiesTooMany, BodyEncoded, BodyTooLarge, BodyTooSlow, answer
from cosignpy.values import value

_LOG: Final = logging.getLogger(__name__)

Headers = tuple[tuple[bytes, bytes], ...]


@value
class Problem:
    """What is wrong with a request, or with us; `detail` is one line for people and never a secret.

    What is `ours` goes into the log with its traceback.
    """

    status: HTTPStatus
    detail: str
    headers: Headers = ()
    ours: bool = False


@value
class Body:
    """The bytes of an answer and their media type."""

    content: bytes
    media_type: bytes


ErrorShape = Callable[[Problem], Body]
"""How a face writes its errors."""


def problem_json(problem: Problem) -> Body:
    """Encode as `application/problem+json` (RFC 9457 section 3); the type is the status itself (section 4.2.1)."""
    members = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
    }
    return Body(encode_json(members), b"application/problem+json")


async def answer_problem(send: Send, problem: Problem, shape: ErrorShape = problem_json) -> None:
    """Send a problem as the whole answer; never cached, since it may be gone a moment later."""
    body = shape(problem)
    kind = (b"content-type", body.media_type)
    await answer(send, problem.status, body.content, (kind, (b"cache-control", b"no-store"), *problem.headers))


_STATUS: Final[Mapping[type[Exception], HTTPStatus]] = {
    BodyEncoded: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    BodyTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    BodiesTooMany: HTTPStatus.SERVICE_UNAVAILABLE,
    MalformedError: HTTPStatus.BAD_REQUEST,
    VerificationError: HTTPStatus.BAD_REQUEST,
    UsageError: HTTPStatus.BAD_REQUEST,
    NotFoundError: HTTPStatus.NOT_FOUND,
    RemoteError: HTTPStatus.BAD_GATEWAY,
    DeadlineExceeded: HTTPStatus.GATEWAY_TIMEOUT,
}
_HEADERS: Final[Mapping[type[Exception], Headers]] = {
    BodyEncoded: ((b"accept-encoding", b"identity"),),  # RFC 9110 section 15.5.16
    BodyTooSlow: ((b"connection", b"close"),),
    BodiesTooMany: ((b"retry-after", b"1"), (b"connection", b"close")),
}
"""A body that is too large is read to its end and dropped: closing at once would take the answer from the client."""

_INTERNAL: Final = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the server failed; its log says why", ours=True)


def problem_of(error: Exception) -> Problem:
    """Return what to tell the client; nothing about errors that are not about its request."""
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return Problem(_STATUS[kind], str(error), _HEADERS.get(kind, ()))
    return _INTERNAL


class AnswerErrors:
    """Answers for the errors that leave an app; what is our own fault is logged with its traceback."""

    def __init__(self, app: ASGIApp, shape: ErrorShape = problem_json) -> None:
        self._app = app
        self._shape = shape

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, note_start)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:
            if started:
                raise  # half an answer cannot become another; the connection is closed instead
            problem = problem_of(error)
            if problem.ours:
                _LOG.exception("request failed")
            await answer_problem(send, problem, self._shape)
