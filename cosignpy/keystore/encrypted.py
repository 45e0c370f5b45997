"""Opening cosign's encrypted private key, wherever its bytes came from."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosignpy.core.keys.encrypted_pem import EncryptedKey
    from cosignpy.core.keys.signatures import DigestSigner


def unlock(encrypted: "EncryptedKey", password: "Callable[[], bytes]") -> "DigestSigner":
    """Open a private key with a password.

    Raises:
        WrongPassword: The password is another.
        MalformedError: No PKCS#8 inside.
        KeyUnusable: A kind of key that cannot sign here.
    """
    derived = encrypted.derive(password())
    # Only now: while scrypt ran, another thread could import what signing needs.
    from cosignpy.core.keys.private import PrivateKey

    return PrivateKey.parse_pkcs8(encrypted.open(derived), what=encrypted.what)
