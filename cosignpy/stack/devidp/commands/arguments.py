"""What the commands share: their options, and how they speak."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from cosignpy.errors import CosignError, UsageError

FAILED: Final = 1
USAGE: Final = 2

DirectoryOption = Annotated[
    Path, typer.Option("--dir", metavar="DIR", help="The directory with the issuer's keys.", show_default=False)
]


@contextmanager
def speaking_plainly() -> Iterator[None]:
    """Turn errors into one line on stderr, and the exit code that tells what they are."""
    try:
        yield
    except CosignError as error:
        typer.echo(f"error: {error}", err=True)
        if error.hint:
            typer.echo(f"hint: {error.hint}", err=True)
        raise typer.Exit(USAGE if isinstance(error, UsageError) else FAILED) from error
