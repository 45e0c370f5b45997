"""Answers: a head at once, a body that is read with a limit, once."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from cosignpy.errors import CosignError, DeadlineExceeded, LimitExceeded, Unreachable
from cosignpy.net.connection import Connection
from cosignpy.net.failures import NotHttp, TooMuch, explain
from cosignpy.net.http1 import Answer
from cosignpy.net.redaction import redact_url
from cosignpy.net.sockets import READ_SIZE
from cosignpy.net.url import Url

_DRAIN: Final = 64 * 1024
"""Reading so much of an unwanted body is cheaper than a new connection."""

Reopen = Callable[[Unreachable], "Response"]


class Response:
    """One answer. Read it, or close it; a connection goes back to the pool when its answer was read whole."""

    def __init__(self, url: Url, raw: Answer, connection: Connection, release: Callable[[Connection], None]) -> None:
        self.url = url
        self.status = raw.status
        self.headers = raw.headers
        self._raw = raw
        self._connection: Connection | None = connection
        self._release = release
        self._reopen: Reopen | None = None
        self._length = raw.length
        connection.sock.expect_body()
        if raw.length == 0:
            self._finish(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        orderly = kind is None or (issubclass(kind, CosignError) and not issubclass(kind, DeadlineExceeded))
        if orderly:
            self.close()
        else:
            self._drop()  # whoever interrupts a transfer does not want to wait for the rest of it

    def on_truncation(self, reopen: Reopen) -> None:
        """Set how `read` may ask for the same answer again when its body breaks off."""
        self._reopen = reopen

    def read(self, cap: int, what: str) -> bytes:
        """Read the body whole.

        Raises:
            LimitExceeded: It is longer than `cap` bytes; nothing more of it is read.
            Unreachable: It broke off, stalled or dripped, and asking again did not help.
        """
        try:
            return self._read_once(cap, what)
        except Unreachable as error:
            if self._reopen is None:
                raise
            with self._reopen(error) as again:
                if again.status != self.status:
                    raise
                return again.read(cap, what)

    def _read_once(self, cap: int, what: str) -> bytes:
        if self._length is not None and self._length > cap:
            self.close()
            raise LimitExceeded(what, f"{self._length} bytes, at most {cap} are accepted")
        pieces, size = [], 0
        for piece in self.iter_bytes():
            size += len(piece)
            if size > cap:
                self._drop()
                raise LimitExceeded(what, f"at most {cap} bytes are accepted")
            pieces.append(piece)
        return b"".join(pieces)

    def iter_bytes(self) -> Iterator[bytes]:
        """Yield the body in pieces; a body without end is the caller's to limit.

        Raises:
            Unreachable: It broke off, stalled or dripped.
        """
        while self._connection is not None:
            piece = self._read_piece(self._connection)
            if piece:
                yield piece
            else:
                self._finish(self._connection)

    def _read_piece(self, connection: Connection) -> bytes:
        try:
            connection.sock.expect_step()
            piece = self._raw.read(READ_SIZE)
        except (OSError, NotHttp) as error:
            self._drop()
            if isinstance(error, NotHttp) and not isinstance(error, TooMuch):
                raise self._truncated() from error
            failure = explain(error, self.url.origin)
            failure.url = redact_url(str(self.url))
            raise failure from error
        if not piece and self._raw.length:
            self._drop()
            raise self._truncated()
        return piece

    def _truncated(self) -> Unreachable:
        authority, url = self.url.origin.authority, redact_url(str(self.url))
        return Unreachable(authority, url, None, "the answer broke off before its end", retryable=True)

    def close(self) -> None:
        """Let go of the answer; what little is left of the body is read so that the connection stays usable."""
        if self._connection is None:
            return
        if self._raw.length is not None and self._raw.length <= _DRAIN:
            self._connection.sock.expect_rest()
            with suppress(Unreachable):  # the caller has no use for the rest, nor for why it does not come
                for _ in self.iter_bytes():
                    pass
        else:
            self._drop()

    def _finish(self, connection: Connection) -> None:
        self._connection = None
        keep = not self._raw.will_close
        self._raw.close()
        if keep:
            self._release(connection)
        else:
            connection.close()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._raw.close()
        if connection is not None:
            connection.close()
