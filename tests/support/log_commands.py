"""Commands of `python -m log_server` in this process, on a data directory."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from cosignpy.values import value
from log_server.__main__ import app


@value
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def run(verb: str, data: Path, *options: str) -> Said:
    """Run a command."""
    with _keeping_logging():
        result = CliRunner().invoke(app, [verb, "--dir", str(data), *options])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


@contextmanager
def _keeping_logging() -> Iterator[None]:
    """Undo what `serve` does to the logging of its process: its stream ends with the command."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def show(data: Path) -> list[dict[str, Any]]:
    """Return what `show` tells of all shards."""
    shown: list[dict[str, Any]] = json.loads(run("show", data, "--output", "json").out)
    return shown
