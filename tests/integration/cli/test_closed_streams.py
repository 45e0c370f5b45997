"""Commands whose output nobody reads, or that cannot be written: the exit code says how it went, and nothing else."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.keyless_site import PROGRAM


def run_in_shell(command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    measured = {name: text for name, text in os.environ.items() if name.startswith("COVERAGE_")}
    env = {**measured, "HOME": str(folder), "PATH": os.environ["PATH"], "PROGRAM": str(PROGRAM)}
    words = ["sh", "-c", f'"$PROGRAM" {command}']
    return subprocess.run(words, cwd=folder, env=env, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("command", "code"),
    [("version >&-", 0), ("version 2>&-", 0), ("nonsense >&-", 2), ("nonsense 2>&-", 2), ("nonsense >&- 2>&-", 2)],
)
def test_streams_that_are_closed(tmp_path: Path, command: str, code: int) -> None:
    done = run_in_shell(command, tmp_path)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr


def test_output_that_does_not_fit(tmp_path: Path) -> None:
    done = run_in_shell("version >/dev/full", tmp_path)
    assert done.returncode == 3
    assert done.stderr == "Error: the output: no space left on device\n"
