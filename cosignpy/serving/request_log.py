"""The server's log: one JSON object a line, one line a request, every line of a request with its id.

Nothing that could be a secret gets here: no header is logged but the request id, and of the URL only the path.
"""

import json
import logging
import os
import re
import secrets
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count
from typing import Any, Final, TextIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cosignpy.serving.asgi import header

_SANE_ID: Final = re.compile(rb"[A-Za-z0-9._:/+=-]{1,64}")
"""What is taken from a client: identifiers of the usual kinds (UUID, trace, base64), nothing that breaks a log."""

_MAX_PATH: Final = 512
"""Longer than any path we serve; what is beyond it was not meant to be served."""

_FIELDS: Final = "fields"

_request_id: ContextVar[str] = ContextVar("request_id", default="")

_run: Final = secrets.token_hex(6)
_numbers: Final = count(1)


class LogLevel(StrEnum):
    """How much is logged; requests are `info`."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON: time, level, logger, message, request id, and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        members: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        identifier = _request_id.get()
        if identifier:
            members["request_id"] = identifier
        members |= getattr(record, _FIELDS, {})
        if record.exc_info:
            members["traceback"] = self.formatException(record.exc_info)
        return _ENCODER.encode(members)


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), default=str)


def configure_logging(level: LogLevel, stream: TextIO | None = None) -> None:
    """Send all logging of this process to stderr, as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def fields(**members: object) -> Mapping[str, object]:
    """Build the `extra` of a logging call whose line shall carry these members."""
    return {_FIELDS: members}


def current_request_id() -> str:
    """Return the id of the request that is being served; nothing outside of one."""
    return _request_id.get()


class LogRequests:
    """Gives each request an id, which the answer carries too, and logs it when it is answered."""

    def __init__(self, app: ASGIApp, log: logging.Logger) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = time.perf_counter()
        identifier = _identify(scope)
        token = _request_id.set(identifier)
        status, size = 500, 0  # what a client gets from an app that raises

        async def observe(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", identifier.encode("ascii"))]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, observe)
        finally:
            if self._log.isEnabledFor(logging.INFO):
                self._write(scope, {"status": status, "bytes": size}, time.perf_counter() - started)
            _request_id.reset(token)

    def _write(self, scope: Scope, outcome: dict[str, int], seconds: float) -> None:
        """Hand a record to the handlers, without `Logger.info`'s search for the line of code it came from."""
        client = scope.get("client")
        line = logging.LogRecord(self._log.name, logging.INFO, "", 0, "request", None, None)
        members = {
            "method": scope["method"],
            "path": scope["path"][:_MAX_PATH],
            **outcome,
            "ms": round(seconds * 1000, 3),
            "client": client[0] if client else "",
        }
        setattr(line, _FIELDS, members)
        self._log.handle(line)


def _identify(scope: Scope) -> str:
    """Take the client's request id if it is sane, or make one."""
    given = header(scope, b"x-request-id")
    return given.decode("ascii") if _SANE_ID.fullmatch(given) else f"{_run}-{os.getpid():x}-{next(_numbers):x}"
