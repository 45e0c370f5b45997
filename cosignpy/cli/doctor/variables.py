"""Which variables mean something: to this program, or to cosign alone."""

from collections.abc import Iterator, Mapping
from typing import Final

from cosignpy.cli.app import build_command
from cosignpy.cli.command_table import COMMANDS, Command, Group
from cosignpy.cli.configuration import CONTEXT_VARIABLE, FILE_VARIABLE
from cosignpy.cli.environment import VARIABLES

ONLY_COSIGN: Final = frozenset(
    {
        "COSIGN_EXPERIMENTAL",
        "COSIGN_PKCS11_IGNORE_CERTIFICATE",
        "COSIGN_PKCS11_MODULE_PATH",
        "COSIGN_PKCS11_PIN",
        "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
        "SIGSTORE_REKOR_PUBLIC_KEY",
        "SIGSTORE_ROOT_FILE",
        "SIGSTORE_TSA_CERTIFICATE_FILE",
    }
)
"""What `cosign env` of 2.6.5 and 3.1.3 list besides, among the names that begin as ours do."""


def known_variables() -> frozenset[str]:
    """Return the names that this program reads: those of the list, and one of each flag of each command."""
    listed = {variable.name for variable in VARIABLES} | {CONTEXT_VARIABLE, FILE_VARIABLE}
    return frozenset(listed.union(_of_flags(COMMANDS)))


def _of_flags(table: Mapping[str, Command | Group]) -> Iterator[str]:
    for name, entry in table.items():
        if isinstance(entry, Group):
            yield from _of_flags(entry.commands)
            continue
        for parameter in build_command(name, entry).params:
            variables = parameter.envvar or ()
            yield from (variables,) if isinstance(variables, str) else variables
