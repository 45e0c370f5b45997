"""Files that a flag names, read whole and never without a limit; `-` is standard input."""

import sys
from pathlib import Path
from typing import Final

from cosignpy.errors import FileError, LimitExceeded

MAX_INPUT: Final = 16 << 20
"""Bytes of a signature, payload, bundle or certificate; real ones have a few thousand."""


def read_input(path: str) -> bytes:
    """Read a file, or standard input.

    Raises:
        FileError: It cannot be read.
        LimitExceeded: It is too large to be what it should be.
    """
    try:
        if path == "-":
            content = sys.stdin.buffer.read(MAX_INPUT + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(MAX_INPUT + 1)
    except OSError as error:
        raise FileError(path, (error.strerror or str(error)).lower()) from error
    if len(content) > MAX_INPUT:
        raise LimitExceeded(path, f"more than {MAX_INPUT} bytes")
    return content
