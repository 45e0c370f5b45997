"""The values that pass between the faces and the engine.

They are `msgspec` structures where one is made for each entry: they cost a tenth of a value.
"""

from hashlib import sha256
from typing import Final

import msgspec

from cosignpy.values import field, value
from log_server.storage.protocol import KEY_SIZE

MAX_ENTRY: Final = 65_535
"""Octets of an entry: C2SP tlog-tiles writes its length into two (tlog-tiles, "Log entries")."""

MAX_KEYS: Final = 255
"""Search keys of one entry: their number is written into one octet of the annotations."""


def index_key(kind: str, text: bytes) -> bytes:
    """Shorten what finds an entry to the key under which the index holds it; `kind` keeps name spaces apart."""
    return sha256(kind.encode() + b"\0" + text).digest()[:KEY_SIZE]


def leaf_key(leaf_hash: bytes) -> bytes:
    """Return the index key of a leaf hash, under which every entry can be found."""
    return index_key("leaf", leaf_hash)


class Draft(msgspec.Struct, frozen=True):
    """An entry that was verified and waits for its place in the log.

    `identity` is the index key that tells whether the entry is in the log already: for Rekor the key of its
    leaf hash, for certificates one that leaves the time out. `keys` find it besides. `objects` become durable with it.
    """

    content: bytes
    identity: bytes
    keys: tuple[bytes, ...] = ()
    objects: tuple[tuple[str, bytes], ...] = ()


class Sequenced(msgspec.Struct, frozen=True):
    """An entry's place. `proof` holds the inclusion proof's hashes one after the other, 32 octets each.

    Where `duplicate` is true, `index` is the place of the original and there is no proof: ask a reader.
    """

    index: int
    timestamp_ms: int
    duplicate: bool = False
    proof: bytes = b""


@value
class Published:
    """A batch that everyone can see: the tree it made, the signed checkpoint, each entry's place in order."""

    size: int
    root: bytes
    checkpoint: bytes = field(repr=False)
    places: tuple[Sequenced, ...] = field(default=(), repr=False)
