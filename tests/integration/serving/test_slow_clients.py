"""Clients that take their time lose their connection, and nobody else notices."""

import threading
import time
from contextlib import suppress
from typing import Final

import pytest

from cosignpy.serving.slow_clients import ClientLimits, PatientProtocol, patient_protocol
from cosignpy.serving.threaded import ServerOptions
from cosignpy.values import replace
from tests.integration.serving.conftest import ANSWER_SIZE, BODY, LIMITS, PATIENCE, Server, Wire, serving

GET: Final = "GET / HTTP/1.1\r\nhost: x\r\n\r\n"
POST: Final = "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n"


class Dripping:
    """Sends the same few bytes again and again, for as long as the server takes them."""

    def __init__(self, wire: Wire, text: str) -> None:
        self._wire = wire
        self._text = text
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with suppress(OSError):
            while not self._stop.wait(0.02):
                self._wire.send(self._text)


def served(server: Server) -> bool:
    return server.connect().ask(GET).endswith(b"served")


def test_who_never_asks_is_disconnected(server: Server) -> None:
    silent = server.connect()
    assert served(server)
    assert silent.rest() == b""


@pytest.mark.parametrize("begin", ["", "G", "GET / HTTP/1.1\r\nhost: x\r\nx-slow: "])
@pytest.mark.parametrize("drop", ["a", "a: b\r\n"])
def test_who_never_ends_the_headers_is_disconnected(server: Server, begin: str, drop: str) -> None:
    loris = server.connect()
    loris.send(begin)
    with Dripping(loris, drop):
        assert served(server)
        assert b" 200 " not in loris.rest()


def test_empty_lines_keep_no_connection(server: Server) -> None:
    wire = server.connect()
    assert wire.ask(GET).endswith(b"served")
    with Dripping(wire, "\r\n"):
        assert wire.rest() == b""


def test_a_second_request_has_a_deadline_too(server: Server) -> None:
    wire = server.connect()
    assert wire.ask(GET).endswith(b"served")
    with Dripping(wire, "x"):
        assert b" 200 " not in wire.rest()


def test_a_body_that_does_not_come_is_408(server: Server) -> None:
    wire = server.connect()
    wire.send(POST.format(path="/body", length=10) + "begin")
    assert served(server)
    found = wire.rest()
    assert found.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in found


def test_a_body_that_drips_is_408(server: Server) -> None:
    wire = server.connect()
    wire.send(POST.format(path="/body", length=BODY.size))
    with Dripping(wire, "x"):
        assert served(server)
        assert wire.rest().startswith(b"HTTP/1.1 408 ")


def test_a_body_that_no_route_waits_for_keeps_no_connection(server: Server) -> None:
    wire = server.connect()
    assert wire.ask(POST.format(path="/", length=BODY.size)).endswith(b"served")
    with Dripping(wire, "x"):
        assert wire.rest() == b""


def test_who_does_not_read_the_answer_is_disconnected(server: Server) -> None:
    reader = server.connect()
    reader.send("GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
    for _ in range(4):  # each takes as long as an answer may stand still
        assert server.connect().rest() == b""
    assert served(server)
    assert len(reader.rest()) < ANSWER_SIZE


def test_who_reads_gets_the_whole_answer(server: Server) -> None:
    found = server.connect().ask("GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
    assert len(found.partition(b"\r\n\r\n")[2]) == ANSWER_SIZE


@pytest.mark.parametrize("count", [LIMITS.headers - 1, LIMITS.headers])
def test_headers_have_a_number(server: Server, count: int) -> None:
    more = "".join(f"x-{number}: y\r\n" for number in range(count))
    found = server.connect().ask(GET.replace("\r\n\r\n", f"\r\n{more}\r\n"))
    assert found.startswith(b"HTTP/1.1 200 " if count < LIMITS.headers else b"HTTP/1.1 431 ")


@pytest.mark.parametrize("size", [LIMITS.head_bytes - len("/hostxx"), LIMITS.head_bytes])
@pytest.mark.parametrize(
    "form", ["GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "GET /?{} HTTP/1.1\r\nhost: x\r\nx:\r\n\r\n"]
)
def test_headers_have_a_size(server: Server, size: int, form: str) -> None:
    found = server.connect().ask(form.format("y" * (size - form.count("?"))))
    assert found.startswith(b"HTTP/1.1 200 " if size < LIMITS.head_bytes else b"HTTP/1.1 431 ")


def test_headers_without_end_are_refused_before_they_end() -> None:
    with serving(ServerOptions(protocol=patient_protocol(replace(LIMITS, head_seconds=60)))) as server:
        wire = server.connect()
        wire.send("GET / HTTP/1.1\r\nx: ")
        with suppress(ConnectionError):
            for _ in range(100):
                wire.send("y" * LIMITS.head_bytes)
        assert b" 200 " not in wire.rest()


def test_headers_in_pieces_have_the_same_size(server: Server) -> None:
    wire = server.connect()
    wire.send("GET / HTTP/1.1\r\nhost: x\r\nx: " + "y" * LIMITS.head_bytes)
    assert served(server)  # meanwhile the first piece has been parsed
    assert wire.ask("\r\n\r\n").startswith(b"HTTP/1.1 431 ")


def test_a_connection_may_be_idle_between_requests(server: Server) -> None:
    wire = server.connect()
    for path in ("/large", "/", "/"):
        assert wire.ask(GET.replace("/ ", f"{path} ")).startswith(b"HTTP/1.1 200 ")
        for _ in range(3):  # longer than any part of a request may take
            assert server.connect().rest() == b""


def test_a_request_that_is_not_http_is_refused(server: Server) -> None:
    assert server.connect().ask("NONSENSE\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_body_over_the_limit_is_413_and_the_connection_goes_on(server: Server) -> None:
    wire = server.connect()
    length = 200_000
    assert wire.ask(POST.format(path="/body", length=length) + "x" * length).startswith(b"HTTP/1.1 413 ")
    assert wire.ask(GET).endswith(b"served")


CLOSING: Final = "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"


def test_who_asks_for_an_end_and_still_sends_gets_the_answer(server: Server) -> None:
    """The answer is there before the body, and more of that comes afterwards, as from clients that read last."""
    wire = server.connect()
    wire.send(CLOSING.format(path="/body", length=600_000))
    for _ in range(6):
        assert served(server)
        wire.send("x" * 100_000)
    found = wire.rest()
    assert found.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close\r\n" in found
    assert found.endswith(b'the body is larger than 1000 bytes"}')


def test_who_has_the_answer_may_go_before_the_end_of_the_body(server: Server) -> None:
    wire = server.connect()
    assert wire.ask(CLOSING.format(path="/body", length=600_000) + "x").startswith(b"HTTP/1.1 413 ")
    assert wire.socket.recv(1) == b""  # nothing more will come


def test_nothing_is_served_after_an_answer_that_ends_the_connection(server: Server) -> None:
    wire = server.connect()
    wire.send(CLOSING.format(path="/", length=BODY.size))
    assert served(server)
    wire.send("x" * BODY.size + GET)
    assert wire.rest().count(b"served") == 1


def send_patiently(wire: Wire, piece: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        wire.send(piece)
        time.sleep(0.01)


@pytest.mark.parametrize("piece", ["x", "x" * 2**16])
def test_who_sends_on_after_the_end_is_disconnected(server: Server, piece: str) -> None:
    wire = server.connect()
    assert wire.ask(CLOSING.format(path="/body", length=10**9)).startswith(b"HTTP/1.1 413 ")
    with pytest.raises(ConnectionError):
        send_patiently(wire, piece)


def test_a_body_that_nobody_reads_has_a_limit_too() -> None:
    with serving(ServerOptions(protocol=patient_protocol(replace(LIMITS, body_seconds=60)))) as server:
        wire = server.connect()
        assert wire.ask(POST.format(path="/", length=10**9)).endswith(b"served")
        with suppress(ConnectionError):
            for _ in range(64):
                wire.send("x" * 2**16)
        assert wire.rest() == b""


def test_trailers_are_not_headers(server: Server) -> None:
    wire = server.connect()
    found = wire.ask(
        "POST /headers HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-admin: yes\r\n\r\n"
    )
    assert found.endswith(b"host,transfer-encoding")


@pytest.mark.parametrize("name", ["Upgrade", "upgrade", "UPGRADE"])
def test_a_wish_for_another_protocol_is_ignored_and_the_body_is_kept(server: Server, name: str) -> None:
    wire = server.connect()
    head = POST.format(path="/body", length=3).replace("host: x", f"host: x\r\n{name}: h2c\r\nconnection: {name}")
    assert wire.ask(head + "abc").endswith(b"\r\n\r\n3")
    assert wire.ask(GET).endswith(b"served")


WISH: Final = POST.format(path="/body", length=3).replace("host", "Connection: Upgrade\r\nUpgrade: h2c\r\nhost") + "abc"


@pytest.mark.parametrize("at", range(WISH.index("\r\nUpgrade"), WISH.index(" h2c") + 1))
def test_a_wish_that_comes_in_two_pieces_is_ignored_too(server: Server, at: int) -> None:
    wire = server.connect()
    wire.send(WISH[:at])
    assert served(server)  # by then the first piece has been read
    assert wire.ask(WISH[at:]).endswith(b"\r\n\r\n3")
    assert wire.ask(GET).endswith(b"served")


def test_wishes_sent_together_are_all_ignored(server: Server) -> None:
    wire = server.connect()
    wire.send(WISH * 100 + GET.replace("host: x", "host: x\r\nconnection: close"))
    answers = wire.rest().split(b"HTTP/1.1 200 OK")
    assert [part.partition(b"\r\n\r\n")[2] for part in answers] == [b"", *[b"3"] * 100, b"served"]


def test_a_wish_is_all_that_the_app_does_not_see(server: Server) -> None:
    found = server.connect().ask(
        "GET /headers HTTP/1.1\r\nhost: x\r\nX: y\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n"
    )
    assert found.endswith(b"\r\n\r\nhost,x,connection")


@pytest.mark.parametrize("limit", [LIMITS.head_bytes, LIMITS.headers])
def test_a_wish_does_not_make_a_head_shorter(server: Server, limit: int) -> None:
    more = f"x: {'y' * limit}\r\n" if limit == LIMITS.head_bytes else "x: y\r\n" * limit
    assert server.connect().ask(WISH.replace("host", f"{more}host")).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [
        ("1.1", [], 400),
        ("1.1", ["a.test", "a.test"], 400),
        ("1.1", ["a.test", "b.test"], 400),
        ("1.0", ["a.test", "b.test"], 400),
        ("1.1", ["a.test/"], 400),
        ("1.1", ["user@a.test"], 400),
        ("1.1", ["a test"], 400),
        ("1.1", ["a.test:port"], 400),
        ("1.1", ["[::1"], 400),
        ("1.0", [], 200),
        ("1.1", [""], 200),
        ("1.1", ["a.test"], 200),
        ("1.1", ["A.test.:8080"], 200),
        ("1.1", ["[::1]:80"], 200),
        ("1.1", ["%C3%A4.test"], 200),
    ],
)
def test_a_request_names_one_host(server: Server, version: str, hosts: list[str], status: int) -> None:
    """Whoever passes requests on could choose another of several (RFC 9112 section 3.2)."""
    lines = "".join(f"host: {host}\r\n" for host in hosts)
    found = server.connect().ask(f"GET / HTTP/{version}\r\n{lines}\r\n")
    assert found.startswith(b"HTTP/1.1 %d " % status)
    assert (b"connection: close" in found, b"Host" in found) == (status == 400 or version == "1.0", status == 400)


def test_requests_sent_together_are_answered_one_after_the_other(server: Server) -> None:
    wire = server.connect()
    last = GET.replace("host: x", "host: x\r\nconnection: close")
    wire.send(GET + POST.format(path="/body", length=3) + "abc" + last)
    assert [part.partition(b"\r\n\r\n")[2] for part in wire.rest().split(b"HTTP/1.1 200 OK")] == [
        b"",
        b"served",
        b"3",
        b"served",
    ]


def test_a_thousand_idle_connections_and_slow_writers_stop_nobody() -> None:
    with serving(ServerOptions(protocol=PatientProtocol)) as server:
        idle = [server.connect() for _ in range(1000)]
        for wire in idle[::4]:
            wire.send("POST / HTTP/1.1\r\nx: ")
        busy = server.connect()
        for _ in range(100):
            assert busy.ask(GET).endswith(b"served")
            assert served(server)
        assert idle[-1].ask(GET).endswith(b"served")
    assert PatientProtocol.limits.head_seconds < PATIENCE


def test_a_long_answer_may_take_long_while_the_client_reads() -> None:
    limits = ClientLimits(head_seconds=0.2, stall_seconds=1.0)
    with serving(ServerOptions(protocol=patient_protocol(limits))) as server:
        wire = server.connect()
        wire.send("GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        found = bytearray()
        for _ in range(8):
            wire.take(ANSWER_SIZE // 12, found)
            assert server.connect().rest() == b""  # a pause: together they are longer than an answer may stand still
        assert len(found + wire.rest()) > ANSWER_SIZE


def test_more_connections_than_there_may_be_are_closed_at_once() -> None:
    limits = replace(LIMITS, head_seconds=PATIENCE, connections=2)
    with serving(ServerOptions(protocol=patient_protocol(limits))) as server:
        first, second = server.connect(), server.connect()
        assert all(one.ask(GET).endswith(b"served") for one in (first, second))
        assert server.connect().rest() == b""
        assert first.ask(GET).endswith(b"served")


def test_who_reads_nothing_gives_way_to_those_who_come_after() -> None:
    """Two answers fit into what clients may leave unread; a third one takes the place of the first."""
    limits = replace(LIMITS, stall_seconds=PATIENCE, unread_bytes=ANSWER_SIZE * 5 // 2)
    with serving(ServerOptions(protocol=patient_protocol(limits))) as server:
        slow = [server.connect() for _ in range(3)]
        for wire in slow:
            wire.send("GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
            assert server.connect().ask(GET).endswith(b"served")  # by then the answer before it waits to be read
        assert len(slow[0].rest()) < ANSWER_SIZE
        assert [len(wire.answer()) > ANSWER_SIZE for wire in slow[1:]] == [True, True]
