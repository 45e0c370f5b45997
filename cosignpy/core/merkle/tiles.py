"""Tiles and entry bundles (C2SP tlog-tiles): 256 hashes, or 256 entries, in one immutable file.

The tiles of level 0 hold leaf hashes, those of level n the roots of the full tiles of level n - 1. So a tile spans
eight levels of the tree, of which it stores the lowest; the others are hashed when they are needed.
"""

import re
from collections.abc import Sequence
from typing import Final

from cosignpy.core.encoding import MAX_INTEGER
from cosignpy.core.merkle.hashing import HASH_SIZE, Node, hash_children
from cosignpy.errors import MalformedError
from cosignpy.values import value

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
MAX_TILE_LEVEL: Final = 63
"""The highest level that the specification lets a path name."""
MAX_TILE_INDEX: Final = MAX_INTEGER >> TILE_HEIGHT
"""Of the last tile of leaves in the largest tree."""

ENTRIES: Final = "entries"
"""Entry bundles as in tlog-tiles."""
DATA: Final = "data"
"""Entry bundles as in static-ct-api, which have another content."""

_PATH: Final = re.compile(
    r"tile/(?P<kind>[1-9]?[0-9]|entries|data)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@value
class Tile:
    """Which tile: its level, its index in the level, and how many hashes it holds so far."""

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        """Refuse what no tree has.

        Raises:
            MalformedError: Level, index or width is out of range.
        """
        if not 0 <= self.level <= MAX_TILE_LEVEL:
            raise MalformedError("tile", f"there is no level {self.level}")
        _refuse_wrong_place("tile", self.index, self.width)

    def path(self) -> str:
        """Return where it lies below the prefix of its log: `tile/0/x001/234`, of a partial one `tile/0/000.p/7`."""
        return f"tile/{self.level}/{_encode_place(self.index, self.width)}"


@value
class EntryBundleId:
    """Which entry bundle: its index and how many entries it holds so far; it mirrors the tile of level 0."""

    index: int
    width: int = TILE_WIDTH
    kind: str = ENTRIES

    def __post_init__(self) -> None:
        """Refuse what no tree has.

        Raises:
            MalformedError: Index or width is out of range, or the kind is unknown.
        """
        if self.kind not in {ENTRIES, DATA}:
            raise MalformedError("entry bundle", f"unknown kind {self.kind!r}")
        _refuse_wrong_place("entry bundle", self.index, self.width)

    def path(self) -> str:
        """Return where it lies below the prefix of its log: `tile/entries/x001/234`."""
        return f"tile/{self.kind}/{_encode_place(self.index, self.width)}"


def parse_tile_path(text: str) -> Tile | EntryBundleId:
    """Parse the path of a tile or of an entry bundle, without a slash in front.

    Raises:
        MalformedError: Anything but the one spelling that `path` gives.
    """
    match = _PATH.fullmatch(text)
    if match is None:
        raise MalformedError("tile path", "not of the form tile/<level>/<index>[.p/<width>]")
    index = int(match["index"].replace("/", "").replace("x", ""))
    width = int(match["width"] or TILE_WIDTH)
    kind = match["kind"]
    found = Tile(int(kind), index, width) if kind.isdecimal() else EntryBundleId(index, width, kind)
    if found.path() != text:
        raise MalformedError("tile path", "not the canonical spelling")
    return found


@value
class NodeSpan:
    """Where a node comes from: `count` neighbouring hashes of a tile, from `first` on, have it as their root."""

    level: int
    index: int
    first: int
    count: int


def node_in_tile(node: Node) -> NodeSpan:
    """Return from which hashes of which tile a node is made; a power of two of them, at most 128."""
    level, height = divmod(node.level, TILE_HEIGHT)
    index, place = divmod(node.index << height, TILE_WIDTH)
    return NodeSpan(level, index, place, 1 << height)


def node_hash(node: Node, tile: bytes | Sequence[bytes]) -> bytes:
    """Return the hash of a node, given the tile it is made from: its content, or its hashes.

    Raises:
        MalformedError: The tile does not reach that far.
    """
    span = node_in_tile(node)
    unit = HASH_SIZE if isinstance(tile, bytes) else 1
    part = tile[span.first * unit : (span.first + span.count) * unit]
    if len(part) != span.count * unit:
        raise MalformedError("tile", f"it does not hold node {node.index} of level {node.level}")
    return subtree_root(parse_tile(part) if isinstance(part, bytes) else part)


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring hashes whose number is a power of two, such as those of a full tile."""
    layer = hashes
    while len(layer) > 1:
        layer = [hash_children(layer[place], layer[place + 1]) for place in range(0, len(layer), 2)]
    return layer[0]


def tile_root(raw: bytes) -> bytes:
    """Return the root of a full tile, which the tile above it holds.

    Raises:
        MalformedError: The tile is not full.
    """
    if len(raw) != TILE_WIDTH * HASH_SIZE:
        raise MalformedError("tile", f"{len(raw)} bytes are not a full one")
    return subtree_root(parse_tile(raw))


def parse_tile(raw: bytes) -> tuple[bytes, ...]:
    """Split the content of a tile into its hashes.

    Raises:
        MalformedError: Not a whole number of hashes, none, or more than a tile holds.
    """
    count, rest = divmod(len(raw), HASH_SIZE)
    if rest or not 1 <= count <= TILE_WIDTH:
        raise MalformedError("tile", f"{len(raw)} bytes are not 1 to {TILE_WIDTH} hashes")
    return tuple(raw[start : start + HASH_SIZE] for start in range(0, len(raw), HASH_SIZE))


def parse_entry_bundle(raw: bytes, width: int) -> tuple[bytes, ...]:
    """Split an entry bundle into exactly as many entries as its path says.

    Raises:
        MalformedError: It ends early, or goes on behind the last entry.
    """
    entries: list[bytes] = []
    end = 0
    for _ in range(width):
        start = end + 2
        end = start + int.from_bytes(raw[end:start], "big")
        entries.append(raw[start:end])
    # An entry cut short has carried `end` beyond the last byte, and it never comes back.
    if end != len(raw):
        raise MalformedError("entry bundle", f"{len(raw)} bytes are not exactly {width} entries")
    return tuple(entries)


def _encode_place(index: int, width: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    place = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return place if width == TILE_WIDTH else f"{place}.p/{width}"


def _refuse_wrong_place(what: str, index: int, width: int) -> None:
    if not 0 <= index <= MAX_TILE_INDEX:
        raise MalformedError(what, f"there is no index {index}")
    if not 1 <= width <= TILE_WIDTH:
        raise MalformedError(what, f"{width} is not a width")
