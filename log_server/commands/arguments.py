"""What the commands share: their options, and how they speak."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from cosignpy.errors import CosignError, FileError, UsageError
from cosignpy.files import explain
from cosignpy.serving.settings import load_settings
from log_server.config import FILE, Settings
from log_server.log import LogKind
from log_server.shard_files import ShardFiles
from log_server.storage.protocol import StorageDamaged, StorageError
from log_server.tlog.reader import LogDamaged

FAILED: Final = 1
USAGE: Final = 2
DAMAGED: Final = 3
"""Exit codes: something failed, it was used wrongly, a log does not verify (docs/operations/log.md)."""

DataOption = Annotated[Path, typer.Option("--dir", help="The data directory.", show_default=False)]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help=f"The settings; without it {FILE} in the data directory, if it is there."),
]


@contextmanager
def speaking_plainly() -> Iterator[None]:
    """Turn errors into one line on stderr and the exit code that tells what they are."""
    try:
        yield
    except UsageError as error:
        _say(error, error.hint)
        raise typer.Exit(USAGE) from error
    except (LogDamaged, StorageDamaged) as error:
        _say(f"this log does not verify, so it is not served: {error}", "docs/operations/log.md says how to recover")
        raise typer.Exit(DAMAGED) from error
    except (CosignError, StorageError) as error:
        _say(error, getattr(error, "hint", None))
        raise typer.Exit(FAILED) from error


def read_settings(data: Path, config: Path | None) -> Settings:
    """Read the settings; without a file all have their defaults.

    Raises:
        FileError: The file that was named cannot be read.
        DocumentError: Something in it is not as it should be.
    """
    path = config or data / FILE
    return load_settings(path, Settings) if config or path.exists() else Settings()


def existing(data: Path) -> Path:
    """Return a data directory that is there.

    Raises:
        FileError: It is not.
    """
    refuse_other_files(data)
    if not data.is_dir():
        raise FileError(str(data), "there is no such data directory", hint="`serve` and `init` make one")
    return data


def make_directory(data: Path) -> None:
    """Make a data directory, if it is not there.

    Raises:
        FileError: It cannot be made, or something else has its name.
    """
    refuse_other_files(data)
    with explain(data):
        data.mkdir(mode=0o700, parents=True, exist_ok=True)


def refuse_other_files(data: Path) -> None:
    """See that what is there is a directory, if anything is.

    Raises:
        FileError: It is not; the system would only say that it exists.
    """
    if data.exists() and not data.is_dir():
        raise FileError(str(data), "this is not a directory")


def refuse_no_shards(shards: Sequence[ShardFiles], data: Path, log: LogKind | None = None) -> None:
    """See that there are shards to speak of.

    Raises:
        UsageError: There are none.
    """
    if not shards:
        raise UsageError(f"there is no {f'{log} ' if log else ''}log in {data}", "name another --dir")


def count_entries(count: int) -> str:
    """Write a number of entries."""
    return "1 entry" if count == 1 else f"{count} entries"


def _say(what: object, hint: str | None) -> None:
    typer.echo(f"error: {what}", err=True)
    if hint:
        typer.echo(f"hint: {hint}", err=True)
