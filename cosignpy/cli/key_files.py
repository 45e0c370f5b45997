"""What the commands that write key files share: consent to overwrite, and what is said afterwards."""

from typing import Annotated

import typer

from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.prompts import Terminal
from cosignpy.errors import FileError
from cosignpy.keystore.pair_files import Consent, PairFiles

OverwriteFlag = Annotated[
    bool,
    # Not bound to COSIGN_YES, which pipelines set for all of their commands: no key is lost by a variable.
    typer.Option("--yes", "-y", envvar=[], help="Overwrite existing files without asking."),
]


def consent_to_overwrite(terminal: Terminal, *, overwrite: bool) -> Consent:
    """Return what decides whether an existing file may be overwritten: --yes, or a person."""

    def consent(path: str) -> None:
        if not overwrite:
            refused = FileError(path, "exists already", hint="overwrite it with --yes, or choose another name")
            terminal.confirm(f"{path} exists already. Overwrite it?", refused)

    return consent


def pair_files(prefix: str, terminal: Terminal, *, overwrite: bool) -> PairFiles:
    """Return the place for a key pair under a prefix."""
    return PairFiles.with_prefix(prefix, consent_to_overwrite(terminal, overwrite=overwrite))


def report_pair(files: PairFiles) -> None:
    """Say where the pair is, in cosign's words, which scripts look for."""
    CURRENT.say(f"Private key written to {files.private.path}")
    CURRENT.say(f"Public key written to {files.public.path}")
