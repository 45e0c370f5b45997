"""`cosignpy generate-key-pair`."""

import secrets
from typing import Annotated

import typer

from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.key_files import OverwriteFlag, pair_files, report_pair
from cosignpy.cli.prompts import Terminal


def generate_key_pair(
    output_key_prefix: Annotated[
        str,
        typer.Option("--output-key-prefix", help="Write PREFIX.key and PREFIX.pub."),
    ] = "cosign",
    algorithm: Annotated[
        str,
        typer.Option(
            "--algorithm",
            help="P-256, P-384, P-521, Ed25519, RSA-2048, RSA-3072, RSA-4096 or ML-DSA-65 "
            "(experimental: cosign cannot verify it yet), or a name of Sigstore's algorithm registry.",
        ),
    ] = "P-256",
    yes: OverwriteFlag = False,
) -> None:
    """Generate a key pair; the private key is locked with a password.

    The password is COSIGN_PASSWORD, even if that is empty; else it is asked for, twice; else, without a
    terminal, it is read from standard input.
    """
    from cosignpy.core.keys.algorithms import select_algorithm
    from cosignpy.operations.generate_key_pair import PairPorts
    from cosignpy.operations.generate_key_pair import generate_key_pair as generate

    chosen = select_algorithm(algorithm)
    terminal = Terminal.of_process()
    files = pair_files(output_key_prefix, terminal, overwrite=yes)
    if chosen.experimental:
        CURRENT.warn(f"{chosen.key} is experimental: other tools, cosign among them, cannot verify it")
    generate(chosen, PairPorts(files, terminal.new_password, secrets.token_bytes))
    report_pair(files)
