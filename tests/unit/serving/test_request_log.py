import asyncio
import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from cosignpy.serving.asgi import answer
from cosignpy.serving.request_log import (
    LogLevel,
    LogRequests,
    configure_logging,
    fields,
    write_line,
)
from tests.support.asgi_calls import Client, ask, scope_of

LOG = logging.getLogger("test.requests")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged; the logging of the test run is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    switches = (logging.logThreads, logging.logMultiprocessing, logging.logProcesses)
    written = io.StringIO()
    with warnings.catch_warnings():  # which puts back who shows them
        configure_logging(LogLevel.INFO, written)
        yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.logThreads, logging.logMultiprocessing, logging.logProcesses = switches


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
    LOG.info("looked up", extra=fields(index=7))
    await answer(send, 201, b"made")


async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise ValueError("broken")


def test_a_request_is_one_line(stream: io.StringIO) -> None:
    scope = scope_of(
        "/api/v1/log",
        [(b"authorization", b"Bearer t0ken"), (b"x-request-id", b"abc-1"), (b"cookie", b"c00kie")],
        method="POST",
        query_string=b"access_token=s3cret",
    )
    ask(LogRequests(app, LOG), scope)
    line = lines(stream)[-1]
    assert line.pop("time").endswith("Z")
    assert line.pop("ms") >= 0
    assert line == {
        "level": "info",
        "logger": "test.requests",
        "message": "request",
        "request_id": "abc-1",
        "method": "POST",
        "path": "/api/v1/log",
        "status": 201,
        "bytes": 4,
        "client": "192.0.2.1",
    }
    for secret in ("t0ken", "c00kie", "s3cret"):
        assert secret not in stream.getvalue()


def test_every_line_of_a_request_carries_its_id(stream: io.StringIO) -> None:
    ask(LogRequests(app, LOG), scope_of(headers=[(b"x-request-id", b"abc-1")]))
    assert [(line["message"], line["request_id"]) for line in lines(stream)] == [
        ("looked up", "abc-1"),
        ("request", "abc-1"),
    ]
    assert lines(stream)[0]["index"] == 7
    LOG.info("no request")
    assert "request_id" not in lines(stream)[-1]


def test_the_answer_carries_the_id(stream: io.StringIO) -> None:
    found = ask(LogRequests(app, LOG))
    assert found.headers[b"x-request-id"].decode() == lines(stream)[-1]["request_id"]


@pytest.mark.parametrize("given", [b"", b"a b", b'a"b', b"a\xc3", b"x" * 65])
def test_an_id_that_is_not_sane_is_replaced(given: bytes) -> None:
    logged = LogRequests(app, LOG)
    first, second = (ask(logged, scope_of(headers=[(b"x-request-id", given)])) for _ in range(2))
    assert given not in {first.headers[b"x-request-id"], second.headers[b"x-request-id"]}
    assert first.headers[b"x-request-id"] != second.headers[b"x-request-id"]


def test_the_longest_sane_id_is_taken() -> None:
    given = b"A0._:/+=-" + b"x" * 55
    assert ask(LogRequests(app, LOG), scope_of(headers=[(b"x-request-id", given)])).headers[b"x-request-id"] == given


def test_a_path_cannot_forge_a_line(stream: io.StringIO) -> None:
    ask(LogRequests(app, LOG), scope_of('/a\n{"level":"error"}"' + "x" * 1000, client=None))
    assert lines(stream)[-1]["path"].startswith('/a\n{"level":"error"}"xxx')
    assert len(lines(stream)[-1]["path"]) == 512
    assert lines(stream)[-1]["client"] == ""


def test_an_app_that_fails_is_logged_with_500(stream: io.StringIO) -> None:
    with pytest.raises(ValueError, match="broken"):
        ask(LogRequests(failing, LOG))
    assert lines(stream)[-1]["status"] == 500


def test_below_the_level_nothing_is_written(stream: io.StringIO) -> None:
    configure_logging(LogLevel.WARNING, stream)
    assert ask(LogRequests(app, LOG)).status == 201
    assert stream.getvalue() == ""


def test_a_traceback_stays_on_its_line(stream: io.StringIO) -> None:
    try:
        int("broken")
    except ValueError:
        LOG.exception("failed at %d", 3, extra=fields())
    [line] = lines(stream)
    assert line["message"] == "failed at 3"
    assert "ValueError" in line["traceback"]
    assert "request_id" not in line


def test_lines_of_requests_may_wait_and_all_others_do_not(stream: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, stream, lag_seconds=0.001)

    async def quiet(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer(send, 200, b"")

    async def serve() -> None:
        client = Client()
        await LogRequests(quiet, LOG)(scope_of("/"), client.receive, client.send)
        assert stream.getvalue() == ""
        await asyncio.sleep(0.01)
        assert [line["message"] for line in lines(stream)] == ["request"]
        await LogRequests(quiet, LOG)(scope_of("/"), client.receive, client.send)
        LOG.info("what must not be lost")
        assert [line["message"] for line in lines(stream)][1:] == ["request", "what must not be lost"]

    asyncio.run(serve())
    LOG.info("fifth")
    assert lines(stream)[-1]["message"] == "fifth"


def test_a_warning_of_python_is_a_line(stream: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    """As of a certificate whose country is no country."""
    warnings.simplefilter("default")
    warnings.warn("the country has three letters", UserWarning, stacklevel=1)
    (line,) = lines(stream)
    told = line["level"], line["logger"], line["message"], line["file"]
    assert told == ("warning", "py.warnings", "UserWarning: the country has three letters", __file__)
    assert capsys.readouterr() == ("", "")


def test_a_line_of_ones_own_has_members_that_are_json_already(stream: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, stream)
    write_line(LOG, logging.WARNING, "decision", ',"images":["a"]')
    line = json.loads(stream.getvalue())
    assert (line["level"], line["logger"], line["message"], line["images"]) == (
        "warning",
        "test.requests",
        "decision",
        ["a"],
    )


def test_a_line_may_wait_for_others(stream: io.StringIO) -> None:
    async def write() -> tuple[str, str]:
        configure_logging(LogLevel.INFO, stream, lag_seconds=0.01)
        write_line(LOG, logging.INFO, "later", "", may_wait=True)
        before = stream.getvalue()
        await asyncio.sleep(0.05)
        return before, stream.getvalue()

    before, after = asyncio.run(write())
    assert (before, json.loads(after)["message"]) == ("", "later")
