"""What the commands share: their options, and how they speak."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from ca_server.authority.directory import AuthorityDirectory
from ca_server.authority.opening import directory_of
from ca_server.authority.profile import Period, Role
from ca_server.config import FILE, Settings
from cosignpy.core.keys.algorithms import Algorithm, select_algorithm
from cosignpy.core.x509.issuing import encode_algorithm
from cosignpy.errors import CosignError, FileError, KeyUnusable, MalformedError, UsageError
from cosignpy.serving.quantities import Duration
from cosignpy.serving.settings import load_settings

FAILED: Final = 1
USAGE: Final = 2
"""Exit codes: something failed, it was used wrongly (docs/operations/ca.md)."""

LONGEST: Final = timedelta(days=36_525)
"""A hundred years: calendars of clients end at different times after that."""

DataOption = Annotated[Path, typer.Option("--dir", help="The data directory.", show_default=False)]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help=f"The settings; without it {FILE} in the data directory, if it is there."),
]
RoleOption = Annotated[Role, typer.Option("--role", help="What the key is for.")]
AlgorithmOption = Annotated[
    str, typer.Option("--algorithm", help="P-256, P-384, P-521, Ed25519, RSA-3072 or RSA-4096.")
]
LifetimeOption = Annotated[str, typer.Option("--lifetime", help="How long the certificate is valid.")]
StartOption = Annotated[
    str, typer.Option("--starts-in", help="When it begins to be: time for clients to learn of it before it is used.")
]


@contextmanager
def speaking_plainly() -> Iterator[None]:
    """Turn errors into one line on stderr and the exit code that tells what they are."""
    try:
        yield
    except UsageError as error:
        _say(error)
        raise typer.Exit(USAGE) from error
    except CosignError as error:
        _say(error)
        raise typer.Exit(FAILED) from error


def read_settings(data: Path, config: Path | None) -> Settings:
    """Read the settings; without a file all have their defaults.

    Raises:
        FileError: The file that was named cannot be read.
        DocumentError: Something in it is not as it should be.
    """
    path = config or data / FILE
    return load_settings(path, Settings) if config or path.exists() else Settings()


def authority_in(data: Path, config: Path | None) -> AuthorityDirectory:
    """Return where the authority of a data directory is.

    Raises:
        FileError: There is none.
        DocumentError: The settings are not as they should be.
    """
    directory = directory_of(read_settings(data, config).authority, data)
    if not directory.path.is_dir():
        raise FileError(str(directory.path), "there is no authority", hint="`init` makes one")
    return directory


def algorithm_named(name: str) -> Algorithm:
    """Return the algorithm of new keys.

    Raises:
        UsageError: There is none of that name, or it does not sign certificates.
    """
    chosen = select_algorithm(name)
    try:
        encode_algorithm(chosen)
    except KeyUnusable as error:
        raise UsageError(str(error)) from error
    return chosen


def span(text: str) -> timedelta:
    """Parse how long something takes.

    Raises:
        UsageError: Not a number and a unit, or longer than anybody will be there.
    """
    try:
        found = timedelta(seconds=Duration.parse(text))
    except (MalformedError, OverflowError) as error:
        raise UsageError(f"{text!r} is not how long something takes", "write it as 36h or 1095d") from error
    if found > LONGEST:
        raise UsageError(f"{text} is too long", f"no more than {LONGEST.days}d are")
    return found


def period_from(starts_in: str, lifetime: str) -> Period:
    """Return when a certificate is to be valid.

    Raises:
        UsageError: Not numbers with units.
    """
    begin = utc_now() + span(starts_in)
    return Period(begin, begin + span(lifetime))


def utc_now() -> datetime:
    """Return what time it is, in whole seconds, as certificates have it."""
    return datetime.now(UTC).replace(microsecond=0)


def _say(error: CosignError) -> None:
    typer.echo(f"error: {error}", err=True)
    if error.hint:
        typer.echo(f"hint: {error.hint}", err=True)
