"""Files that a flag names, read whole and never without a limit; `-` is standard input."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cosignpy.errors import FileError, LimitExceeded, MalformedError

MAX_INPUT: Final = 16 << 20
"""Bytes of a signature, payload, bundle or certificate; real ones have a few thousand."""


def read_input(path: str, most: int | None = None) -> bytes:
    """Read a file, or standard input: `MAX_INPUT` of it, unless more is said to be right.

    Raises:
        FileError: It cannot be read.
        LimitExceeded: It is too large to be what it should be.
    """
    limit = MAX_INPUT if most is None else most
    try:
        if path == "-":
            content = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(limit + 1)
    except OSError as error:
        raise FileError(path, (error.strerror or str(error)).lower()) from error
    if len(content) > limit:
        raise LimitExceeded(path, f"more than {limit} bytes")
    return content


@contextmanager
def name_input(path: str) -> Iterator[None]:
    """Say of what is malformed in which file it is.

    Raises:
        MalformedError: As it was raised, with the file.
    """
    try:
        yield
    except MalformedError as error:
        error.what += f" in {'standard input' if path == '-' else path}"
        raise
