"""The router: one look-up, and every error becomes an answer."""

import asyncio
from http import HTTPStatus

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch, UsageError
from cosignpy.serving.asgi import BodyTooLarge, BodyTooSlow
from cosignpy.serving.problem import Problem
from cosignpy.serving.routing import MAX_DETAIL, Answer, Manner, Refused, Route, Router
from tests.support.asgi_calls import Client, ask, scope_of
from tests.support.rekor_calls import get


async def show(scope: Scope, _receive: Receive) -> Answer:
    return Answer(200, repr(scope.get("path_params", {})).encode())


def raising(error: Exception) -> Router:
    async def fail(_scope: Scope, _receive: Receive) -> Answer:
        raise error

    return Router([Route("GET", "/", fail)])


ROUTER = Router(
    [
        Route("GET", "/exact", show),
        Route("GET", "/one/{name}", show),
        Route("POST", "/one/{name}", show),
        Route("GET", "/one/{name}/rest/{path*}", show),
        Route("GET", "/d.t", show),
        Route("GET", "/d.t/{name}", show),
    ],
    Manner(headers=((b"x-always", b"yes"),)),
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/exact", b"{}"),
        ("/one/two", b"{'name': 'two'}"),
        ("/one/two/rest/a/b", b"{'name': 'two', 'path': 'a/b'}"),
        ("/d.t/x", b"{'name': 'x'}"),
    ],
)
def test_a_path_finds_its_endpoint(path: str, found: bytes) -> None:
    answer = get(ROUTER, path)
    assert (answer.status, answer.body, answer.headers[b"x-always"]) == (200, found, b"yes")


@pytest.mark.parametrize(
    "path", ["/", "/exact/", "/one", "/one/", "/one/two/three", "/one/two/rest/", "/dxt", "/dxt/x"]
)
def test_other_paths_are_not_found(path: str) -> None:
    answer = get(ROUTER, path)
    assert (answer.status, answer.headers[b"x-always"]) == (404, b"yes")


@pytest.mark.parametrize(("path", "allowed"), [("/exact", b"GET"), ("/one/two", b"GET, POST")])
def test_another_method_is_told_which_are_allowed(path: str, allowed: bytes) -> None:
    answer = get(ROUTER, path, method="DELETE")
    assert (answer.status, answer.headers[b"allow"]) == (405, allowed)


def test_a_preflight_is_told_what_may_be_sent() -> None:
    answer = get(ROUTER, "/one/two", method="OPTIONS")
    assert (answer.status, answer.headers[b"access-control-allow-methods"]) == (200, b"GET, POST")
    assert get(ROUTER, "/nowhere", method="OPTIONS").status == 404


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused(Problem(HTTPStatus.CONFLICT, "there already")), 409),
        (MalformedError("entry", "not JSON"), 400),
        (LimitExceeded("entry", "too deep"), 400),
        (SignatureMismatch("another key"), 400),
        (UsageError("unknown kind"), 400),
        (BodyTooLarge(5), 413),
        (BodyTooSlow(5), 408),
        (ZeroDivisionError(), 500),
    ],
    ids=lambda case: type(case).__name__,
)
def test_each_error_has_its_status(error: Exception, status: int) -> None:
    answer = ask(raising(error))
    assert (answer.status, answer.headers[b"cache-control"]) == (status, b"no-store")


def test_what_is_our_fault_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    answer = ask(raising(FileNotFoundError("/secret/place")))
    assert b"secret" not in answer.body
    assert "/secret/place" in caplog.text


def test_a_client_that_went_away_is_not_answered() -> None:
    client = Client()
    asyncio.run(raising(ClientDisconnect())(scope_of("/"), client.receive, client.send))
    assert client.sent == []


def test_an_error_does_not_repeat_all_that_a_request_said() -> None:
    answer = get(raising(MalformedError("entry", "a" * 100_000)), "/")
    assert (answer.status, len(answer.json["detail"])) == (400, MAX_DETAIL)


def test_a_face_says_what_errors_become(caplog: pytest.LogCaptureFixture) -> None:
    def translate(_error: Exception) -> Problem:
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "later", ((b"retry-after", b"3"),), ours=True)

    async def fail(_scope: Scope, _receive: Receive) -> Answer:
        raise LookupError("/secret/place")

    answer = get(Router([Route("GET", "/", fail)], Manner(translate=translate)), "/")
    assert (answer.status, answer.headers[b"retry-after"], b"secret" in answer.body) == (503, b"3", False)
    assert "/secret/place" in caplog.text


def test_a_refusal_reads_as_a_sentence_in_logs() -> None:
    assert str(Refused(Problem(HTTPStatus.NOT_FOUND, "no such shard"))) == "Not Found: no such shard"
