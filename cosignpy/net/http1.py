"""Answers of HTTP/1.0 and HTTP/1.1 servers, read from a stream (RFC 9112): the head at once, the body in pieces.

Whatever could make two readers disagree on where an answer ends is refused: two lengths, a length beside a
transfer coding, folded header fields, chunk sizes that only a lenient parser takes for numbers.
"""

from collections.abc import Iterable
from io import BufferedIOBase
from typing import Final

from cosignpy.net.failures import BrokenOff, NoAnswer, NotHttp
from cosignpy.net.message import Headers
from cosignpy.values import value

MAX_HEAD: Final = 64 * 1024
"""Bytes of a status line with its header fields, and of trailers; registries send less than 4 KiB."""

MAX_FIELDS: Final = 100
"""Header fields of one answer, or trailers: what the standard library's client accepts, give or take one."""

MAX_CHUNK_LINE: Final = 64 * 1024
"""Bytes of one chunk size with its extensions, which nobody sends."""

MAX_INTERIM: Final = 8
"""Answers with a status 1xx before the final one; we never ask for any."""

_MAX_LENGTH_DIGITS: Final = 18  # of a Content-Length, so that it fits into 64 bits ...
_MAX_SIZE_DIGITS: Final = 15  # ... as does a chunk size of so many hexadecimal digits

_MINORS: Final = {b"HTTP/1.0": 0, b"HTTP/1.1": 1}
_TOKEN: Final = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_HEX: Final = b"0123456789ABCDEFabcdef"
_CONTROLS: Final = bytes({*range(0x20), 0x7F} - {0x09})

_SWITCHING_PROTOCOLS: Final = 101
_OK: Final = 200
_NO_BODY: Final = frozenset({204, 304})
_STATUS_DIGITS: Final = 3


@value
class Head:
    """The head of an answer: HTTP/1.`minor`, the status and the header fields."""

    minor: int
    status: int
    headers: Headers


@value
class Framing:
    """Where a body ends: after `length` bytes, after its last chunk, or else with the connection."""

    length: int | None
    chunked: bool = False


def parse_status_line(line: bytes) -> tuple[int, int]:
    """Parse a status line without its line ending into minor version and status (RFC 9112 section 4).

    Raises:
        NotHttp: It is none of HTTP/1.0 or HTTP/1.1; the line is the error's text.
    """
    version, _, rest = line.partition(b" ")
    # Many servers leave out the blank that should stand before an empty reason.
    status, _, reason = rest.partition(b" ")
    is_status = len(status) == _STATUS_DIGITS and status.isdigit() and not status.startswith(b"0")
    if version not in _MINORS or not is_status or _has_controls(reason):
        raise NotHttp(line.decode("latin-1"))
    return _MINORS[version], int(status)


def parse_field(line: bytes) -> tuple[str, str]:
    """Parse a header field without its line ending into name and value (RFC 9112 section 5).

    A folded line starts with a blank, and a blank before the colon ends up in the name: neither is a token.

    Raises:
        NotHttp: The name is not a token, or there are control characters in the value.
    """
    name, colon, content = line.partition(b":")
    if not colon or not name or name.translate(None, _TOKEN) or _has_controls(content):
        raise NotHttp("header field")
    return name.decode("ascii"), content.strip(b" \t").decode("latin-1")


def parse_chunk_size(line: bytes) -> int:
    """Parse the line that starts a chunk, ignoring extensions (RFC 9112 section 7.1).

    The leniency for line feeds alone is for heads (section 2.2): in a body it has let requests be smuggled.

    Raises:
        NotHttp: No hexadecimal number, a far too large one, or another line ending than CR LF.
    """
    content = line.removesuffix(b"\r\n")
    digits, mark, _ = content.partition(b";")
    if mark:
        digits = digits.rstrip(b" \t")
    is_number = 0 < len(digits) <= _MAX_SIZE_DIGITS and not digits.translate(None, _HEX)
    if content == line or not is_number or _has_controls(content):
        raise NotHttp("chunk size")
    return int(digits, 16)


def parse_framing(method: str, head: Head) -> Framing:
    """Tell where the body of an answer ends (RFC 9112 section 6.3).

    Raises:
        NotHttp: Readers may disagree on it.
    """
    length = _parse_length(head.headers.get_all("Content-Length"))
    codings = [coding.lower() for coding in head.headers.get_all("Transfer-Encoding")]
    if codings and (codings != ["chunked"] or length is not None):
        raise NotHttp("Transfer-Encoding")
    if method == "HEAD" or head.status in _NO_BODY:
        return Framing(0)
    return Framing(length, chunked=bool(codings))


def is_persistent(head: Head) -> bool:
    """Tell whether the server will take another request on the connection (RFC 9112 sections 6.1 and 9.3)."""
    options = [option.strip().lower() for option in ",".join(head.headers.get_all("Connection")).split(",")]
    if "close" in options:
        return False
    return head.minor > 0 or ("keep-alive" in options and "Transfer-Encoding" not in head.headers)


def _has_controls(content: bytes) -> bool:
    return content.translate(None, _CONTROLS) != content


def _parse_length(lengths: Iterable[str]) -> int | None:
    """Parse the values of Content-Length (RFC 9110 section 8.6); `int` alone accepts `1_0`."""
    distinct = set(lengths)
    if not distinct:
        return None
    length = distinct.pop()
    if distinct or not (length.isascii() and length.isdigit() and len(length) <= _MAX_LENGTH_DIGITS):
        raise NotHttp("Content-Length")
    return int(length)


class Answer:
    """One answer whose head was read; the body comes in pieces."""

    def __init__(self, stream: BufferedIOBase, method: str, head: Head) -> None:
        framing = parse_framing(method, head)
        self.status = head.status
        self.headers = head.headers
        self.length = framing.length
        """Bytes of the body that are still to come, None when only its end will tell."""
        self.will_close = not is_persistent(head) or framing == Framing(None)
        self._stream = stream
        self._chunked = framing.chunked
        self._chunk_left = 0

    def read(self, size: int) -> bytes:
        """Read as many bytes of the body; fewer, and then none, at its end or that of the connection.

        Raises:
            NotHttp: The chunks are not chunks, or end before the last one.
            OSError: The connection failed.
        """
        if self._chunked:
            return self._read_chunks(size)
        if self.length is None:
            return self._stream.read(size)
        piece = self._stream.read(min(size, self.length))
        self.length -= len(piece)
        return piece

    def close(self) -> None:
        """Close the stream; the connection stays open."""
        self._stream.close()

    def _read_chunks(self, size: int) -> bytes:
        pieces = []
        while size and self._has_chunk():
            piece = self._read_exactly(min(size, self._chunk_left))
            pieces.append(piece)
            size -= len(piece)
            self._chunk_left -= len(piece)
            if not self._chunk_left and self._read_exactly(2) != b"\r\n":
                raise NotHttp("chunk end")
        return b"".join(pieces)

    def _has_chunk(self) -> bool:
        """Go to the next chunk where one is needed; tell whether there is one."""
        if not self._chunk_left:
            self._chunk_left = parse_chunk_size(_read_line(self._stream, MAX_CHUNK_LINE))
            if not self._chunk_left:
                self._end_chunks()
        return self._chunk_left > 0

    def _end_chunks(self) -> None:
        self._chunked, self.length = False, 0
        try:
            _read_fields(self._stream, MAX_HEAD)
        except BrokenOff:
            self.will_close = True  # the body itself is complete with its last chunk (RFC 9112 section 8)

    def _read_exactly(self, size: int) -> bytes:
        piece = self._stream.read(size)
        if len(piece) < size:
            raise BrokenOff
        return piece


def read_answer(stream: BufferedIOBase, method: str) -> Answer:
    """Read the head of the answer to a request, passing over interim ones (RFC 9110 section 15.2).

    Raises:
        OSError: The connection failed, or (`NoAnswer`) ended before it.
        NotHttp: It is something else, too large, a change of protocol, or (`BrokenOff`) ended too soon.
    """
    for _ in range(MAX_INTERIM + 1):
        line = stream.readline(MAX_HEAD)
        if not line:
            raise NoAnswer
        if not line.endswith(b"\n"):
            raise NotHttp(line.decode("latin-1"))
        minor, status = parse_status_line(_without_ending(line))
        if status == _SWITCHING_PROTOCOLS:
            raise NotHttp("101")
        fields = _read_fields(stream, MAX_HEAD - len(line))
        if status >= _OK:
            return Answer(stream, method, Head(minor, status, Headers(fields)))
    raise NotHttp("interim answers")


def _read_fields(stream: BufferedIOBase, left: int) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    while content := _without_ending(line := _read_line(stream, left)):
        if len(fields) == MAX_FIELDS:
            raise NotHttp("header fields")
        fields.append(parse_field(content))
        left -= len(line)
    return fields


def _read_line(stream: BufferedIOBase, limit: int) -> bytes:
    line = stream.readline(limit)
    if line.endswith(b"\n"):
        return line
    raise BrokenOff if len(line) < limit else NotHttp("line")


def _without_ending(line: bytes) -> bytes:
    """Remove CR LF, or LF alone as RFC 9112 section 2.2 allows; another CR stays, and is refused as a control."""
    return line.removesuffix(b"\n").removesuffix(b"\r")
