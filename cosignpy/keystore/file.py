"""Keys in files."""

import os
import stat
from typing import TYPE_CHECKING, Final

from cosignpy.core.keys.pem_file import MAX_KEY_FILE
from cosignpy.errors import FileError
from cosignpy.values import field, value

if TYPE_CHECKING:
    from cosignpy.core.keys.public import PublicKey
    from cosignpy.core.keys.signatures import DigestSigner
    from cosignpy.keystore.backend import KeyPorts, KeyReference, Password

_OTHERS: Final = stat.S_IROTH | stat.S_IWOTH

_MAKE: Final = "make a key pair with `cosignpy generate-key-pair`"
_NAME: Final = "name the public key of whoever signed: `cosignpy public-key --key cosign.key` prints a key pair's"


@value
class KeyFile:
    """The bytes of a key file, and who else may touch them. One byte over the limit is kept, for parsers to refuse."""

    path: str
    raw: bytes = field(repr=False)
    mode: int

    @classmethod
    def read(cls, path: str, hint: str = _MAKE) -> "KeyFile":
        """Read a key file; the hint is what to do where it is missing.

        Raises:
            FileError: It is missing, a directory, or not readable.
        """
        try:
            with open(path, "rb") as stream:  # noqa: PTH123 - fstat needs the open file, not its name
                return cls(path, stream.read(MAX_KEY_FILE + 1), os.fstat(stream.fileno()).st_mode)
        except IsADirectoryError as error:
            raise FileError(path, "is a directory, not a key file") from error
        except FileNotFoundError as error:
            raise FileError(path, "no such key file", hint=hint) from error
        except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
            why = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
            raise FileError(path, f"cannot read the key file: {why}") from error

    def refuse_exposed(self) -> None:
        """Refuse a private key that every user of the machine can read or replace, as ssh does.

        Group permissions are let pass: container platforms mount secrets that way.

        Raises:
            FileError: Others have access.
        """
        if stat.S_ISREG(self.mode) and self.mode & _OTHERS:
            raise FileError(
                self.path,
                f"a private key that others can read or write (mode {stat.S_IMODE(self.mode):04o})",
                hint=f"chmod 600 {self.path}",
            )


def load_public_key(reference: "KeyReference", _: "KeyPorts") -> "PublicKey":
    """Load a public key from its PEM file.

    Raises:
        FileError: The file cannot be read.
        KeyUnusable: It holds something else than a usable public key.
        MalformedError: It is broken.
    """
    from cosignpy.core.keys.public import PublicKey

    return PublicKey.parse_pem(KeyFile.read(reference.location, _NAME).raw, what=reference.text)


def load_signer(reference: "KeyReference", password: "Password", _: "KeyPorts") -> "DigestSigner":
    """Load a private key from cosign's encrypted PEM file.

    Raises:
        FileError: The file cannot be read, or others can read it too.
        KeyUnusable: It holds something else than a usable private key.
        WrongPassword: The password does not open it.
        MalformedError: It is broken.
    """
    # Imported here: who verifies opens no private key.
    from cosignpy.core.keys.encrypted_pem import parse_encrypted_pem
    from cosignpy.keystore.encrypted import unlock

    file = KeyFile.read(reference.location)
    encrypted = parse_encrypted_pem(file.raw, what=reference.text)
    file.refuse_exposed()
    return unlock(encrypted, password)
