"""The folder of one key and its certificate: which files it has, and what each of them has in it."""

from datetime import datetime
from pathlib import Path
from typing import Final

from ca_server.authority.profile import Role, show_time
from ca_server.authority.protocol import Chain, encode_chain
from ca_server.authority.rules import MAX_CHAIN
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.errors import CosignError, FileError, KeyUnusable, LimitExceeded
from cosignpy.files import PRIVATE, explain, sync_directory, write_file
from cosignpy.keystore.backend import Password
from cosignpy.keystore.reference import load_signer
from cosignpy.keystore.server_key import load_key_file, save_key_file
from cosignpy.values import value

CHAIN_FILE: Final = "chain.pem"
KEY_FILE: Final = "key.pem"
REFERENCE_FILE: Final = "key.ref"
REQUEST_FILE: Final = "request.pem"
RETIRED_FILE: Final = "retired"

MAX_FILE: Final = 64 << 10
"""Octets of any of these files: ten certificates of 4 kB in PEM, or one key with text around it."""


@value
class PairFolder:
    """The folder of one key and its certificate."""

    path: Path
    role: Role

    @property
    def number(self) -> str:
        """The name of the folder."""
        return self.path.name

    @property
    def chain_path(self) -> Path:
        """Where the chain is."""
        return self.path / CHAIN_FILE

    def read_chain(self) -> Chain:
        """Read the chain; an empty one where there is none yet.

        Raises:
            FileError: It cannot be read.
            MalformedError: It is not a file of PEM certificates, or has too many.
        """
        if not self.chain_path.exists():
            return ()
        return parse_chain_pem(read_limited(self.chain_path), most=MAX_CHAIN, what=str(self.chain_path))

    def save_chain(self, chain: Chain) -> None:
        """Store the chain: from now on the folder counts. All else in it is durable before.

        Raises:
            FileError: It cannot be written.
        """
        sync_directory(self.path)
        write_file(self.chain_path, "".join(encode_chain(chain)).encode())
        sync_directory(self.path)

    def save_key(self, key: PrivateKey, password: bytes) -> None:
        """Store the key.

        Raises:
            FileError: It cannot be written.
        """
        save_key_file(self.path / KEY_FILE, key, password)

    def save_reference(self, reference: str) -> None:
        """Store where the key is.

        Raises:
            FileError: It cannot be written.
        """
        write_file(self.path / REFERENCE_FILE, f"{reference}\n".encode(), PRIVATE)

    def read_reference(self) -> str:
        """Read where the key is; empty if it is to be in the folder itself.

        Raises:
            FileError: It cannot be read, or is not one line of text.
        """
        path = self.path / REFERENCE_FILE
        if not path.exists():
            return ""
        line = read_limited(path).decode("utf-8", "replace").strip()
        if not line or not line.isprintable():
            raise FileError(str(path), "not one line with a key reference")
        return line

    def load_signer(self, password: Password) -> Signer:
        """Load what signs: the key in the folder, or the one that the folder names.

        Raises:
            CosignError: There is none, or it cannot be used.
        """
        reference = self.read_reference()
        if not reference:
            return load_stored_key(self.path / KEY_FILE, password)
        try:
            return load_signer(reference, password)
        except CosignError as error:  # which names the key's place, and not the folder that it is for
            raise KeyUnusable(str(self.path / REFERENCE_FILE), str(error), error.hint) from error

    @property
    def retired(self) -> bool:
        """Whether clients are to be told of it no longer."""
        return (self.path / RETIRED_FILE).exists()

    def retire(self, now: datetime) -> None:
        """Say that clients are to be told of it no longer.

        Raises:
            FileError: It cannot be written.
        """
        write_file(self.path / RETIRED_FILE, f"{show_time(now)}\n".encode())
        sync_directory(self.path)


def load_stored_key(path: Path, password: Password) -> Signer:
    """Load a key that a ceremony stored.

    Raises:
        FileError: It is not there, cannot be read, or others can read it too.
        CosignError: It cannot be used.
    """
    if not path.exists():
        raise FileError(str(path), "the key is not there", hint="put it back from where it is kept")
    return load_key_file(str(path), password)


def read_single_certificate(path: Path) -> bytes:
    """Read a file of one certificate.

    Raises:
        FileError: It cannot be read.
        MalformedError: It is not one PEM certificate.
    """
    (certificate,) = parse_chain_pem(read_limited(path), most=1, what=str(path))
    return certificate


def read_limited(path: Path) -> bytes:
    """Read a small file.

    Raises:
        FileError: It cannot be read.
        LimitExceeded: It is larger than any file here.
    """
    with explain(path), path.open("rb") as file:
        raw = file.read(MAX_FILE + 1)
    if len(raw) > MAX_FILE:
        raise LimitExceeded(str(path), f"more than {MAX_FILE} bytes")
    return raw
