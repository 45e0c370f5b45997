"""`freeze` and `rotate`: end a shard, and begin the next."""

from typing import Annotated

import typer

from log_server.commands.arguments import (
    ConfigOption,
    DataOption,
    count_entries,
    existing,
    read_settings,
    speaking_plainly,
)
from log_server.log import LogKind
from log_server.rotation import freeze, rotate
from log_server.storage.lock import lock_directory

LogOption = Annotated[LogKind, typer.Option("--log", help="Which log.", show_default=False)]


def freeze_command(data: DataOption, log: LogOption, config: ConfigOption = None) -> None:
    """End a log.

    It takes no more entries, and stays readable; the server must be stopped.
    """
    with speaking_plainly(), lock_directory(existing(data)):
        shard = freeze(data, log, read_settings(data, config))
    typer.echo(f"{log} {shard.directory.name} is frozen at {count_entries(shard.frozen or 0)}")


def rotate_command(
    data: DataOption,
    log: LogOption,
    config: ConfigOption = None,
    hostname: Annotated[str | None, typer.Option(help="The new shard's name in checkpoints.")] = None,
) -> None:
    """End a log's shard and begin the next.

    The next has a key of its own; the server must be stopped.
    """
    with speaking_plainly(), lock_directory(existing(data)):
        settings = read_settings(data, config)
        old, new = rotate(data, log, settings, hostname or settings.name)
    typer.echo(f"{log} {old.directory.name} is frozen at {count_entries(old.frozen or 0)}")
    typer.echo(f"{log} {new.directory.name} takes entries now")
    typer.echo("its key, for the trusted root of clients:")
    typer.echo(new.public_key.encode_pem().decode().rstrip())
