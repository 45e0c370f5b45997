"""`cosignpy version`."""

import platform
from typing import Annotated

import typer

from cosignpy.cli.flags import DataOutputFlag
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.core.encoding import encode_json
from cosignpy.version import VERSION


def version(
    as_json: Annotated[bool, typer.Option("--json", help="The same as --output json.")] = False,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Print the version, under the names that `cosign version` uses."""
    system = f"{platform.system().lower()}/{platform.machine()}"
    facts = {
        "gitVersion": f"v{VERSION}",
        "gitCommit": "unknown",
        "gitTreeState": "unknown",
        "buildDate": "unknown",
        "goVersion": "none",
        "compiler": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": system,
    }
    if as_json or output is Output.JSON:
        CURRENT.print(encode_json(dict(facts)).decode())
        return
    CURRENT.print("cosignpy: sign and verify container images")
    for name, value in facts.items():
        CURRENT.print(f"{name[0].upper() + name[1:] + ':':<15}{value}")
