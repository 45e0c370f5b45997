"""`token`: what scripts use instead of a browser."""

import time
from typing import Annotated

import typer

from cosignpy.errors import UsageError
from cosignpy.stack.devidp.clients import SIGSTORE
from cosignpy.stack.devidp.commands.arguments import DirectoryOption, speaking_plainly
from cosignpy.stack.devidp.identity import Identity, parse_claim, parse_email
from cosignpy.stack.devidp.key_ring import load_issuer, open_ring
from cosignpy.stack.devidp.minting import Minter
from cosignpy.stack.devidp.server import MAX_TOKEN_SECONDS, TOKEN_SECONDS


def token_command(
    directory: DirectoryOption,
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="Whom the token is about.")] = "",
    subject: Annotated[str, typer.Option(metavar="TEXT", help="Its subject; by default made of the address.")] = "",
    audience: Annotated[str, typer.Option(metavar="TEXT", help="Whom the token is for.")] = SIGSTORE,
    claim: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=JSON", help="Another claim, or another value for a usual one. Repeatable."),
    ] = None,
    issuer: Annotated[
        str, typer.Option(metavar="URL", help="The issuer; by default the one under which `serve` was last known.")
    ] = "",
    seconds: Annotated[int, typer.Option(min=1, max=MAX_TOKEN_SECONDS, help="How long it lives.")] = TOKEN_SECONDS,
) -> None:
    """Print a token, signed with the keys of a directory, without a line break behind it.

    Whoever can read the keys can be anybody, so nothing else is asked.
    """
    with speaking_plainly():
        if not email and not subject:
            raise UsageError("a token is about somebody", "name an --email, a --subject, or both")
        claims = dict(parse_claim(text) for text in claim or ())
        identity = Identity(parse_email(email) if email else "", subject, claims)
        minter = Minter(issuer or load_issuer(directory), open_ring(directory, time.time), time.time, seconds)
        # cosign sends a token file as it is: a line break would be an error there.
        typer.echo(minter.mint(audience, identity.encode_claims()), nl=False)
