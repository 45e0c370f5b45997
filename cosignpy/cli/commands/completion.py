"""`cosignpy completion`."""

from enum import StrEnum
from typing import Annotated

import typer

from cosignpy.cli.invocation import CURRENT


class Shell(StrEnum):
    """Shells that can complete our commands and flags."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(show_default=False)]) -> None:
    """Print a completion script, to be sourced: `source <(cosignpy completion bash)`."""
    from typer._completion_shared import get_completion_script

    script = get_completion_script(prog_name="cosignpy", complete_var="_COSIGNPY_COMPLETE", shell=shell.value)
    CURRENT.print(script)
