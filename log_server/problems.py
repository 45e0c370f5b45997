"""What clients are told of the log's own errors, whichever face they speak to."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from cosignpy.errors import KeyUnusable
from cosignpy.serving.problem import Problem, problem_of
from log_server.log import Frozen, NotTheOriginal, TryLater
from log_server.storage.protocol import StorageError


def translate(error: Exception) -> Problem:
    """Return what to tell the client of an error: the log's own refusals, and those that all servers share."""
    for kind, say in _PROBLEMS.items():
        if isinstance(error, kind):
            return say(error)
    return problem_of(error)


def _try_later(error: Exception) -> Problem:
    seconds = getattr(error, "retry_after", 1)
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), ((b"retry-after", b"%d" % seconds),))


_PROBLEMS: Final[Mapping[type[Exception], Callable[[Exception], Problem]]] = {
    TryLater: _try_later,
    Frozen: lambda error: Problem(HTTPStatus.METHOD_NOT_ALLOWED, str(error)),
    KeyUnusable: lambda error: Problem(HTTPStatus.BAD_REQUEST, str(error)),
    NotTheOriginal: lambda error: Problem(HTTPStatus.BAD_REQUEST, str(error)),
    StorageError: lambda _: Problem(
        HTTPStatus.SERVICE_UNAVAILABLE, "the log cannot be read at the moment", ((b"retry-after", b"1"),), ours=True
    ),
    TimeoutError: lambda _: Problem(HTTPStatus.GATEWAY_TIMEOUT, "the log did not answer in time; try again"),
}
