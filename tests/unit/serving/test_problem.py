import asyncio
import logging
from http import HTTPStatus

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from cosignpy.errors import (
    ClaimMismatch,
    CosignError,
    DeadlineExceeded,
    LimitExceeded,
    MalformedError,
    NoSuchTag,
    Unreachable,
    UsageError,
)
from cosignpy.serving.asgi import BodiesTooMany, BodyEncoded, BodyTooLarge, BodyTooSlow, answer
from cosignpy.serving.problem import AnswerErrors, Body, Problem, problem_json, problem_of
from tests.support.asgi_calls import Client, ask, ask_async, scope_of


class Raising:
    """An app that fails, before or after it began to answer."""

    def __init__(self, error: Exception, *, late: bool = False) -> None:
        self._error = error
        self._late = late

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        if self._late:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise self._error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MalformedError("entry", "not JSON"), 400),
        (LimitExceeded("entry", "64 levels"), 400),
        (UsageError("no"), 400),
        (ClaimMismatch("digest", "a", "b"), 400),
        (NoSuchTag("x"), 404),
        (BodyTooSlow(10), 408),
        (BodiesTooMany(10), 503),
        (BodyTooLarge(10), 413),
        (BodyEncoded("gzip"), 415),
        (CosignError("of no kind we know"), 500),
        (ValueError("a secret"), 500),
        (Unreachable("witness", "https://w", None, "refused"), 502),
        (DeadlineExceeded(3), 504),
    ],
)
def test_every_error_has_its_status(error: Exception, status: int) -> None:
    found = ask(AnswerErrors(Raising(error)))
    assert (found.status, found.json["status"]) == (status, status)
    assert (found.headers[b"content-type"], found.headers[b"cache-control"]) == (
        b"application/problem+json",
        b"no-store",
    )


def test_the_client_reads_what_was_wrong_with_its_request() -> None:
    error = MalformedError("entry", "not JSON")
    assert ask(AnswerErrors(Raising(error))).json == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": str(error),
    }


def test_what_is_our_fault_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = ask(AnswerErrors(Raising(ValueError("a secret"))))
    assert b"secret" not in found.body
    assert "a secret" in caplog.text


def test_what_is_the_clients_fault_is_not_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    ask(AnswerErrors(Raising(UsageError("no"))))
    assert not caplog.records


def test_a_face_has_its_own_shape() -> None:
    def shape(problem: Problem) -> Body:
        return Body(b'{"code":%d}' % problem.status, b"application/json")

    found = ask(AnswerErrors(Raising(UsageError("no")), shape))
    assert (found.body, found.headers[b"content-type"]) == (b'{"code":400}', b"application/json")


def test_a_connection_whose_body_never_came_is_closed() -> None:
    assert problem_of(BodyTooSlow(1)).headers == ((b"connection", b"close"),)
    assert (b"retry-after", b"1") in problem_of(BodiesTooMany(1)).headers


def test_half_an_answer_does_not_become_another() -> None:
    with pytest.raises(UsageError):
        ask(AnswerErrors(Raising(UsageError("no"), late=True)))


def test_nobody_is_answered_who_has_left() -> None:
    client = Client()
    asyncio.run(AnswerErrors(Raising(ClientDisconnect()))(scope_of(), client.receive, client.send))
    assert client.sent == []


def test_an_app_that_works_is_left_alone() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer(send, 200, b"fine")

    assert asyncio.run(ask_async(AnswerErrors(app), scope_of(), Client())).body == b"fine"


def test_a_problem_is_written_as_it_is_worded() -> None:
    body = problem_json(Problem(HTTPStatus.CONFLICT, 'a "quoted" ü'))
    assert 'a \\"quoted\\" ü'.encode() in body.content
