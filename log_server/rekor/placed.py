"""An entry at its place: what both versions write their answers from."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cosignpy.core.merkle.hashing import Node, hash_leaf
from log_server.log import Appended, Shard
from log_server.rekor.accepted import Accepted
from log_server.tlog.reader import NoSuchEntry, Tree
from log_server.tlog.values import leaf_key


class Placed(NamedTuple):
    """A log entry, and the proof that a published tree holds it. `log_index` is that within its shard.

    A tuple, and not a value: one is made for each request.
    """

    shard: Shard
    log_index: int
    body: bytes
    timestamp_ms: int
    tree: Tree
    hashes: Sequence[bytes]

    @property
    def virtual_index(self) -> int:
        """Return its index over all shards."""
        return self.shard.identity.first + self.log_index

    @property
    def leaf_hash(self) -> bytes:
        """Return the hash that identifies it."""
        return hash_leaf(self.body)


def place_new(shard: Shard, accepted: Accepted, appended: Appended) -> Placed:
    """Describe an entry that was just appended; of a duplicate, the original with a proof in the newest tree.

    Raises:
        LogDamaged: A file is missing or wrong.
    """
    if appended.duplicate:
        return read_placed(shard, appended.index)
    return Placed(shard, appended.index, accepted.body, appended.timestamp_ms, appended.tree, appended.hashes)


def read_placed(shard: Shard, index: int) -> Placed:
    """Read an entry, and prove that the newest published tree holds it.

    Raises:
        NoSuchEntry: The published log is shorter.
        LogDamaged: A file is missing or wrong.
    """
    reader = shard.reader
    tree = reader.tree()
    if not 0 <= index < tree.size:
        raise NoSuchEntry(index, tree.size)
    body = reader.form.merkle_leaf(reader.entry(index))
    proof = reader.inclusion(index, tree.size)
    return Placed(shard, index, body, reader.annotation(index).timestamp_ms, tree, proof.hashes)


def find_leaf(shards: Iterable[Shard], leaf_hash: bytes) -> tuple[Shard, int] | None:
    """Find an entry by the hash of its leaf.

    The index holds the beginning of a hash only, so what it finds is compared with the tree; and it may be ahead
    of what is published.

    Raises:
        LogDamaged: A tile is missing or wrong.
    """
    key = leaf_key(leaf_hash)
    for shard in shards:
        index = shard.reader.index.first((key,)).get(key)
        if index is None or index >= shard.reader.tree().size:
            continue
        if shard.reader.node(Node(0, index)) == leaf_hash:
            return shard, index
    return None
