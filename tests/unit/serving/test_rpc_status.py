"""Errors as grpc-gateway writes them."""

import json
from http import HTTPStatus

import pytest

from cosignpy.serving.problem import Problem
from cosignpy.serving.rpc_status import rpc_status


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 3), (422, 3), (404, 5), (405, 12), (408, 4), (409, 6), (413, 8), (429, 8), (500, 13), (503, 14), (504, 4)],
)
def test_a_status_has_the_code_of_the_real_servers(status: int, code: int) -> None:
    body = rpc_status(Problem(HTTPStatus(status), "why"))
    assert json.loads(body.content) == {"code": code, "message": "why", "details": []}
    assert body.media_type == b"application/json"
