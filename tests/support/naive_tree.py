"""The Merkle tree as RFC 6962 section 2.1 defines it, word for word and as slow: the oracle of every quicker one."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from cosignpy.core.merkle.hashing import Node
from cosignpy.core.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Tile


def leaf_hashes(count: int) -> list[bytes]:
    """Return the hashes of as many different entries."""
    return [sha256(b"\x00entry %d" % number).digest() for number in range(count)]


def split(count: int) -> int:
    """Return the largest power of two smaller than a count."""
    return 1 << (count - 1).bit_length() - 1


def root(leaves: Sequence[bytes]) -> bytes:
    """Return MTH(D[n]), given the hashes of the entries."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = split(len(leaves))
    return sha256(b"\x01" + root(leaves[:middle]) + root(leaves[middle:])).digest()


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PATH(m, D[n])."""
    if len(leaves) == 1:
        return []
    middle = split(len(leaves))
    if index < middle:
        return [*path(index, leaves[:middle]), root(leaves[middle:])]
    return [*path(index - middle, leaves[middle:]), root(leaves[:middle])]


def consistency(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PROOF(m, D[n])."""
    return _subproof(first, leaves, known=True)


def _subproof(first: int, leaves: Sequence[bytes], *, known: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if known else [root(leaves)]
    middle = split(len(leaves))
    if first <= middle:
        return [*_subproof(first, leaves[:middle], known=known), root(leaves[middle:])]
    return [*_subproof(first - middle, leaves[middle:], known=False), root(leaves[:middle])]


class CompleteSubtrees:
    """Answers for complete subtrees of some leaves, and for nothing else."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves

    def __call__(self, node: Node) -> bytes:
        """Return the hash of a complete subtree.

        Raises:
            LookupError: It is not complete yet.
        """
        begin, end = node.index << node.level, (node.index + 1) << node.level
        if end > len(self.leaves):
            raise LookupError(node)
        return root(self.leaves[begin:end])


def tiles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """Yield the tiles of a tree of `size`, full and partial, without those of the smaller tree `since` (tlog-tiles)."""
    level = 0
    while hashes := size >> (TILE_HEIGHT * level):
        before = since >> (TILE_HEIGHT * level)
        full, partial = divmod(hashes, TILE_WIDTH)
        for index in range(before // TILE_WIDTH, full):
            yield Tile(level, index)
        if partial and hashes > before:
            yield Tile(level, full, partial)
        level += 1


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """Return entries one after the other, each behind its length in two octets (tlog-tiles, "Log entries")."""
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])
