"""Servers that break, stall, drip and lie: each ends in one typed error, soon."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Final

import pytest

from cosignpy.errors import DeadlineExceeded, LimitExceeded, NoSuchTag, Unreachable
from cosignpy.net.clock import Clock
from cosignpy.net.failures import WrongProtocol
from cosignpy.net.http import BodyFactory, HttpClient, HttpOptions, OneShotBody, Request, Response
from cosignpy.net.retry import NO_RETRIES, RetryPolicy
from cosignpy.net.sockets import connect
from cosignpy.net.url import Url
from tests.support.raw_server import (
    Handler,
    RawServer,
    hang_up,
    head,
    raw,
    repeat,
    reply,
    reset,
    stall,
    then,
)

IMPATIENT: Final = HttpOptions(connect_timeout=1.0, read_timeout=0.2, retry=NO_RETRIES)
EAGER: Final = replace(IMPATIENT, retry=RetryPolicy(attempts=3))
NO_PAUSES: Final = Clock(sleep=lambda _: None, chance=lambda: 0.0)


@contextmanager
def answered(
    handler: Handler, options: HttpOptions = IMPATIENT, request: Request | None = None
) -> Iterator[tuple[RawServer, Response]]:
    client = HttpClient(options, NO_PAUSES)
    with RawServer(handler) as server:
        url = Url.parse(f"http://{server.address}/v2/")
        asked = replace(request, url=url) if request else Request("GET", url)
        try:
            with client.send(asked) as response:
                yield server, response
        finally:
            client.close()


def post(method: str = "POST") -> Request:
    return Request(method, Url.parse("http://replaced.example/"), body=b"content")


@contextmanager
def early_server(content: bytes) -> Iterator[str]:
    """A server that answers the head of a request and does not read on."""

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            gone.wait(5)

    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        gone.set()
        thread.join()


def test_an_answer_is_read_whole_and_its_connection_used_again() -> None:
    client = HttpClient(IMPATIENT)
    with RawServer(reply(200, b"x" * 200_000)) as server:
        request = Request("GET", Url.parse(f"http://{server.address}/v2/"))
        for _ in range(3):
            with client.send(request) as response:
                assert response.read(200_000, "blob") == b"x" * 200_000
        assert [asked.connection for asked in server.requests] == [1, 1, 1]
    client.close()


@pytest.mark.parametrize("status", [200, 204, 304, 404])
def test_answers_without_a_body_leave_the_connection_usable(status: int) -> None:
    client = HttpClient(IMPATIENT)
    with RawServer(reply(status)) as server:
        request = Request("HEAD", Url.parse(f"http://{server.address}/v2/"))
        for _ in range(2):
            client.send(request).close()
        assert server.connections == 1
    client.close()


def test_a_closed_answer_gives_its_connection_back_when_little_was_left() -> None:
    client = HttpClient(IMPATIENT)
    with RawServer(reply(404, b"x" * 100)) as server:
        for _ in range(2):
            client.send(Request("GET", Url.parse(f"http://{server.address}/"))).close()
        assert server.connections == 1
    client.close()


def test_a_closed_answer_drops_its_connection_when_much_was_left() -> None:
    client = HttpClient(IMPATIENT)
    with RawServer(reply(200, b"x" * 1_000_000)) as server:
        for _ in range(2):
            client.send(Request("GET", Url.parse(f"http://{server.address}/"))).close()
        assert server.connections == 2
    client.close()


def test_a_chunked_body_is_put_together() -> None:
    body = head(200, Transfer_Encoding="chunked") + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with answered(raw(body)) as (_, response):
        assert response.read(5, "body") == b"abcde"


def test_a_body_without_length_ends_with_the_connection() -> None:
    with answered(raw(b"HTTP/1.1 200 OK\r\n\r\nabc")) as (_, response):
        assert response.read(3, "body") == b"abc"


@pytest.mark.parametrize(
    "handler",
    [
        reset,
        hang_up,
        stall(),
        stall(b"HTTP/1.1 200 OK\r\n"),
        repeat(b"HTTP/1.1 200 OK\r\nX: ", b"y", pause=0.01),
        repeat(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        raw(b"garbage\r\n\r\n"),
        raw(head(200, **{f"X{index}": "y" for index in range(200)})),
        raw(head(200, X="y" * 70_000)),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n0123456789"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab"),
    ],
    ids=[
        "reset", "hang up", "silence", "half a head", "a dripping head", "continue for ever", "no http",
        "200 headers", "a huge header", "two lengths", "a Python number", "a negative length",
    ],
)  # fmt: skip
def test_a_head_that_does_not_come_is_unreachable(handler: Handler) -> None:
    with pytest.raises(Unreachable) as caught, answered(handler):
        pass
    assert caught.value.status is None
    assert caught.value.service in caught.value.url


@pytest.mark.parametrize(
    "handler",
    [
        raw(head(200, Content_Length="10") + b"abc"),
        raw(head(200, Transfer_Encoding="chunked") + b"3\r\nabc\r\n"),
        raw(head(200, Transfer_Encoding="chunked") + b"zz\r\nabc\r\n"),
        stall(head(200, Content_Length="10") + b"abc"),
        repeat(head(200, Content_Length="100000"), b"x", pause=0.01),
        repeat(head(200, Transfer_Encoding="chunked") + b"0\r\n", b"X: y\r\n"),
        repeat(head(200, Transfer_Encoding="chunked"), b"1;" + b"e" * 60_000 + b"\r\nx\r\n"),
    ],
    ids=["short", "short chunked", "bad chunk", "stall", "drip", "endless trailers", "framing without content"],
)
def test_a_body_that_does_not_come_is_unreachable(handler: Handler) -> None:
    with answered(handler) as (_, response), pytest.raises(Unreachable):
        response.read(1_000_000, "manifest")


@pytest.mark.parametrize(
    "handler",
    [
        reply(200, b"x" * 101),
        repeat(head(200, Transfer_Encoding="chunked"), b"10\r\n" + b"x" * 16 + b"\r\n"),
        repeat(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100),
    ],
    ids=["declared", "endless chunks", "endless"],
)
def test_a_body_over_the_limit_is_refused(handler: Handler) -> None:
    with answered(handler) as (_, response), pytest.raises(LimitExceeded) as caught:
        response.read(100, "manifest")
    assert caught.value.what == "manifest"


@pytest.mark.parametrize("failure", [reset, hang_up, reply(500), reply(502), reply(503), reply(504), reply(408)])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_idempotent_requests_are_tried_again(failure: Handler, method: str) -> None:
    request = Request(method, Url.parse("http://replaced.example/"), body=b"content" if method == "PUT" else None)
    with answered(then(failure, failure, reply(200, b"{}")), EAGER, request) as (server, response):
        assert response.status == 200
        assert len(server.requests) == 3
        assert len({asked.body for asked in server.requests}) == 1


@pytest.mark.parametrize("failure", [reply(500), reply(502), reply(503), reply(504)])
def test_a_failing_post_is_not_repeated(failure: Handler) -> None:
    with answered(then(failure, reply(200)), EAGER, post()) as (server, response):
        assert response.status != 200
        assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_a_post_that_may_have_arrived_is_not_repeated(method: str) -> None:
    with RawServer(then(reset, reply(200))) as server:
        client = HttpClient(EAGER, NO_PAUSES)
        with pytest.raises(Unreachable):
            client.send(replace(post(method), url=Url.parse(f"http://{server.address}/")))
        assert len(server.requests) == 1


@pytest.mark.parametrize("refusal", [reply(429), reply(429, Retry_After="1"), reply(503, Retry_After="1")])
def test_a_post_that_was_refused_is_repeated(refusal: Handler) -> None:
    with answered(then(refusal, reply(202)), EAGER, post()) as (server, response):
        assert response.status == 202
        assert [asked.body for asked in server.requests] == [b"content", b"content"]


def test_a_body_that_exists_once_is_not_repeated() -> None:
    request = Request("PUT", Url.parse("http://replaced.example/"), body=OneShotBody(6, iter([b"abc", b"def"])))
    with answered(then(reply(503), reply(201)), EAGER, request) as (server, response):
        assert (response.status, server.requests[0].body) == (503, b"abcdef")


def test_a_body_in_pieces_is_opened_for_each_attempt() -> None:
    request = Request("PUT", Url.parse("http://replaced.example/"), body=BodyFactory(6, lambda: [b"abc", b"def"]))
    with answered(then(reply(503), reply(201)), EAGER, request) as (server, response):
        assert response.status == 201
        assert [asked.body for asked in server.requests] == [b"abcdef", b"abcdef"]


@pytest.mark.parametrize(
    "failure",
    [raw(head(200, Content_Length="10") + b"abc"), raw(head(200, Transfer_Encoding="chunked") + b"3\r\nabc\r\n")],
    ids=["short", "short chunked"],
)
def test_a_truncated_answer_is_asked_for_again(failure: Handler) -> None:
    with answered(then(failure, reply(200, b"whole")), EAGER) as (server, response):
        assert response.read(100, "manifest") == b"whole"
        assert len(server.requests) == 2


def test_a_truncated_answer_that_turns_into_another_status_stays_a_failure() -> None:
    handler = then(raw(head(200, Content_Length="10") + b"abc"), reply(404))
    with answered(handler, EAGER) as (_, response), pytest.raises(Unreachable):
        response.read(100, "manifest")


def test_an_answer_truncated_every_time_is_given_up() -> None:
    with answered(raw(head(200, Content_Length="10") + b"abc"), EAGER) as (server, response):
        with pytest.raises(Unreachable) as caught:
            response.read(100, "manifest")
        assert caught.value.retryable
        assert len(server.requests) == 3


def test_a_kept_connection_that_was_closed_is_replaced_silently() -> None:
    client = HttpClient(IMPATIENT)
    with RawServer(then(reply(200), hang_up, reply(200))) as server:
        request = Request("GET", Url.parse(f"http://{server.address}/"))
        for _ in range(2):
            client.send(request).close()
        assert [asked.connection for asked in server.requests] == [1, 1, 2]
    client.close()


def test_a_post_on_a_kept_connection_that_breaks_is_not_repeated() -> None:
    client = HttpClient(IMPATIENT)
    with RawServer(then(reply(200), hang_up, reply(200))) as server:
        url = Url.parse(f"http://{server.address}/")
        client.send(Request("GET", url)).close()
        with pytest.raises(Unreachable):
            client.send(Request("POST", url))
        assert len(server.requests) == 2
    client.close()


def test_a_kept_connection_whose_server_went_away_is_reported() -> None:
    client = HttpClient(IMPATIENT)
    with RawServer(then(reply(200), hang_up)) as server:
        request = Request("GET", Url.parse(f"http://{server.address}/"))
        client.send(request).close()
        server.stop_listening()
        with pytest.raises(Unreachable) as caught:
            client.send(request)
    assert isinstance(caught.value.__cause__, ConnectionError)
    client.close()


def test_an_old_idle_connection_is_not_used() -> None:
    now = [0.0]
    client = HttpClient(IMPATIENT, Clock(monotonic=lambda: now[0]))
    with RawServer(reply(200)) as server:
        for _ in range(2):
            client.send(Request("GET", Url.parse(f"http://{server.address}/"))).close()
            now[0] += 10
        assert server.connections == 2
    client.close()


def test_no_more_connections_are_kept_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosignpy.net.connection.MAX_IDLE_CONNECTIONS", 1)
    client = HttpClient(IMPATIENT)
    with RawServer(reply(200, b"x")) as server:
        request = Request("GET", Url.parse(f"http://{server.address}/"))
        for _ in range(2):
            answers = [client.send(request), client.send(request)]
            for response in answers:
                response.close()
        assert server.connections == 3
    client.close()


def test_many_threads_share_a_client() -> None:
    client = HttpClient(replace(IMPATIENT, read_timeout=5.0))
    bodies: list[bytes] = []
    with RawServer(reply(200, b"x" * 1000)) as server:
        request = Request("GET", Url.parse(f"http://{server.address}/"))

        def work() -> None:
            for _ in range(20):
                with client.send(request) as response:
                    bodies.append(response.read(1000, "body"))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert bodies == [b"x" * 1000] * 160
        assert server.connections <= 8
    client.close()


def test_an_answer_sent_before_the_body_was_read_counts() -> None:
    client = HttpClient(IMPATIENT)
    body = BodyFactory(50_000_000, lambda: (b"x" * 1_000_000 for _ in range(50)))
    with early_server(head(413, Content_Length="0", Connection="close")) as address:
        url = Url.parse(f"http://{address}/")
        with client.send(Request("PUT", url, body=body)) as response:
            assert response.status == 413


def test_nobody_listening_is_unreachable_and_tried_again_even_for_post() -> None:
    slept: list[float] = []
    client = HttpClient(EAGER, Clock(sleep=slept.append, chance=lambda: 0.5))
    with RawServer(reply(200)) as server:
        url = Url.parse(f"http://{server.address}/")
    with pytest.raises(Unreachable) as caught:
        client.send(Request("POST", url))
    assert caught.value.detail == "connection refused"
    assert slept == [0.125, 0.25]


def test_tls_to_a_server_of_plain_http_says_so() -> None:
    with early_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address, pytest.raises(WrongProtocol) as caught:
        HttpClient(IMPATIENT).send(Request("GET", Url.parse(f"https://{address}/")))
    assert not caught.value.retryable


def test_plain_http_to_a_tls_server_says_so() -> None:
    alert = b"\x15\x03\x01\x00\x02\x02\x46"
    with early_server(alert) as address, pytest.raises(WrongProtocol):
        HttpClient(IMPATIENT).send(Request("GET", Url.parse(f"http://{address}/")))


def test_an_upload_that_is_cut_off_without_an_answer_is_unreachable() -> None:
    body = BodyFactory(50_000_000, lambda: (b"x" * 1_000_000 for _ in range(50)))
    with early_server(b"") as address, pytest.raises(Unreachable):
        HttpClient(IMPATIENT).send(Request("PUT", Url.parse(f"http://{address}/"), body=body))


def test_a_deadline_that_is_over_ends_the_search_for_an_address() -> None:
    with pytest.raises(TimeoutError):
        connect("127.0.0.1", 1, deadline=time.monotonic() - 1, monotonic=time.monotonic)


def test_no_log_is_written_unless_someone_set_logging_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "logging")
    with answered(reply(200)) as (_, response):
        assert response.status == 200


def test_no_log_is_written_while_another_thread_imports_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "logging", ModuleType("logging"))
    with answered(reply(200)) as (_, response):
        assert response.status == 200


def test_requests_are_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "cosignpy.http")
    client = HttpClient(IMPATIENT)
    with RawServer(then(reply(200), reset)) as server:
        url = Url.parse(f"http://{server.address}/v2/?token=secret")
        client.send(Request("GET", url, {"Authorization": "Bearer secret"})).close()
        with pytest.raises(Unreachable):
            client.send(Request("POST", url))
    first, second = [record.getMessage() for record in caplog.records]
    assert first.startswith(f"GET http://{server.address}/v2/?token=REDACTED: 200, ")
    assert second.startswith(f"POST http://{server.address}/v2/?token=REDACTED: the connection was reset")
    assert all("secret" not in str(vars(record)) for record in caplog.records)


def test_what_nobody_wants_to_read_is_not_waited_for() -> None:
    client = HttpClient(replace(IMPATIENT, read_timeout=3600.0))
    with RawServer(then(stall(head(404, Content_Length="10") + b"abc"), reply(200))) as server:
        request = Request("GET", Url.parse(f"http://{server.address}/"))
        for _ in range(2):
            client.send(request).close()
        assert server.connections == 2
    client.close()


@pytest.mark.parametrize(
    ("error", "connections"),
    [(NoSuchTag("x"), 1), (DeadlineExceeded(1.0), 2), (KeyboardInterrupt(), 2), (ValueError(), 2)],
)
def test_an_interrupted_answer_is_dropped_and_a_judged_one_is_not(error: BaseException, connections: int) -> None:
    client = HttpClient(IMPATIENT)
    with RawServer(reply(404, b"not here")) as server:
        request = Request("GET", Url.parse(f"http://{server.address}/"))
        for _ in range(2):
            with pytest.raises(type(error)), client.send(request):
                raise error
        assert server.connections == connections
    client.close()
