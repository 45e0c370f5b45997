"""`serve`: run the issuer."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cosignpy.errors import UsageError
from cosignpy.files import explain
from cosignpy.serving.request_log import LogLevel, configure_logging
from cosignpy.stack.devidp.clients import ServiceAccount
from cosignpy.stack.devidp.commands.arguments import speaking_plainly
from cosignpy.stack.devidp.pages import WARNING
from cosignpy.stack.devidp.server import (
    DEFAULT_PORT,
    MAX_TOKEN_SECONDS,
    TOKEN_SECONDS,
    DevIdpOptions,
    ExposedUnsafe,
    serve,
)
from cosignpy.stack.devidp.signing_keys import TokenAlgorithm


def serve_command(
    directory: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="Keep the keys here; by default they are gone with the issuer."),
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port; 0 takes any free one.")] = DEFAULT_PORT,
    issuer: Annotated[
        str, typer.Option(metavar="URL", help="The issuer's name, if clients know it by another address.")
    ] = "",
    algorithm: Annotated[
        TokenAlgorithm, typer.Option(help="How a key that is made now signs. `cosign --identity-token` wants RS256.")
    ] = TokenAlgorithm.RS256,
    service_account: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="A client with the secret in this file, for machines. Repeatable."),
    ] = None,
    token_seconds: Annotated[
        int, typer.Option(min=1, max=MAX_TOKEN_SECONDS, help="How long tokens live.")
    ] = TOKEN_SECONDS,
    exposed_unsafe: Annotated[
        str,
        typer.Option(metavar="REASON", help="Listen where other machines can reach it, all of which can be anybody."),
    ] = "",
    log_level: Annotated[LogLevel, typer.Option(help="How much is logged.")] = LogLevel.INFO,
) -> None:
    """Serve a development OIDC issuer until interrupted.

    Anybody who reaches it can sign in as anybody.
    """
    with speaking_plainly():
        options = DevIdpOptions(
            directory=directory,
            host=host,
            port=port,
            url=issuer,
            algorithm=algorithm,
            service_accounts=tuple(_read_account(text) for text in service_account or ()),
            token_seconds=token_seconds,
            exposed=ExposedUnsafe(exposed_unsafe) if exposed_unsafe else None,
        )
        configure_logging(log_level)
        serve(options, _announce)


def _announce(url: str) -> None:
    typer.echo(f"serving the issuer {url} (Ctrl-C stops). {WARNING}.", file=sys.stderr)


def _read_account(text: str) -> ServiceAccount:
    """Read a service account and its secret.

    Raises:
        FileError: The file with the secret cannot be read.
        UsageError: There is no file, or nothing in it.
    """
    name, _, file = text.partition("=")
    if not file:
        raise UsageError(f"--service-account {text} names no file", "write NAME=FILE; the secret is in the file")
    path = Path(file)
    with explain(path):
        secret = path.read_bytes()
    return ServiceAccount(name, secret.decode("utf-8", "replace").strip())
