"""`init`: begin logs and write down all settings, before anything is served."""

from typing import Annotated

import typer

from cosignpy.errors import UsageError
from cosignpy.files import write_file
from cosignpy.serving.settings_text import show_settings
from cosignpy.values import replace
from log_server.commands.arguments import DataOption, make_directory, read_settings, speaking_plainly
from log_server.config import FILE
from log_server.rotation import begin
from log_server.storage.lock import lock_directory


def init_command(
    data: DataOption,
    hostname: Annotated[
        str | None, typer.Option(help="The name in checkpoints: the host of the URL clients use.")
    ] = None,
) -> None:
    """Begin the logs of a data directory.

    Makes keys, shards, and a settings file with every default in it.
    """
    with speaking_plainly():
        make_directory(data)
        if (data / FILE).exists():
            raise UsageError(f"{data / FILE} is there already", "`serve` uses it; edit it, or choose another directory")
        settings = read_settings(data, None)
        settings = replace(settings, hostname=hostname) if hostname else settings
        with lock_directory(data):
            shards = [begin(data, kind, settings, settings.name) for kind in settings.served]
            write_file(data / FILE, show_settings(settings).encode())
    for shard in shards:
        typer.echo(f"{shard.kind}  {shard.directory}")
    typer.echo(f"settings  {data / FILE}")
