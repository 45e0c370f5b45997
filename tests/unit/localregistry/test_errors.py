import json

import pytest

from cosignpy.localregistry.errors import ErrorCode, OciError


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_has_a_status_and_a_body(code: ErrorCode) -> None:
    response = OciError(code, "why", headers={"x-more": "1"}).response()
    assert 400 <= response.status_code < 600
    assert json.loads(bytes(response.body)) == {"errors": [{"code": code.name, "message": "why", "detail": None}]}
    assert response.headers["x-more"] == "1"


def test_a_status_can_be_another_than_usual() -> None:
    error = OciError(ErrorCode.SIZE_INVALID, "too large", status=413)
    assert error.response().status_code == 413
    assert str(error) == "SIZE_INVALID: too large"
