"""Finding entries of Rekor v1 by what clients call them: an index over all shards, a UUID, an entry id."""

import re
from collections.abc import Sequence
from typing import Final

from cosignpy.values import value
from log_server.log import Log, Shard
from log_server.rekor.placed import Placed, find_leaf, read_placed
from log_server.rekor.v1_errors import unprocessable

_ENTRY_ID: Final = re.compile(r"(?P<tree>[0-9a-fA-F]{16})?(?P<leaf>[0-9a-fA-F]{64})")


@value
class EntryId:
    """The leaf hash of an entry, and the tree that holds it if the client said which."""

    leaf_hash: bytes
    tree_id: int | None = None


def parse_entry_id(text: str) -> EntryId:
    """Parse 64 or 80 hex digits.

    Raises:
        Refused: Anything else; 422.
    """
    match = _ENTRY_ID.fullmatch(text)
    if match is None:
        raise unprocessable("an entry's UUID has 64 hex digits, or 80 with the tree id before them")
    tree = match["tree"]
    return EntryId(bytes.fromhex(match["leaf"]), int(tree, 16) if tree else None)


def find_by_id(log: Log, wanted: EntryId) -> Placed | None:
    """Return an entry by its id; without a tree id, from the newest shard that has it.

    Raises:
        LogDamaged: A file is missing or wrong.
    """
    found = find_leaf(_candidates(log, wanted.tree_id), wanted.leaf_hash)
    return read_placed(*found) if found else None


def _candidates(log: Log, tree_id: int | None) -> Sequence[Shard]:
    shards = tuple(reversed(log.shards))
    return [shard for shard in shards if tree_id in {None, shard.identity.tree_id}]


def find_by_index(log: Log, index: int) -> Placed | None:
    """Return an entry by its index over all shards; None beyond the end of the log.

    Raises:
        LogDamaged: A file is missing or wrong.
    """
    shard = next(shard for shard in reversed(log.shards) if shard.identity.first <= index)
    local = index - shard.identity.first
    return read_placed(shard, local) if local < shard.reader.tree().size else None


def find_tree(log: Log, text: str | None) -> Shard | None:
    """Return the shard of a decimal tree id; the active one if none is named."""
    if text is None:
        return log.active
    return next((shard for shard in log.shards if str(shard.identity.tree_id) == text), None)
