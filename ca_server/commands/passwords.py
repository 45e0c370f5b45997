"""The passwords of keys: from the environment, or from whoever sits at the terminal."""

import getpass
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from ca_server.authority.ceremony import NewPasswords
from cosignpy.errors import UsageError
from cosignpy.keystore.backend import Password
from cosignpy.keystore.server_key import PASSWORD_VARIABLE
from cosignpy.values import field, value

ROOT_VARIABLE: Final = "COSIGN_ROOT_PASSWORD"  # the variable's name
"""The password of the root's key, where it is another: the server never needs it."""

_SERVER_KEYS: Final = "the server's keys"
_ROOT_KEY: Final = "the root's key"


def on_terminal() -> bool:
    """Tell whether somebody can be asked."""
    return sys.stdin.isatty()


@value
class PasswordPorts:
    """Where passwords come from."""

    environment: Mapping[bytes, bytes] = field(default_factory=lambda: os.environb, repr=False)
    interactive: Callable[[], bool] = on_terminal
    ask: Callable[[str], str] = getpass.getpass


def new_passwords(ports: PasswordPorts) -> NewPasswords:
    """Return what new keys are to be locked with: from the environment, or typed twice.

    Raises:
        UsageError: There is none, it is empty, or what was typed differs.
    """
    server = new_server_password(ports)
    given = _given(ports, ROOT_VARIABLE)
    if given is None and _given(ports, PASSWORD_VARIABLE) is None:
        return NewPasswords(_typed_twice(ports, _ROOT_KEY), server)
    return NewPasswords(_not_empty(server if given is None else given), server)


def new_server_password(ports: PasswordPorts) -> bytes:
    """Return what a new key of the server is to be locked with: what the server will find in its environment.

    Raises:
        UsageError: There is none, it is empty, or what was typed differs.
    """
    given = _given(ports, PASSWORD_VARIABLE)
    return _typed_twice(ports, _SERVER_KEYS) if given is None else _not_empty(given)


def root_password(ports: PasswordPorts) -> Password:
    """Return what asks for the password of the root's key, once it is needed."""
    return partial(_known, ports, _ROOT_KEY, (ROOT_VARIABLE, PASSWORD_VARIABLE))


def server_password(ports: PasswordPorts) -> Password:
    """Return what asks for the password of a key of the server, once it is needed."""
    return partial(_known, ports, _SERVER_KEYS, (PASSWORD_VARIABLE,))


def _known(ports: PasswordPorts, what: str, variables: tuple[str, ...]) -> bytes:
    for variable in variables:
        given = _given(ports, variable)
        if given is not None:
            return given
    return _typed(ports, f"Password of {what}: ", what)


def _given(ports: PasswordPorts, variable: str) -> bytes | None:
    return ports.environment.get(variable.encode())


def _typed_twice(ports: PasswordPorts, what: str) -> bytes:
    password = _typed(ports, f"New password of {what}: ", what)
    if password != _typed(ports, "The same again: ", what):
        raise UsageError(f"the two passwords of {what} differ", "try once more")
    return _not_empty(password)


def _typed(ports: PasswordPorts, prompt: str, what: str) -> bytes:
    if not ports.interactive():
        variable = ROOT_VARIABLE if what == _ROOT_KEY else PASSWORD_VARIABLE
        raise UsageError(
            f"there is no password of {what}, and no terminal to ask on", f"set {variable} to the password"
        )
    try:
        return ports.ask(prompt).encode("utf-8", "surrogateescape")
    except EOFError as error:
        raise UsageError("no password was typed") from error


def _not_empty(password: bytes) -> bytes:
    if not password:
        raise UsageError("the password is empty", f"an authority's keys are locked; set {PASSWORD_VARIABLE}")
    return password
