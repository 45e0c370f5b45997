"""Commands of `python -m ca_server` in this process."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from ca_server.__main__ import app
from cosignpy.values import value


@value
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The line that says what failed; no more than a hint may follow it."""
        first, *rest = self.err.splitlines()
        assert first.startswith("error: ")
        assert [line[:6] for line in rest] in ([], ["hint: "])
        return first.removeprefix("error: ")


def run(verb: str, *options: str | Path) -> Said:
    """Run a command."""
    result = CliRunner().invoke(app, [verb, *map(str, options)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def show(data: Path) -> dict[str, Any]:
    """Return what `show` tells of a data directory."""
    shown: dict[str, Any] = json.loads(run("show", "--dir", data, "--output", "json").out)
    return shown
