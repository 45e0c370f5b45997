"""Errors as grpc-gateway writes them: the body of a gRPC status (google.rpc.Status in protobuf's JSON mapping)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from cosignpy.core.encoding import encode_json
from cosignpy.serving.problem import Body, Problem

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
"""google.rpc.Code by HTTP status, as the real servers use them; UNIMPLEMENTED is 405, a frozen log included."""


def rpc_status(problem: Problem) -> Body:
    """Write an error."""
    default = _INTERNAL if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR else _INVALID_ARGUMENT
    code = _CODES.get(problem.status, default)
    return Body(encode_json({"code": code, "message": problem.detail, "details": []}), b"application/json")
