"""`cosignpy login`."""

import os
import sys
from dataclasses import replace
from typing import Annotated, Final

import typer

from cosignpy.cli import wiring
from cosignpy.cli.flags import RegistryFlags
from cosignpy.cli.invocation import CURRENT
from cosignpy.core.oci.reference import parse_registry
from cosignpy.errors import LimitExceeded, UsageError
from cosignpy.registry.credential_store import CredentialStore
from cosignpy.registry.credentials import BasicCredential
from cosignpy.registry.login import LoginProof, verify_login

MAX_PASSWORD: Final = 64 * 1024
"""Characters on stdin; cloud registries have tokens of some 3,000 as passwords."""

RegistryArgument = Annotated[str, typer.Argument(metavar="REGISTRY", show_default=False, help="host[:port]")]


def login(
    registry: RegistryArgument,
    flags: RegistryFlags,
    username: Annotated[str | None, typer.Option("--username", "-u", show_default=False)] = None,
    # COSIGN_PASSWORD, the variable this flag would have, is the password of the private key: no registry may get that.
    password: Annotated[str | None, typer.Option("--password", "-p", envvar=[], show_default=False)] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
) -> None:
    """Log in to a registry.

    The credentials are tried first, then kept where Docker keeps them: in the credential helper that
    config.json names, else in config.json itself.
    """
    host = parse_registry(registry)
    credential = _read_credential(username or flags.registry_username, password, password_stdin)
    options = replace(wiring.registry_options(flags), username=credential.username, password=credential.password)
    proof = verify_login(host, options)
    place = CredentialStore.of(os.environ).save(host, credential)
    if proof is LoginProof.NOT_ASKED:
        CURRENT.warn(f"{registry} did not ask for credentials: they are stored without having been checked")
    CURRENT.say(f"Logged in to {registry}; the credentials are in {place}.")


def _read_credential(username: str | None, password: str | None, password_stdin: bool) -> BasicCredential:
    if password_stdin and password is not None:
        raise UsageError("--password and --password-stdin exclude each other")
    user = username or _ask("Username: ", "no username", "pass --username")
    if password_stdin:
        secret = _read_stdin()
    elif password is not None:
        CURRENT.warn("a password on the command line is seen by others on this machine; use --password-stdin")
        secret = password
    else:
        secret = _ask_secret()
    if not secret:
        raise UsageError("the password is empty")
    return BasicCredential(user, secret)


def _read_stdin() -> str:
    text = sys.stdin.read(MAX_PASSWORD + 1)
    if len(text) > MAX_PASSWORD:
        raise LimitExceeded("password", f"at most {MAX_PASSWORD} characters are accepted")
    return text.removesuffix("\n").removesuffix("\r")


def _ask(prompt: str, problem: str, hint: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError(problem, hint=hint)
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _ask_secret() -> str:
    if not sys.stdin.isatty():
        raise UsageError("no password", hint="pass --password-stdin and the password on stdin")
    from getpass import getpass

    return getpass("Password: ")
