"""`rotate`: another key."""

import time
from typing import Annotated

import typer

from cosignpy.stack.devidp.commands.arguments import DirectoryOption, speaking_plainly
from cosignpy.stack.devidp.key_ring import RETIRED_SECONDS, open_ring
from cosignpy.stack.devidp.signing_keys import TokenAlgorithm


def rotate_command(
    directory: DirectoryOption,
    algorithm: Annotated[
        TokenAlgorithm | None, typer.Option(help="How it signs; by default as the one before.")
    ] = None,
) -> None:
    """Make another key sign, also for an issuer that is running.

    The one before stays among the published keys for an hour.
    """
    with speaking_plainly():
        key = open_ring(directory, time.time).rotate(algorithm)
    typer.echo(f"key {key.key_id} signs now, by {key.algorithm}")
    typer.echo(f"the one before it can be verified for {RETIRED_SECONDS / 60:g} more minutes")
