"""Our reader of HTTP answers and the standard library's agree on whatever is well formed, and ours never crashes."""

import contextlib
import io
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import TYPE_CHECKING, cast

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.net.failures import NoAnswer, NotHttp
from cosignpy.net.http1 import read_answer

if TYPE_CHECKING:
    import socket

NAMES = st.text(alphabet="abcXYZ019-_.!~", min_size=1, max_size=12).map(lambda name: f"X-{name}")
# The standard library takes \x85 for a line break.
VISIBLE = st.characters(
    min_codepoint=0x21, max_codepoint=0xFF, exclude_characters=[chr(code) for code in range(0x7F, 0xA1)]
)
VALUES = st.lists(st.text(alphabet=VISIBLE, min_size=1, max_size=10), max_size=3).map(" \t".join)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
BODIES = st.binary(max_size=200)
METHODS = st.sampled_from(["DELETE", "GET", "HEAD", "POST", "PUT"])
STATUSES = st.integers(min_value=200, max_value=599)
CONNECTIONS = st.sampled_from([[], [("Connection", "close")], [("Connection", "keep-alive")]])
SIZES = st.integers(min_value=1, max_value=64)


@dataclass
class Wire:
    content: bytes

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self.content)


def in_chunks(body: bytes, size: int) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%X;x=y\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nTrailer: z\r\n\r\n"


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    body, fields = draw(BODIES), draw(FIELDS) + draw(CONNECTIONS)
    framing = draw(st.sampled_from(["length", "chunked", "close"]))
    if framing == "length":
        fields.insert(draw(st.integers(0, len(fields))), ("Content-Length", str(len(body))))
    minor = 1
    if framing == "chunked":
        fields.append(("Transfer-Encoding", "chunked"))
        body = in_chunks(body, draw(SIZES))
    else:
        minor = draw(st.integers(0, 1))
    end = draw(st.sampled_from(["\r\n", "\n"]))
    lines = [f"HTTP/1.{minor} {draw(STATUSES)} Any Reason", *(f"{name}: {value}" for name, value in fields), "", ""]
    interim = draw(st.sampled_from(["", "HTTP/1.1 100 Continue\r\n\r\n"]))
    return (interim + end.join(lines)).encode("latin-1") + body


@given(answers(), METHODS, SIZES)
def test_well_formed_answers_are_read_as_the_standard_library_reads_them(
    content: bytes, method: str, size: int
) -> None:
    theirs = HTTPResponse(cast("socket.socket", Wire(content)), method=method)
    theirs.begin()
    ours = read_answer(io.BytesIO(content), method)
    assert (ours.status, list(ours.headers)) == (theirs.status, theirs.getheaders())
    assert (ours.length, ours.will_close) == (theirs.length, theirs.will_close)
    while piece := theirs.read(size):
        assert ours.read(size) == piece
    assert ours.read(size) == b""


@given(st.binary(max_size=100) | st.builds(lambda start, rest: start + rest, answers(), st.binary(max_size=20)))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(NotHttp, NoAnswer):
        answer = read_answer(io.BytesIO(content), "GET")
        while answer.read(64):
            pass


@given(answers(), st.data())
def test_answers_that_were_damaged_are_read_or_refused(content: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(content) - 1))
    damaged = content[:place] + data.draw(st.binary(max_size=2)) + content[place + 1 :]
    with contextlib.suppress(NotHttp, NoAnswer):
        answer = read_answer(io.BytesIO(damaged), "GET")
        while answer.read(64):
            pass
