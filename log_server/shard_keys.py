"""A shard's signing key: made for it, kept beside it, and loaded once for all processes of the server.

With a password the file is cosign's encrypted form. Without one it is plain PKCS#8, mode 0600, as host keys
of other servers are: an empty password would cost 150 ms of scrypt at each start and protect nothing.
"""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.encrypted_pem import LABELS_READ, parse_encrypted_pem, seal_pkcs8
from cosignpy.core.keys.foreign_pem import parse_foreign_pem
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.errors import KeyUnusable, UsageError, WrongPassword
from cosignpy.files import write_file
from cosignpy.keystore.backend import Password
from cosignpy.keystore.encrypted import unlock
from cosignpy.keystore.file import KeyFile
from cosignpy.keystore.reference import load_signer
from log_server.shard_files import ShardFiles

PASSWORD_VARIABLE: Final = "COSIGN_PASSWORD"  # noqa: S105 # the variable's name, as for cosign's keys
KEY_FILE: Final = "key.pem"

_LOG: Final = logging.getLogger(__name__)

_PRIVATE: Final = 0o600


def environment_password() -> bytes:
    """Return the password of key files, for `Password`; a server asks no terminal.

    Raises:
        UsageError: It is not set.
    """
    found = os.environb.get(PASSWORD_VARIABLE.encode())
    if found is None:
        raise UsageError("the log's key is encrypted", f"set {PASSWORD_VARIABLE} to its password")
    return found


def make_key(directory: Path, algorithm: Algorithm) -> PrivateKey:
    """Make a shard's key and store it, encrypted if a password is set.

    Raises:
        FileError: It cannot be written.
    """
    key = PrivateKey.generate(algorithm)
    password = os.environb.get(PASSWORD_VARIABLE.encode())
    if password:
        pem = seal_pkcs8(key.encode_pkcs8(), password, salt=os.urandom(32), nonce=os.urandom(24)).encode()
    else:
        pem = PemBlock("PRIVATE KEY", key.encode_pkcs8()).encode()
    write_file(directory / KEY_FILE, pem, _PRIVATE)
    return key


def load_key(shard: ShardFiles, reference: str, password: Password) -> Signer:
    """Load a shard's key from a key reference, or from beside the shard if that is empty.

    Raises:
        KeyUnusable: It is the key of another log.
        CosignError: It cannot be loaded.
    """
    place = reference or str(shard.directory / KEY_FILE)
    signer = load_signer(place, password) if reference else load_key_file(place, password)
    if signer.public_key != shard.public_key:
        raise KeyUnusable(place, f"it is the key of another log than {shard.directory}")
    return signer


def load_former_keys(shards: Sequence[ShardFiles], password: Password) -> tuple[Signer, ...]:
    """Load the keys of frozen shards, as far as they still lie beside them.

    Raises:
        KeyUnusable: One is the key of another log.
        CosignError: One cannot be loaded.
    """
    kept = [shard for shard in shards if (shard.directory / KEY_FILE).exists()]
    for shard in shards:
        if shard not in kept:
            _LOG.warning("%s has no %s: its entries are shown without a promise", shard.directory, KEY_FILE)
    return tuple(load_key(shard, "", password) for shard in kept)


def load_key_file(path: str, password: Password) -> Signer:
    """Load a key that `make_key` stored, or another that lies in a file of mode 0600.

    Raises:
        CosignError: It cannot be read, others can read it, or the password does not open it.
    """
    file = KeyFile.read(path)
    file.refuse_exposed()
    if any(label.encode() in file.raw for label in LABELS_READ):
        try:
            return unlock(parse_encrypted_pem(file.raw, what=path), password)
        except WrongPassword as error:
            raise WrongPassword(path, error.why, f"set {PASSWORD_VARIABLE} to the password of this key") from error
    return parse_foreign_pem(file.raw, password, what=path)
