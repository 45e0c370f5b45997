"""How Rekor v1 refuses (rekor, openapi.yaml): `{"code":...,"message":...}`, and nothing at all with a 404."""

from http import HTTPStatus
from typing import Final

import orjson

from cosignpy.serving.problem import Body, Problem
from cosignpy.serving.routing import JSON, Manner, Refused
from log_server.problems import translate

_MEDIA_TYPE: Final = JSON[1]


def v1_error(problem: Problem) -> Body:
    """Write an error; clients of version 1 expect 404 to have no body."""
    if problem.status is HTTPStatus.NOT_FOUND:
        return Body(b"", _MEDIA_TYPE)
    return Body(orjson.dumps({"code": problem.status.value, "message": problem.detail}) + b"\n", _MEDIA_TYPE)


def unprocessable(detail: str) -> Refused:
    """Build the refusal of a parameter that is not of its type, out of range, or missing."""
    return Refused(Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail))


def no_such_entry() -> Refused:
    """Build the refusal of what is not in the log."""
    return Refused(Problem(HTTPStatus.NOT_FOUND, "no such entry"))


V1_MANNER: Final = Manner(
    v1_error,
    (
        (b"access-control-allow-origin", b"*"),  # the log is public, and there are no cookies
        (b"access-control-expose-headers", b"etag, location, x-next-after"),
        (b"vary", b"origin"),
    ),
    translate,
)
"""Every answer of version 1 may be read by scripts of any page."""
