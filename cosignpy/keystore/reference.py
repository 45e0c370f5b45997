"""`--key` references: which place a key is in, and loading it from there.

A new scheme is one module with the functions of `KeyBackend`, one function that imports it, and one
row in `BACKENDS`.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from cosignpy.errors import UsageError
from cosignpy.keystore.backend import KeyBackend, KeyPorts, KeyReference, Password
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.core.keys.public import PublicKey
    from cosignpy.core.keys.signatures import DigestSigner

_SCHEME: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<location>.*)", re.DOTALL)


def parse_reference(text: str) -> KeyReference:
    """Parse a reference of a known scheme.

    Raises:
        UsageError: Empty, or a scheme that nobody here knows; the hint lists those that are.
    """
    if not text:
        raise UsageError("the key reference is empty", hint=_known())
    match = _SCHEME.fullmatch(text)
    if match is None:
        return KeyReference("", text, text)
    scheme = match["scheme"].lower()
    if scheme not in BACKENDS:
        raise UsageError(f"unknown key reference scheme {scheme}://", hint=_known())
    return KeyReference(scheme, match["location"], text)


def load_public_key(reference: str, ports: KeyPorts | None = None) -> "PublicKey":
    """Load the public key that a `--key` of a verifying command names.

    Args:
        reference: A path, `env://VARIABLE`, or `https://...`.
        ports: How web addresses are fetched, and from which environment variables are read; by default, this process's.

    Raises:
        UsageError: An unknown scheme, or one that is used wrongly.
        KeyUnusable: Something else than a usable public key is there; the hint says what to do.
        MalformedError: It is broken.
        FileError: The file cannot be read.
        RemoteError: It could not be fetched.
    """
    parsed = parse_reference(reference)
    return BACKENDS[parsed.scheme].load().load_public_key(parsed, ports or KeyPorts())


def load_signer(reference: str, password: Password, ports: KeyPorts | None = None) -> "DigestSigner":
    """Load what signs with the private key that a `--key` of a signing command names.

    Takes 150 ms for an encrypted file, nearly all of it in scrypt, which lets other threads run: call it
    in one while the rest of the program gets ready.

    Args:
        reference: A path, or `env://VARIABLE`.
        password: Returns the password as bytes; called only where there is one to give.
        ports: From which environment variables are read; by default, this process's.

    Raises:
        UsageError: An unknown scheme, or one that holds public keys only.
        KeyUnusable: Something else than a usable private key is there; the hint says what to do.
        WrongPassword: The password does not open it.
        MalformedError: It is broken.
        FileError: The file cannot be read, or everybody else can read it too.
    """
    parsed = parse_reference(reference)
    return BACKENDS[parsed.scheme].load().load_signer(parsed, password, ports or KeyPorts())


def _load_file() -> KeyBackend:
    from cosignpy.keystore import file

    return file


def _load_environment() -> KeyBackend:
    from cosignpy.keystore import environment

    return environment


def _load_web() -> KeyBackend:
    from cosignpy.keystore import web

    return web


@value
class Backend:
    """One row of the table: how its references look to people, and its module, imported when it is used."""

    example: str
    load: Callable[[], KeyBackend]


BACKENDS: Final[Mapping[str, Backend]] = {
    "": Backend("a path", _load_file),
    "env": Backend("env://VARIABLE", _load_environment),
    "https": Backend("https://HOST/PATH (public keys)", _load_web),
    "http": Backend("http://localhost/PATH (public keys)", _load_web),
}
"""Every place a key can be in, by scheme."""


def _known() -> str:
    return "a key is given as " + ", ".join(backend.example for backend in BACKENDS.values())
