"""What becomes of an answer that is a failure."""

import pytest

from cosignpy.core.encoding import encode_json
from cosignpy.errors import AccessDenied, RateLimited, RemoteError
from cosignpy.net.clock import Clock
from cosignpy.net.url import Url
from cosignpy.registry.error_body import MAX_ERROR_BODY, build_error
from tests.support.answers import answer

URL = Url.parse("https://registry.example/v2/team/app/manifests/1?token=secret")


def error(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> RemoteError:
    return build_error(answer(URL, status, body, headers), "registry.example", "manifest of 1", Clock())


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, RemoteError, False), (401, AccessDenied, False), (403, AccessDenied, False), (404, RemoteError, False),
        (405, RemoteError, False), (408, RemoteError, True), (429, RateLimited, True), (500, RemoteError, True),
        (501, RemoteError, False), (503, RemoteError, True), (599, RemoteError, False),
    ],
)  # fmt: skip
def test_each_status_has_its_kind(status: int, kind: type[RemoteError], retryable: bool) -> None:
    found = error(status)
    assert (type(found), found.status, found.retryable, found.service) == (kind, status, retryable, "registry.example")
    assert "secret" not in f"{found} {found.url}"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"errors": [{"code": "DENIED", "message": "not for you"}]}, "manifest of 1: DENIED: not for you"),
        ({"errors": [{"code": "DENIED"}]}, "manifest of 1: DENIED"),
        ({"errors": [{"code": "A", "message": "x\r\n\x1b[31m"}, {"code": "B"}]}, "manifest of 1: A: x [31m"),
        ({"errors": [{"code": "A", "message": "Bearer secretsecret"}]}, "manifest of 1: A: Bearer REDACTED"),
        ({"errors": []}, "manifest of 1: forbidden"),
        ({"errors": ["x"]}, "manifest of 1: forbidden"),
        ({"errors": [{"code": 1, "message": None}]}, "manifest of 1: forbidden"),
        ({"errors": "x"}, "manifest of 1: forbidden"),
        ([], "manifest of 1: forbidden"),
    ],
)
def test_the_registry_s_own_words_are_used_where_it_has_some(body: object, detail: str) -> None:
    assert error(403, encode_json(body)).detail == detail


@pytest.mark.parametrize("body", [b"<html>", b"\xff", b"x" * (MAX_ERROR_BODY + 1)])
def test_a_body_that_is_none_hides_nothing(body: bytes) -> None:
    assert error(403, body).detail == "manifest of 1: forbidden"


def test_a_body_that_breaks_off_hides_nothing() -> None:
    assert error(403, b"{", {"Content-Length": "100"}).detail == "manifest of 1: forbidden"


def test_an_unknown_status_is_named_by_its_number() -> None:
    assert error(499).detail == "manifest of 1: status 499"


@pytest.mark.parametrize(("headers", "delay"), [({"Retry-After": "30"}, 30.0), ({}, None)])
def test_how_long_to_wait_is_kept(headers: dict[str, str], delay: float | None) -> None:
    found = error(429, b"", headers)
    assert isinstance(found, RateLimited)
    assert found.retry_after == delay
    assert found.hint
