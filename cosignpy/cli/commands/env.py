"""`cosignpy env`."""

import os
from typing import Annotated

import typer

from cosignpy.cli.environment import VARIABLES
from cosignpy.cli.flags import DataOutputFlag
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.core.encoding import encode_json

_HIDDEN = "******"


def env(
    show_descriptions: Annotated[
        bool, typer.Option("--show-descriptions/--no-show-descriptions", help="Say what each variable is for.")
    ] = True,
    show_sensitive_values: Annotated[
        bool, typer.Option("--show-sensitive-values/--no-show-sensitive-values", help="Print secrets too.")
    ] = False,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Print the environment variables that are read, besides the one that each flag has."""
    values = {
        variable.name: _HIDDEN if variable.sensitive and not show_sensitive_values else os.environ[variable.name]
        for variable in VARIABLES
        if variable.name in os.environ
    }
    if output is Output.JSON:
        CURRENT.print(encode_json({variable.name: values.get(variable.name) for variable in VARIABLES}).decode())
        return
    for variable in VARIABLES:
        if show_descriptions:
            CURRENT.print(f"# {variable.name} {variable.description}")
            CURRENT.print(f"# Expects: {variable.expects}")
        CURRENT.print(f"{variable.name}={values.get(variable.name, '')}")
