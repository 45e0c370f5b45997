"""What an answer may look like on the wire, and what each single mistake in it leads to."""

import io
from typing import Final

import pytest

from cosignpy.net.failures import BrokenOff, NoAnswer, NotHttp
from cosignpy.net.http1 import (
    MAX_CHUNK_LINE,
    MAX_FIELDS,
    MAX_HEAD,
    MAX_INTERIM,
    Answer,
    Framing,
    Head,
    is_persistent,
    parse_chunk_size,
    parse_field,
    parse_framing,
    parse_status_line,
    read_answer,
)
from cosignpy.net.message import Headers

OK: Final = b"HTTP/1.1 200 OK\r\n"
CHUNKED: Final = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS: Final = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


def read(content: bytes, method: str = "GET") -> Answer:
    return read_answer(io.BytesIO(content), method)


def body_of(content: bytes, size: int = 1000) -> bytes:
    answer, pieces = read(content), []
    while piece := answer.read(size):
        pieces.append(piece)
    return b"".join(pieces)


def head(*fields: tuple[str, str], status: int = 200, minor: int = 1) -> Head:
    return Head(minor, status, Headers(fields))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"HTTP/1.1 200 OK", (1, 200)),
        (b"HTTP/1.0 404 Not Found", (0, 404)),
        (b"HTTP/1.1 200 ", (1, 200)),
        (b"HTTP/1.1 200", (1, 200)),
        (b"HTTP/1.1 999 \xe9\t!", (1, 999)),
    ],
)
def test_a_status_line_is_read(line: bytes, expected: tuple[int, int]) -> None:
    assert parse_status_line(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"HTTP/1.2 200 OK",
        b"HTTP/0.9 200 OK",
        b"HTTP/2 200 OK",
        b"http/1.1 200 OK",
        b" HTTP/1.1 200 OK",
        b"HTTP/1.1  200 OK",
        b"HTTP/1.1\t200 OK",
        b"HTTP/1.1",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 099 OK",
        b"HTTP/1.1 2_0 OK",
        b"HTTP/1.1 +20 OK",
        b"HTTP/1.1 200 O\rK",
        b"HTTP/1.1 200 O\0K",
        b"\x15\x03\x01",
    ],
)
def test_a_line_that_is_no_status_line_is_refused_and_told(line: bytes) -> None:
    with pytest.raises(NotHttp) as caught:
        parse_status_line(line)
    assert caught.value.args == (line.decode("latin-1"),)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"Name: value", ("Name", "value")),
        (b"Name:value", ("Name", "value")),
        (b"Name: \t value \t ", ("Name", "value")),
        (b"Name:", ("Name", "")),
        (b"!#$%&'*+-.^_`|~09AZaz: a:b", ("!#$%&'*+-.^_`|~09AZaz", "a:b")),
        (b"Name: a \t b", ("Name", "a \t b")),
        (b"Name: \x80\xff", ("Name", "\x80\xff")),
    ],
)
def test_a_header_field_is_read(line: bytes, expected: tuple[str, str]) -> None:
    assert parse_field(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"Name",
        b": value",
        b"Name : value",
        b" Name: value",
        b"\tfolded",
        b"Na me: value",
        b"N\xe9: value",
        b"Name: val\rue",
        b"Name: val\0ue",
        b"Name: val\x7fue",
        b"Name: value\r",
    ],
)
def test_a_line_that_is_no_header_field_is_refused(line: bytes) -> None:
    with pytest.raises(NotHttp):
        parse_field(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"0\r\n", 0),
        (b"0000000a\r\n", 10),
        (b"fF\r\n", 255),
        (b"5;name=value\r\n", 5),
        (b"5 \t;name\r\n", 5),
        (b"fffffffffffffff\r\n", 2**60 - 1),
    ],
)
def test_a_chunk_size_is_read(line: bytes, expected: int) -> None:
    assert parse_chunk_size(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"\r\n",
        b";name\r\n",
        b"5\n",
        b"5\r\r\n",
        b"5 \r\n",
        b" 5\r\n",
        b"+5\r\n",
        b"-5\r\n",
        b"0x5\r\n",
        b"1_0\r\n",
        b"5,5\r\n",
        b"g\r\n",
        b"5;na\rme\r\n",
        b"5;na\0me\r\n",
        b"1000000000000000\r\n",
    ],
)
def test_a_line_that_is_no_chunk_size_is_refused(line: bytes) -> None:
    with pytest.raises(NotHttp):
        parse_chunk_size(line)


@pytest.mark.parametrize(
    ("method", "answer", "expected"),
    [
        ("GET", head(), Framing(None)),
        ("GET", head(("content-length", "0")), Framing(0)),
        ("GET", head(("Content-Length", "5"), ("Content-Length", "5")), Framing(5)),
        ("GET", head(("Content-Length", "9" * 18)), Framing(10**18 - 1)),
        ("GET", head(("Transfer-Encoding", "Chunked")), Framing(None, chunked=True)),
        ("HEAD", head(("Content-Length", "5")), Framing(0)),
        ("HEAD", head(("Transfer-Encoding", "chunked")), Framing(0)),
        ("GET", head(("Content-Length", "5"), status=304), Framing(0)),
        ("GET", head(status=204), Framing(0)),
        ("GET", head(("Content-Length", "5"), status=404), Framing(5)),
    ],
)
def test_the_end_of_a_body_is_told(method: str, answer: Head, expected: Framing) -> None:
    assert parse_framing(method, answer) == expected


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "fields",
    [
        [("Content-Length", "5"), ("Content-Length", "6")],
        [("Content-Length", "5, 5")],
        [("Content-Length", "")],
        [("Content-Length", "-5")],
        [("Content-Length", "+5")],
        [("Content-Length", "1_0")],
        [("Content-Length", "0x5")],
        [("Content-Length", "\xb2")],
        [("Content-Length", "1" * 19)],
        [("Transfer-Encoding", "gzip")],
        [("Transfer-Encoding", "gzip, chunked")],
        [("Transfer-Encoding", "identity")],
        [("Transfer-Encoding", "")],
        [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
        [("Transfer-Encoding", "chunked"), ("Content-Length", "5")],
    ],
)
def test_an_end_to_disagree_on_is_refused(method: str, fields: list[tuple[str, str]]) -> None:
    with pytest.raises(NotHttp):
        parse_framing(method, head(*fields))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (head(), True),
        (head(("Connection", "close")), False),
        (head(("Connection", "Close")), False),
        (head(("Connection", "upgrade , close")), False),
        (head(("Connection", "upgrade"), ("Connection", "close")), False),
        (head(("Connection", "closed")), True),
        (head(minor=0), False),
        (head(("Connection", "Keep-Alive"), minor=0), True),
        (head(("Connection", "keep-alive, close"), minor=0), False),
        (head(("Connection", "keep-alive"), ("Transfer-Encoding", "chunked"), minor=0), False),
    ],
)
def test_who_may_keep_the_connection(answer: Head, expected: bool) -> None:
    assert is_persistent(answer) is expected


@pytest.mark.parametrize(
    ("content", "expected", "closes"),
    [
        (OK + b"Content-Length: 5\r\n\r\nabcdefg", b"abcde", False),
        (OK + b"Content-Length: 5\r\nConnection: close\r\n\r\nabcde", b"abcde", True),
        (OK + b"\r\nabcde", b"abcde", True),
        (OK.replace(b"\r", b"") + b"Content-Length: 5\n\nabcde", b"abcde", False),
        (CHUNKED + CHUNKS + b"HTTP", b"abcde", False),
        (CHUNKED + CHUNKS.replace(b"\r\n\r\n", b"\r\nTrailer: value\r\n\r\n"), b"abcde", False),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_a_body_is_read_in_pieces_of_any_size(content: bytes, expected: bytes, closes: bool, size: int) -> None:
    assert body_of(content, size) == expected
    assert read(content).will_close is closes


def test_what_remains_of_a_length_is_told() -> None:
    answer = read(OK + b"Content-Length: 5\r\n\r\nabc")
    assert (answer.length, answer.read(1000), answer.length) == (5, b"abc", 2)
    assert (answer.read(1000), answer.length) == (b"", 2)


def test_a_chunked_body_has_no_length_until_it_was_read() -> None:
    answer = read(CHUNKED + CHUNKS)
    assert answer.length is None
    assert (answer.read(1000), answer.length, answer.read(1000)) == (b"abcde", 0, b"")


def test_an_answer_to_head_has_no_body() -> None:
    answer = read(CHUNKED + CHUNKS, "HEAD")
    assert (answer.length, answer.read(1000), answer.will_close) == (0, b"", False)


def test_the_next_answer_is_left_alone() -> None:
    stream = io.BytesIO((CHUNKED + CHUNKS) * 2)
    for _ in range(2):
        answer = read_answer(stream, "GET")
        assert (answer.read(1000), answer.read(1000)) == (b"abcde", b"")
    answer.close()
    assert stream.closed


@pytest.mark.parametrize(
    ("trailers", "closes"), [(b"\r\n", False), (b"", True), (b"Trailer: value\r\n", True), (b"Trail", True)]
)
def test_a_body_is_complete_with_its_last_chunk(trailers: bytes, closes: bool) -> None:
    answer = read(CHUNKED + CHUNKS.removesuffix(b"\r\n") + trailers)
    assert (answer.read(1000), answer.will_close) == (b"abcde", closes)


@pytest.mark.parametrize("chunks", [b"", b"3", b"3\r\n", b"3\r\nab", b"3\r\nabc", b"3\r\nabc\r", b"3\r\nabc\r\n"])
def test_chunks_that_break_off_are_refused(chunks: bytes) -> None:
    with pytest.raises(BrokenOff):
        body_of(CHUNKED + chunks)


@pytest.mark.parametrize(
    "chunks",
    [
        CHUNKS.replace(b"abc", b"abcd"),
        CHUNKS.replace(b"abc\r\n", b"abc\n\n"),
        CHUNKS.replace(b"2", b"two"),
        CHUNKS.replace(b"3", b"3;" + b"x" * MAX_CHUNK_LINE),
        CHUNKS.removesuffix(b"\r\n") + b"no field\r\n\r\n",
        CHUNKS.removesuffix(b"\r\n") + b"A: b\r\n" * (MAX_FIELDS + 1) + b"\r\n",
        CHUNKS.removesuffix(b"\r\n") + b"A: " + b"b" * MAX_HEAD + b"\r\n\r\n",
    ],
    ids=["longer", "line feeds", "word", "huge extension", "no trailer", "many trailers", "huge trailer"],
)
def test_chunks_with_one_mistake_are_refused(chunks: bytes) -> None:
    with pytest.raises(NotHttp) as caught:
        body_of(CHUNKED + chunks)
    assert not isinstance(caught.value, BrokenOff)


def test_interim_answers_are_passed_over() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\nContent-Length: 3\r\n\r\n"
    answer = read(interim * MAX_INTERIM + OK + b"Name: value\r\n\r\n")
    assert (answer.status, list(answer.headers)) == (200, [("Name", "value")])


def test_header_fields_keep_their_order_and_come_in_any_case() -> None:
    headers = read(OK + b"Link: a\r\nX: y\r\nlink: b\r\n\r\n").headers
    assert list(headers) == [("Link", "a"), ("X", "y"), ("link", "b")]
    assert headers.get_all("LINK") == ["a", "b"]


def test_no_answer_is_told_from_half_an_answer() -> None:
    with pytest.raises(NoAnswer):
        read(b"")


@pytest.mark.parametrize("content", [OK, OK + b"Name: val", OK + b"Name: value\r\n", OK + b"Name: value\r\n\r"])
def test_a_head_that_breaks_off_is_refused(content: bytes) -> None:
    with pytest.raises(BrokenOff):
        read(content)


def fields(count: int, size: int = 1) -> bytes:
    return OK + b"".join(b"N: " + b"x" * size + b"\r\n" for _ in range(count)) + b"\r\n"


def test_a_head_of_the_largest_size_is_read() -> None:
    fitting = MAX_HEAD - len(fields(1, 0))
    assert read(fields(1, fitting)).headers.get("N") == "x" * fitting
    assert len(list(read(fields(MAX_FIELDS)).headers)) == MAX_FIELDS


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.1 200 OK",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 200 " + b"x" * MAX_HEAD + b"\r\n\r\n",
        fields(MAX_FIELDS + 1),
        fields(1, MAX_HEAD - len(fields(1, 0)) + 1),
        fields(9, MAX_HEAD // 8),
        OK + b"Name: value\r\n folded\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + OK + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_INTERIM + 1) + OK + b"\r\n",
        b"\r\n" + OK + b"\r\n",
    ],
    ids=[
        "no line end", "TLS alert", "huge status line", "many fields", "huge field", "huge head", "folded",
        "another protocol", "many interim answers", "an empty line first",
    ],
)  # fmt: skip
def test_a_head_with_one_mistake_is_refused(content: bytes) -> None:
    with pytest.raises(NotHttp) as caught:
        read(content)
    assert not isinstance(caught.value, BrokenOff)
