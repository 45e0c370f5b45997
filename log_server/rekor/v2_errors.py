"""How Rekor v2 refuses: the body that grpc-gateway writes for a gRPC status (google.rpc.Status in JSON)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson

from cosignpy.serving.problem import Body, Problem
from cosignpy.serving.routing import JSON, Manner
from log_server.problems import translate

_INVALID_ARGUMENT: Final = 3
_INTERNAL: Final = 13
_CODES: Final[Mapping[HTTPStatus, int]] = {
    HTTPStatus.NOT_FOUND: 5,
    HTTPStatus.METHOD_NOT_ALLOWED: 12,
    HTTPStatus.REQUEST_TIMEOUT: 4,
    HTTPStatus.CONFLICT: 6,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: 8,
    HTTPStatus.TOO_MANY_REQUESTS: 8,
    HTTPStatus.SERVICE_UNAVAILABLE: 14,
    HTTPStatus.GATEWAY_TIMEOUT: 4,
}
"""google.rpc.Code, as the real server uses them; it answers a frozen log with 405 and UNIMPLEMENTED."""


def v2_error(problem: Problem) -> Body:
    """Write an error."""
    default = _INTERNAL if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR else _INVALID_ARGUMENT
    code = _CODES.get(problem.status, default)
    return Body(orjson.dumps({"code": code, "message": problem.detail, "details": []}), JSON[1])


V2_MANNER: Final = Manner(v2_error, ((b"access-control-allow-origin", b"*"),), translate)
"""The log is public: scripts of any page may read it."""
