"""Whether variables mean what whoever set them thinks: misspelled ones, and those that only cosign reads."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from cosignpy.operations.doctor.facts import Facts
from cosignpy.operations.doctor.findings import Check, Finding, ok, problem, warning

PREFIXES: Final = ("COSIGN_", "SIGSTORE_", "TUF_")
"""Whose variables are meant for us or for cosign."""

READ: Final = ok("variables-read")
IGNORED: Final = warning(
    "variable-ignored", "unset it: only cosign reads it; what it is for is said by flags here, see docs/commands.md"
)
UNKNOWN: Final = warning("variable-unknown", "correct the name, or unset it: cosignpy env lists those that are read")
PROXY: Final = problem("proxy-unusable", "write it as http://host:port, or unset the variable")


def check_environment(facts: Facts) -> Iterator[Finding]:
    """Look at variables by their names; values are of no interest here."""
    variables = facts.variables
    if variables.proxy_error is not None:
        yield PROXY(str(variables.proxy_error))
    ours = [name for name in variables.present if name.startswith(PREFIXES)]
    read = [name for name in ours if name in variables.known]
    yield READ(f"read: {', '.join(read)}" if read else "none of ours is set")
    for name in ours:
        if name in variables.ignored:
            yield IGNORED(f"{name} is set, and not read by this program")
        elif name not in variables.known:
            near = get_close_matches(name, sorted(variables.known), n=1)
            meant = f"; {near[0]} is" if near else ""
            yield UNKNOWN(f"{name} is set, and is no variable of this program{meant}")


ENVIRONMENT: Final = Check("environment", "Environment", (READ, IGNORED, UNKNOWN, PROXY), check_environment)
