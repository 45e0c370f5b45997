"""`freeze` and `rotate`: end a shard, and begin the next."""

from typing import Annotated

import typer

from log_server.commands.arguments import ConfigOption, DataOption, existing, read_settings, speaking_plainly
from log_server.log import LogKind
from log_server.rotation import freeze, rotate
from log_server.storage.lock import lock_directory

LogOption = Annotated[LogKind, typer.Option("--log", help="Which log.", show_default=False)]


def freeze_command(data: DataOption, log: LogOption, config: ConfigOption = None) -> None:
    """Freeze a log that is not being served: it takes no more entries, and stays readable."""
    with speaking_plainly(), lock_directory(existing(data)):
        shard = freeze(data, log, read_settings(data, config))
    typer.echo(f"{log} {shard.directory.name} is frozen at {shard.frozen} entries")


def rotate_command(
    data: DataOption,
    log: LogOption,
    config: ConfigOption = None,
    hostname: Annotated[str | None, typer.Option(help="The new shard's name in checkpoints.")] = None,
) -> None:
    """Freeze a log's shard and begin the next, with a new key; the server must be stopped."""
    with speaking_plainly(), lock_directory(existing(data)):
        settings = read_settings(data, config)
        old, new = rotate(data, log, settings, hostname or settings.name)
    typer.echo(f"{log} {old.directory.name} is frozen at {old.frozen} entries; {new.directory.name} takes entries now")
    typer.echo("its key, for the trusted root of clients:")
    typer.echo(new.public_key.encode_pem().decode().rstrip())
