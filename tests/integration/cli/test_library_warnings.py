"""Warnings of libraries are for developers: users see ours only, unless they ask Python for more."""

import subprocess
import sys
from typing import Final

PROGRAM: Final = """
import warnings
from cosignpy.cli import app

def warn(_argv):
    warnings.warn("of a library")
    return 0

app.run = warn
app.main()
"""


def said(*options: str) -> str:
    command = [sys.executable, *options, "-c", PROGRAM]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def test_a_user_sees_no_warning_of_a_library() -> None:
    assert said() == ""


def test_a_developer_can_ask_for_them() -> None:
    assert "of a library" in said("-W", "default")
