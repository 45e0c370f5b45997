"""A conversation with a program on a terminal."""

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

CHUNK: Final = 4096


def converse(
    command: Sequence[str],
    dialogue: Sequence[tuple[bytes, bytes]],
    environment: Mapping[str, str],
    folder: Path | None = None,
) -> tuple[int, bytes]:
    """Run a program, answer each question once it was asked, and return its exit code and all that was shown."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment, start_new_session=True
    ) as process:
        os.close(theirs)
        shown, position = b"", 0
        for question, answer in dialogue:
            while question not in shown[position:]:
                shown += os.read(ours, CHUNK)
            position = len(shown)
            os.write(ours, answer + b"\n")
        shown += _read_to_end(ours)
    os.close(ours)
    return process.returncode, shown


def _read_to_end(terminal: int) -> bytes:
    shown = b""
    while True:
        try:
            piece = os.read(terminal, CHUNK)
        except OSError:  # Linux reports the end of a terminal as an input/output error
            return shown
        if not piece:
            return shown
        shown += piece
