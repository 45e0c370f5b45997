"""The key of a server: a file that it made, or that was put there for it, and a password out of its environment.

With a password the file is cosign's encrypted form, without one plain PKCS#8. Either is read, and a PEM file of another
tool too, as long as its mode keeps others from it.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.encrypted_pem import LABELS_READ, NONCE_SIZE, SALT_SIZE, parse_encrypted_pem, seal_pkcs8
from cosignpy.errors import UsageError, WrongPassword
from cosignpy.files import PRIVATE, write_file
from cosignpy.keystore.encrypted import unlock
from cosignpy.keystore.file import KeyFile

if TYPE_CHECKING:
    from cosignpy.core.keys.private import PrivateKey
    from cosignpy.core.keys.signatures import Signer
    from cosignpy.keystore.backend import Password

PASSWORD_VARIABLE: Final = "COSIGN_PASSWORD"  # noqa: S105 # the variable's name, as for cosign's keys


def given_password() -> bytes | None:
    """Return the password in the environment, None where there is none."""
    return os.environb.get(PASSWORD_VARIABLE.encode())


def environment_password() -> bytes:
    """Return the password of key files, for `Password`; a server asks no terminal.

    Raises:
        UsageError: It is not set.
    """
    found = given_password()
    if found is None:
        raise UsageError("the server's key is encrypted", f"set {PASSWORD_VARIABLE} to its password")
    return found


def save_key_file(path: Path, key: "PrivateKey", password: bytes | None) -> None:
    """Store a key, encrypted where there is a password that is not empty, readable for its owner alone.

    Raises:
        FileError: It cannot be written.
    """
    if password:
        sealed = seal_pkcs8(key.encode_pkcs8(), password, salt=os.urandom(SALT_SIZE), nonce=os.urandom(NONCE_SIZE))
        pem = sealed.encode()
    else:
        pem = PemBlock("PRIVATE KEY", key.encode_pkcs8()).encode()
    write_file(path, pem, PRIVATE)


def load_key_file(path: str, password: "Password") -> "Signer":
    """Load a key that `save_key_file` stored, or another that lies in a file of mode 0600.

    Raises:
        CosignError: It cannot be read, others can read it, or the password does not open it.
    """
    from cosignpy.core.keys.foreign_pem import parse_foreign_pem

    file = KeyFile.read(path)
    file.refuse_exposed()
    try:
        if any(label.encode() in file.raw for label in LABELS_READ):
            return unlock(parse_encrypted_pem(file.raw, what=path), password)
        return parse_foreign_pem(file.raw, password, what=path)
    except WrongPassword as error:
        raise WrongPassword(path, error.why, f"set {PASSWORD_VARIABLE} to the password of this key") from error
