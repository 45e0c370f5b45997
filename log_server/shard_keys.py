"""A shard's signing key: made for it, kept beside it, and loaded once for all processes of the server.

With a password the file is cosign's encrypted form. Without one it is plain PKCS#8, mode 0600, as host keys
of other servers are: an empty password would cost 150 ms of scrypt at each start and protect nothing.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.errors import KeyUnusable
from cosignpy.keystore.backend import Password
from cosignpy.keystore.reference import load_signer
from cosignpy.keystore.server_key import given_password, load_key_file, save_key_file
from log_server.shard_files import ShardFiles

KEY_FILE: Final = "key.pem"

_LOG: Final = logging.getLogger(__name__)


def make_key(directory: Path, algorithm: Algorithm) -> PrivateKey:
    """Make a shard's key and store it, encrypted if a password is set.

    Raises:
        FileError: It cannot be written.
    """
    key = PrivateKey.generate(algorithm)
    save_key_file(directory / KEY_FILE, key, given_password())
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
