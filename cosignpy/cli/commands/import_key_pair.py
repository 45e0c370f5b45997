"""`cosignpy import-key-pair`."""

import secrets
from typing import Annotated

import typer

from cosignpy.cli.key_files import OverwriteFlag, pair_files, report_pair
from cosignpy.cli.prompts import Terminal


def import_key_pair(
    key: Annotated[
        str,
        typer.Option("--key", "-k", help="PEM file of the private key to import."),
    ],
    output_key_prefix: Annotated[
        str,
        typer.Option("--output-key-prefix", "-o", help="Write PREFIX.key and PREFIX.pub."),
    ] = "import-cosign",
    yes: OverwriteFlag = False,
) -> None:
    """Import a PEM private key (PKCS#1, PKCS#8 or SEC1, also encrypted) into cosign's format.

    The new file's password is COSIGN_PASSWORD, even if that is empty; else it is asked for, twice; else,
    without a terminal, it is read from standard input. A password of the imported file is always asked for.
    """
    from cosignpy.keystore.file import KeyFile
    from cosignpy.operations.generate_key_pair import PairPorts
    from cosignpy.operations.import_key_pair import ForeignKey
    from cosignpy.operations.import_key_pair import import_key_pair as import_pair

    terminal = Terminal.of_process()
    source = KeyFile.read(key)
    source.refuse_exposed()
    files = pair_files(output_key_prefix, terminal, overwrite=yes)
    foreign = ForeignKey(source.path, source.raw, terminal.foreign_password)
    import_pair(foreign, PairPorts(files, terminal.new_password, secrets.token_bytes))
    report_pair(files)
