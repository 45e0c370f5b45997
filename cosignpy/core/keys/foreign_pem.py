"""Private keys as other tools write them, for import: PKCS#1, SEC1 and PKCS#8, plain or encrypted.

Which bytes are acceptable is decided here by the label; the parsing itself is OpenSSL's, because an
import happens once, on a file of the user's own, and must read what OpenSSL wrote in thirty years.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cosignpy.core.keys.encrypted_pem import LABELS_READ as COSIGN_LABELS
from cosignpy.core.keys.pem_file import check_key_file
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import KeyUnusable, MalformedError, WrongPassword

_BLOCK: Final = re.compile(rb"-----BEGIN (?P<label>[A-Z0-9 ]{1,64})-----.*?-----END (?P=label)-----", re.DOTALL)
_BEGIN: Final = re.compile(rb"-----BEGIN (?P<label>[A-Z0-9 ]{1,64})-----")
_READ: Final = frozenset({"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"})
_IGNORED: Final = "EC PARAMETERS"  # `openssl ecparam -genkey` writes it before the key, which repeats the curve
_ENCRYPTED_PKCS8: Final = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
_ENCRYPTED_TRADITIONAL: Final = b"Proc-Type: 4,ENCRYPTED"  # RFC 1421 section 4.6.1.1

_REFUSED: Final[Mapping[str, tuple[str, str]]] = {
    "OPENSSH PRIVATE KEY": (
        "OpenSSH's own format is not read",
        "convert a copy of it in place: `ssh-keygen -p -m PKCS8 -f COPY` (Ed25519 needs OpenSSH 9.6 for that)",
    ),
    "PUBLIC KEY": ("it is a public key", "a public key needs no import: give it to --key when verifying"),
    "RSA PUBLIC KEY": ("it is a public key", "a public key needs no import: give it to --key when verifying"),
    "CERTIFICATE": ("it is a certificate", "import the private key that belongs to the certificate"),
    **dict.fromkeys(COSIGN_LABELS, ("it is in cosign's format already", "give it to --key when signing")),
}


def parse_foreign_pem(raw: bytes, password: Callable[[], bytes], *, what: str = "private key") -> PrivateKey:
    """Parse another tool's private key file; the password is only asked for where the file is encrypted.

    Raises:
        KeyUnusable: A file that is no private key, or a kind of key that cannot sign here.
        WrongPassword: The password does not open it.
        MalformedError: Not a PEM file of one key, or broken inside.
        LimitExceeded: Larger than any key file is.
    """
    check_key_file(raw, what=what)
    block = _select_block(raw, what)
    encrypted = block.startswith(_ENCRYPTED_PKCS8) or _ENCRYPTED_TRADITIONAL in block
    secret = password() if encrypted else None
    try:
        handle = load_pem_private_key(block, secret)
    except (UnsupportedAlgorithm, ValueError, TypeError) as error:
        raise _import_failure(error, secret, what) from error
    return PrivateKey.from_handle(handle, what=what)


def _select_block(raw: bytes, what: str) -> bytes:
    """Return the one block that is a private key, with a newline at its end."""
    labels = [match["label"].decode("ascii") for match in _BEGIN.finditer(raw)]
    wanted = [label for label in labels if label != _IGNORED]
    if len(wanted) != 1:
        raise MalformedError(what, "more than one PEM block" if wanted else "no PEM block")
    label = wanted[0]
    if label in _REFUSED:
        why, hint = _REFUSED[label]
        raise KeyUnusable(what, why, hint=hint)
    if label not in _READ:
        raise MalformedError(what, f"a PEM block {label!r} is not a private key")
    for match in _BLOCK.finditer(raw):
        if match["label"].decode("ascii") == label:
            return match[0] + b"\n"
    raise MalformedError(what, "truncated: the PEM block does not end")


def _import_failure(error: Exception, secret: bytes | None, what: str) -> KeyUnusable | MalformedError:
    if isinstance(error, UnsupportedAlgorithm):
        return KeyUnusable(what, "a kind of key, or of encryption, that is not supported")
    if secret is None:
        return MalformedError(what, "not a private key")
    return WrongPassword(what, "wrong password, or the file is damaged")
