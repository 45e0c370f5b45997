"""The exit codes of the log server are those of the documented table."""

import re
from pathlib import Path
from typing import Final

import pytest
import typer

from cosignpy.errors import FileError, UsageError
from log_server.commands.arguments import DAMAGED, FAILED, USAGE, speaking_plainly
from log_server.storage.protocol import StorageError
from log_server.tlog.reader import LogDamaged

PAGE: Final = Path(__file__).parents[3] / "docs" / "exit-codes.md"


def test_every_code_is_documented() -> None:
    section = PAGE.read_text().partition("## `python -m log_server`")[2].partition("\n## ")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)] == [0, FAILED, USAGE, DAMAGED]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FileError("log.yaml", "not there"), FAILED),
        (StorageError("journal", "the disk is full"), FAILED),
        (UsageError("process 7 writes there already"), USAGE),
        (LogDamaged("checkpoint", "another root"), DAMAGED),
    ],
    ids=["file", "disk", "usage", "damaged"],
)
def test_an_error_is_a_line_and_a_code(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, speaking_plainly():
        raise error
    printed = capsys.readouterr()
    assert (caught.value.exit_code, printed.out) == (code, "")
    assert str(error) in printed.err
