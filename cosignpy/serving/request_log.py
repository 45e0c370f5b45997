"""The server's log: one JSON object a line, one line a request, every line of a request with its id.

Nothing that could be a secret gets here: no header is logged but the request id, and of the URL only the path.
"""

import asyncio
import json
import logging
import re
import secrets
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from itertools import count
from json.encoder import encode_basestring_ascii
from typing import Final, TextIO, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cosignpy.serving.asgi import header
from cosignpy.serving.exchange import exchange_of

_SANE_ID: Final = re.compile(rb"[A-Za-z0-9._:/+=-]{1,64}")
"""What is taken from a client: identifiers of the usual kinds (UUID, trace, base64), nothing that breaks a log."""

_MAX_PATH: Final = 512
"""Longer than any path we serve; what is beyond it was not meant to be served."""

_MAY_WAIT: Final = "may_wait"
"""The attribute of a record that need not be written at once: those of requests, and of nothing else."""

_MEMBERS: Final = "members"
"""The attribute of a record that holds its own members, as they stand in the line."""

_WARNINGS: Final = logging.getLogger("py.warnings")
"""The logger that Python itself would use (`logging.captureWarnings`)."""

_request_id: ContextVar[str] = ContextVar("request_id", default="")

_run: Final = secrets.token_hex(6)
"""Of this process: a server's workers are programs of their own, which import this for themselves."""
_numbers: Final = count(1)


class LogLevel(StrEnum):
    """How much is logged; requests are `info`."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON: time, level, logger, message, request id, and the record's own members.

    The line is put together by hand, since one is written for each request and `json.dumps` alone takes 5 us for it.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        milliseconds = int(record.msecs)
        line = (
            f'{{"time":"{_second(int(record.created))}.{milliseconds:03d}Z","level":"{record.levelname.lower()}",'
            f'"logger":{_quote(record.name)},"message":{_quote(record.getMessage())}'
        )
        identifier = _request_id.get()
        if identifier:
            line += f',"request_id":{_quote(identifier)}'
        line += getattr(record, _MEMBERS, "")
        if record.exc_info:
            line += f',"traceback":{_quote(self.formatException(record.exc_info))}'
        return line + "}"


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), default=str)
_quote: Final = encode_basestring_ascii


@lru_cache(maxsize=4)
def _second(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class _Lines(logging.StreamHandler[TextIO]):
    """Writes lines at once, or those of requests a moment later, many at a time: a system call each cost 5 us."""

    def __init__(self, stream: TextIO, lag_seconds: float) -> None:
        super().__init__(stream)
        self._lag_seconds = lag_seconds
        self._lines: list[str] = []
        self._waiting: asyncio.TimerHandle | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, and before it those that wait."""
        if not self._lag_seconds or not hasattr(record, _MAY_WAIT) or (loop := _running_loop()) is None:
            self.flush()
            super().emit(record)
            return
        self._lines.append(self.format(record) + self.terminator)
        if self._waiting is None:
            self._waiting = loop.call_later(self._lag_seconds, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        self._waiting = None
        if self._lines:
            lines, self._lines = self._lines, []
            self.stream.write("".join(lines))
        super().flush()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that would write later."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def configure_logging(level: LogLevel, stream: TextIO | None = None, *, lag_seconds: float = 0.0) -> None:
    """Send all logging of this process to stderr, as JSON lines; those of requests `lag_seconds` late at the most.

    So are warnings: libraries give some about what clients sent, and who reads the log expects nothing but JSON.
    """
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False  # not in the lines, so not looked up
    # Nor is the place in the source, and Python's logging HOWTO ("Optimization") names this as the way to say so.
    logging._srcfile = None  # noqa: SLF001
    handler = _Lines(stream or sys.stderr, lag_seconds)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    warnings.showwarning = _log_warning


def _log_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object, **__: object
) -> None:
    """Log a warning, as `warnings.showwarning` is told of it."""
    _WARNINGS.warning("%s: %s", category.__name__, message, extra=fields(file=filename, line=lineno))


def fields(**members: object) -> Mapping[str, object]:
    """Build the `extra` of a logging call whose line shall carry these members."""
    return {_MEMBERS: "," + _ENCODER.encode(members)[1:-1] if members else ""}


def write_line(log: logging.Logger, level: int, message: str, members: str, *, may_wait: bool = False) -> None:
    """Hand a record to the handlers, without the search of `Logger.info` for the line of code it came from.

    `members` are JSON as they stand in the line, each with a comma before it. A line that `may_wait` is written with
    others, a moment later.
    """
    line = logging.LogRecord(log.name, level, "", 0, message, None, None)
    setattr(line, _MEMBERS, members)
    if may_wait:
        setattr(line, _MAY_WAIT, True)
    log.handle(line)


Observer: TypeAlias = Callable[[Scope, int, float], None]
"""Told of each request that was answered: its status, and how many seconds it took."""


class _ObservedSend:
    """What an app sends by, with an eye on what it sends."""

    __slots__ = ("_exchange", "_headers", "_send", "size", "status")

    def __init__(self, scope: Scope, send: Send, identifier: str) -> None:
        self._send = send
        self._exchange = exchange_of(scope)
        self._headers = ((b"x-request-id", identifier.encode("ascii")),)
        self.status, self.size = 500, 0  # what a client gets from an app that raises

    async def __call__(self, message: Message) -> None:
        """Send a part of an answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._headers]
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        """Send a whole answer if the protocol can; see `Exchange.answer`."""
        if self._exchange is None or not self._exchange.answer(status, (*headers, *self._headers), body):
            return False
        self.status, self.size = status, len(body)
        return True


class LogRequests:
    """Gives each request an id, which the answer carries too, and logs it when it is answered.

    Others who want to know of each request are `observers`: a middleware for each would cost more than what they do.
    """

    def __init__(self, app: ASGIApp, log: logging.Logger, *observers: Observer) -> None:
        self._app = app
        self._log = log
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = time.perf_counter()
        identifier = _identify(scope)
        token = _request_id.set(identifier)
        sent = _ObservedSend(scope, send, identifier)
        try:
            await self._app(scope, receive, sent)
        finally:
            seconds = time.perf_counter() - started
            for observe in self._observers:
                observe(scope, sent.status, seconds)
            if self._log.isEnabledFor(logging.INFO):
                self._write(scope, sent.status, sent.size, seconds)
            _request_id.reset(token)

    def _write(self, scope: Scope, status: int, size: int, seconds: float) -> None:
        client = scope.get("client")
        members = (
            f',"method":{_quote(scope["method"])},"path":{_quote(scope["path"][:_MAX_PATH])},"status":{status},'
            f'"bytes":{size},"ms":{seconds * 1000:.3f},"client":{_quote(client[0] if client else "")}'
        )
        write_line(self._log, logging.INFO, "request", members, may_wait=True)


def _identify(scope: Scope) -> str:
    """Take the client's request id if it is sane, or make one."""
    given = header(scope, b"x-request-id")
    return given.decode("ascii") if given and _SANE_ID.fullmatch(given) else f"{_run}-{next(_numbers):x}"
