"""`cosignpy public-key`."""

from typing import Annotated

import typer

from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.key_files import OverwriteFlag, consent_to_overwrite
from cosignpy.cli.prompts import Terminal


def public_key(
    key: Annotated[str, typer.Option("--key", help="Private key: a path or env://VARIABLE.")],
    outfile: Annotated[str, typer.Option("--outfile", help="Write to this file instead of to stdout.")] = "",
    yes: OverwriteFlag = False,
) -> None:
    """Print the public key that belongs to a private key, as PEM."""
    from cosignpy.keystore.pair_files import save_public_key
    from cosignpy.keystore.reference import load_signer

    terminal = Terminal.of_process()
    pem = load_signer(key, terminal.password).public_key.encode_pem()
    if not outfile:
        CURRENT.print(pem.decode("ascii").rstrip())
        return
    save_public_key(outfile, pem, consent_to_overwrite(terminal, overwrite=yes))
    CURRENT.say(f"Public key written to {outfile}")
