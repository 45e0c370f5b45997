"""The exit codes of the certificate authority are those of the documented table."""

import re
from pathlib import Path
from typing import Final

import pytest
import typer

from ca_server.commands.arguments import FAILED, USAGE, speaking_plainly
from cosignpy.errors import CertificateError, FileError, UsageError, WrongPassword

PAGE: Final = Path(__file__).parents[4] / "docs" / "exit-codes.md"


def test_every_code_is_documented() -> None:
    section = PAGE.read_text().partition("## `python -m ca_server`")[2].partition("\n## ")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)] == [0, FAILED, USAGE]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FileError("key.pem", "not there"), FAILED),
        (CertificateError("certificate 1", "expired"), FAILED),
        (WrongPassword("key.pem", "wrong password", "set it"), FAILED),
        (UsageError("no password"), USAGE),
    ],
    ids=["file", "certificate", "password", "usage"],
)
def test_an_error_is_a_line_a_hint_and_a_code(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, speaking_plainly():
        raise error
    printed = capsys.readouterr()
    hint = getattr(error, "hint", None)
    wanted = f"error: {error}\n" + (f"hint: {hint}\n" if hint else "")
    assert (caught.value.exit_code, printed.out, printed.err) == (code, "", wanted)
