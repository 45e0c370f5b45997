"""Integration, pure: the growing edge of a tree and new leaves in; tiles, root and inclusion proofs out.

Work on a batch happens level by level. Nodes of level k are the roots of complete subtrees of 2**k leaves.
`_Level` holds those that the batch completes, and before them the one old node they may be paired with, so
every sibling that an inclusion proof of a new leaf needs is at hand, and the cost of a leaf does not grow
with the tree (RFC 6962 section 2.1).
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

from cosignpy.core.merkle.hashing import EMPTY_ROOT, HASH_SIZE
from cosignpy.core.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Tile
from cosignpy.values import field, value

_FULL: Final = TILE_WIDTH * HASH_SIZE
"""Octets of a full tile."""


@value
class Edge:
    """All that is needed of a tree to grow it.

    `peaks[k]` is the node of level k that has no sibling yet, empty where there is none. `rows[t]` holds the
    hashes of the unfinished tile of tile level t, one after the other.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()
    rows: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """Return the tree's root: the peaks joined, the lowest first (RFC 6962 section 2.1)."""
        root = b""
        for peak in self.peaks:
            root = _join(peak, root) if peak and root else peak or root
        return root or EMPTY_ROOT


@value
class Integrated:
    """What a batch made of the tree: its new edge, the tiles that changed, and each new leaf's proof."""

    edge: Edge
    root: bytes
    tiles: tuple[tuple[Tile, bytes], ...] = field(repr=False)
    proofs: tuple[bytes, ...] = field(repr=False)


@value
class _Level:
    """Complete nodes of one level, from index `first` on, and the hash of the incomplete one after them."""

    first: int
    nodes: Sequence[bytes]
    tail: bytes

    @property
    def complete(self) -> int:
        """Count the complete nodes of this level in the whole tree."""
        return self.first + len(self.nodes)

    def node(self, index: int) -> bytes:
        """Return a node, complete or not; empty where the tree has none."""
        if index < self.complete:
            return self.nodes[index - self.first]
        return self.tail if index == self.complete else b""


def integrate(edge: Edge, leaves: Sequence[bytes]) -> Integrated:
    """Append leaf hashes, in their order, to the tree of which `edge` is the edge. At least one leaf."""
    size = edge.size + len(leaves)
    levels = _build_levels(edge, leaves, size)
    root = levels[-1].node(0)
    rows, tiles = _build_tiles(edge, levels, size)
    peaks = tuple(level.nodes[-1] if size >> k & 1 else b"" for k, level in enumerate(levels))
    return Integrated(Edge(size, peaks, rows), root, tiles, _build_proofs(levels, edge.size, size))


def _join(left: bytes, right: bytes) -> bytes:
    """Hash two nodes; `hash_children` without the call, which is half of the time here."""
    return sha256(b"\x01" + left + right).digest()


def _build_levels(edge: Edge, leaves: Sequence[bytes], size: int) -> Sequence[_Level]:
    """Build every level from the leaves up to the one whose first node is the whole tree."""
    levels: list[_Level] = []
    fresh, tail = list(leaves), b""
    for k in range((size - 1).bit_length() + 1):
        begin = edge.size >> k
        if begin & 1:
            fresh.insert(0, edge.peaks[k])
        level = _Level(begin & ~1, fresh, tail)
        levels.append(level)
        if size >> k & 1:
            tail = _join(fresh[-1], tail) if tail else fresh[-1]
        hashes = iter(fresh)
        fresh = [sha256(b"\x01" + left + right).digest() for left, right in zip(hashes, hashes, strict=False)]
    return levels


def _build_proofs(levels: Sequence[_Level], begin: int, size: int) -> tuple[bytes, ...]:
    """Build the inclusion proofs of the leaves from `begin` on, from the root down: siblings share their rest."""
    rests, below = [b""], 0
    for k in range(len(levels) - 2, -1, -1):
        level, first = levels[k], begin >> k
        rests = [level.node(index ^ 1) + rests[(index >> 1) - below] for index in range(first, (size - 1 >> k) + 1)]
        below = first
    return tuple(rests)


def _build_tiles(
    edge: Edge, levels: Sequence[_Level], size: int
) -> tuple[tuple[bytes, ...], tuple[tuple[Tile, bytes], ...]]:
    """Extend the unfinished tile of each tile level, and cut off those that are full."""
    rows: list[bytes] = []
    tiles: list[tuple[Tile, bytes]] = []
    for height, level in enumerate(levels[::TILE_HEIGHT]):
        begin, end = edge.size >> height * TILE_HEIGHT, size >> height * TILE_HEIGHT
        row = edge.rows[height] if height < len(edge.rows) else b""
        if begin < end:
            row += b"".join(level.nodes[begin - level.first :])
            tiles += _cut(row, height, begin // TILE_WIDTH)
            row = row[len(row) // _FULL * _FULL :]
        rows.append(row)
    return tuple(rows), tuple(tiles)


def _cut(row: bytes, height: int, first: int) -> Iterator[tuple[Tile, bytes]]:
    """Yield the tiles of a row that begins with tile `first`; the last may be partial."""
    for number, offset in enumerate(range(0, len(row), _FULL), first):
        content = row[offset : offset + _FULL]
        yield Tile(height, number, len(content) // HASH_SIZE), content
