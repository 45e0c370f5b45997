"""`cosignpy registry serve`: an OCI registry of your own, for demos and tests."""

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosignpy.cli.invocation import CURRENT
from cosignpy.errors import FileError, UsageError
from cosignpy.serving.extra import explaining_absence

if TYPE_CHECKING:
    from cosignpy.localregistry.app import Authentication
    from cosignpy.serving.threaded import TlsFiles


class Auth(StrEnum):
    """How clients show who they are."""

    BASIC = "basic"
    BEARER = "bearer"


def serve(
    *,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="Keep content here; by default it is gone when the registry ends."),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port to listen at; 0 for any.")] = 5000,
    auth: Annotated[Auth | None, typer.Option("--auth", help="Ask clients for a password, or for a token.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="With --auth: the name of the one account.")] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="With --auth: its password is in this file.")
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="FILE", help="Serve HTTPS with this certificate chain (PEM).")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its private key (PEM).")] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="NAME[=VALUE]", help="Misbehave, for tests: rate-limit=3. Repeatable."),
    ] = None,
) -> None:
    """Serve an OCI registry until interrupted, whatever --timeout says; its address is printed first."""
    with explaining_absence("the registry's"):
        from cosignpy.localregistry import server
        from cosignpy.localregistry.faults import parse_faults
    authentication = _authentication(auth, user, password_file)
    options = server.RegistryOptions(
        directory, host, port, parse_faults(fault or ()), authentication, _tls(tls_cert, tls_key)
    )
    signal.setitimer(signal.ITIMER_REAL, 0)  # --timeout is for commands that wait for others
    server.serve(options, _announce)


def _announce(address: str) -> None:
    """Print at once, also into a pipe: whoever started us waits for it."""
    CURRENT.print(address)
    sys.stdout.flush()


def _authentication(auth: Auth | None, user: str | None, password_file: Path | None) -> "Authentication | None":
    from cosignpy.localregistry.auth.accounts import Account
    from cosignpy.localregistry.auth.basic import BasicAuth
    from cosignpy.localregistry.auth.bearer import BearerAuth

    if auth is None and user is None and password_file is None:
        return None
    if auth is None or user is None or password_file is None:
        raise UsageError("--auth, --user and --password-file belong together", "give all three, or none")
    try:
        password = password_file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(str(password_file), "cannot be read as a password") from error
    accounts = (Account(user, password),)
    return BasicAuth(accounts) if auth is Auth.BASIC else BearerAuth(accounts)


def _tls(certificate: Path | None, key: Path | None) -> "TlsFiles | None":
    from cosignpy.serving.threaded import TlsFiles

    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("--tls-cert and --tls-key belong together", "give both, or none")
    return TlsFiles(certificate, key)
