"""Keys in environment variables: `env://NAME` means the PEM text in NAME."""

import os
from typing import TYPE_CHECKING

from cosignpy.core.keys.encrypted_pem import parse_encrypted_pem
from cosignpy.errors import UsageError
from cosignpy.keystore.encrypted import unlock

if TYPE_CHECKING:
    from cosignpy.core.keys.public import PublicKey
    from cosignpy.core.keys.signatures import DigestSigner
    from cosignpy.keystore.backend import KeyPorts, KeyReference, Password


def load_public_key(reference: "KeyReference", ports: "KeyPorts") -> "PublicKey":
    """Load a public key from the PEM text in a variable.

    Raises:
        UsageError: The variable is not set, or not named.
        KeyUnusable: It holds something else than a usable public key.
        MalformedError: It is broken.
    """
    from cosignpy.core.keys.public import PublicKey

    return PublicKey.parse_pem(_read(reference, ports), what=reference.text)


def load_signer(reference: "KeyReference", password: "Password", ports: "KeyPorts") -> "DigestSigner":
    """Load a private key from the encrypted PEM text in a variable.

    Raises:
        UsageError: The variable is not set, or not named.
        KeyUnusable: It holds something else than a usable private key.
        WrongPassword: The password does not open it.
        MalformedError: It is broken.
    """
    return unlock(parse_encrypted_pem(_read(reference, ports), what=reference.text), password)


def _read(reference: "KeyReference", ports: "KeyPorts") -> bytes:
    name = reference.location
    if not name:
        raise UsageError("env:// names no environment variable", hint="write env://NAME")
    value = ports.environment.get(name)
    if value is None:
        raise UsageError(
            f"the environment variable {name} is not set", hint=f"env://{name} reads the key's PEM text from it"
        )
    return os.fsencode(value)
