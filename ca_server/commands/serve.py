"""`serve`: run the authority of a data directory."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ca_server.commands.arguments import ConfigOption, DataOption, read_settings, speaking_plainly
from ca_server.config import Settings
from ca_server.supervisor import serve
from cosignpy.errors import FileError
from cosignpy.serving.request_log import configure_logging
from cosignpy.values import replace


def serve_command(
    data: DataOption,
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="The port; 0 takes any free one.")] = None,
    workers: Annotated[int | None, typer.Option(min=0, max=64, help="Processes that issue; 0: one does all.")] = None,
) -> None:
    """Serve certificates and timestamps.

    `init` makes the authority first.
    """
    with speaking_plainly():
        if not data.is_dir():
            raise FileError(str(data), "there is no such data directory", hint="`init` makes one")
        settings = _override(read_settings(data, config), host=host, port=port, workers=workers)
        configure_logging(settings.log_level)
        serve(data, settings, lambda address: _announce(data, settings, address))


def _override(settings: Settings, **given: object) -> Settings:
    """Let options beat the file."""
    return replace(settings, **{name: content for name, content in given.items() if content is not None})


def _announce(data: Path, settings: Settings, address: str) -> None:
    scheme = "https" if settings.tls else "http"
    what = "certificates and timestamps" if settings.timestamps.serve else "certificates"
    typer.echo(f"serving {what} of {data} at {scheme}://{address} (Ctrl-C stops)", file=sys.stderr)
