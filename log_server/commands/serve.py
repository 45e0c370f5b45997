"""`serve`: run the logs of a data directory."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cosignpy.serving.request_log import configure_logging
from cosignpy.values import replace
from log_server.commands.arguments import ConfigOption, DataOption, make_directory, read_settings, speaking_plainly
from log_server.config import Settings
from log_server.log import LogKind
from log_server.supervisor import serve


def serve_command(
    data: DataOption,
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="The port; 0 takes any free one.")] = None,
    hostname: Annotated[
        str | None, typer.Option(help="The name in checkpoints: the host of the URL clients use.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=0, max=64, help="Processes that verify; 0: one does all.")] = None,
) -> None:
    """Serve the logs of a data directory.

    Logs that are not there yet are begun.
    """
    with speaking_plainly():
        make_directory(data)
        settings = _override(read_settings(data, config), host=host, port=port, hostname=hostname, workers=workers)
        configure_logging(settings.log_level)
        serve(data, settings, partial(_announce, data, settings))


def _override(settings: Settings, **given: object) -> Settings:
    """Let options beat the file."""
    return replace(settings, **{name: content for name, content in given.items() if content is not None})


def _announce(data: Path, settings: Settings, address: str, begun: Sequence[LogKind]) -> None:
    scheme = "https" if settings.tls else "http"
    logs = ", ".join(settings.served)
    new = f". Begun just now: {', '.join(begun)}" if begun else ""
    typer.echo(f"serving {logs} of {data} at {scheme}://{address} (Ctrl-C stops){new}", file=sys.stderr)
