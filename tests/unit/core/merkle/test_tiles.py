"""Tiles and entry bundles: where they lie, what is in them."""

from functools import partial

import pytest

from cosignpy.core.merkle.hashing import Node, hash_children, hash_leaf
from cosignpy.core.merkle.proofs import root_of
from cosignpy.core.merkle.tiles import (
    DATA,
    MAX_TILE_INDEX,
    EntryBundleId,
    NodeSpan,
    Tile,
    node_hash,
    node_in_tile,
    parse_entry_bundle,
    parse_tile,
    parse_tile_path,
    subtree_root,
    tile_root,
)
from cosignpy.core.note.checkpoint import parse_checkpoint
from cosignpy.core.note.signed_note import parse_note
from cosignpy.errors import MalformedError
from tests.support import naive_tree, vectors

LEAVES = naive_tree.leaf_hashes(600)

PATHS = [
    ("tile/0/000", Tile(0, 0)),
    ("tile/0/x001/x234/067", Tile(0, 1234067)),
    ("tile/2/999.p/1", Tile(2, 999, 1)),
    ("tile/63/x001/000.p/255", Tile(63, 1000, 255)),
    ("tile/entries/000.p/7", EntryBundleId(0, 7)),
    ("tile/entries/x001/000", EntryBundleId(1000)),
    ("tile/data/x001/234.p/99", EntryBundleId(1234, 99, DATA)),
    ("tile/0/x036/x028/x797/x018/x963/967", Tile(0, MAX_TILE_INDEX)),
]


@pytest.mark.parametrize(("path", "place"), PATHS, ids=[path for path, _ in PATHS])
def test_a_path_and_its_place(path: str, place: Tile | EntryBundleId) -> None:
    assert place.path() == path
    assert parse_tile_path(path) == place


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/X001/002",
        "tile/00/001",
        "tile/01/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/0/001.p/0",
        "tile/0/001.p/01",
        "tile/0/001.p/256",
        "tile/0/001.p/257",
        "tile/0/001.p/",
        "tile/0/001.p",
        "tile/0/001/",
        "/tile/0/001",
        "tile/0/001\n",
        "tile/0/00\N{ARABIC-INDIC DIGIT ONE}",
        "tile/names/001",
        "tile/0/x036/x028/x797/x018/x963/968",
        "tile/0/x001/x036/x028/x797/x018/x963/x967/000",
        "tile/0/../001",
        "",
    ],
)
def test_every_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(MalformedError):
        parse_tile_path(path)


@pytest.mark.parametrize(("level", "index", "width"), [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_there_is_no_such_tile(level: int, index: int, width: int) -> None:
    with pytest.raises(MalformedError) as caught:
        Tile(level, index, width)
    assert caught.value.what == "tile"


@pytest.mark.parametrize(("index", "width", "kind"), [(-1, 1, DATA), (0, 0, DATA), (0, 257, DATA), (0, 1, "0")])
def test_there_is_no_such_entry_bundle(index: int, width: int, kind: str) -> None:
    with pytest.raises(MalformedError) as caught:
        EntryBundleId(index, width, kind)
    assert caught.value.what == "entry bundle"


# --- nodes from tiles


@pytest.mark.parametrize(
    ("node", "span"),
    [
        (Node(0, 0), NodeSpan(0, 0, 0, 1)),
        (Node(0, 300), NodeSpan(0, 1, 44, 1)),
        (Node(3, 33), NodeSpan(0, 1, 8, 8)),
        (Node(7, 3), NodeSpan(0, 1, 128, 128)),
        (Node(8, 3), NodeSpan(1, 0, 3, 1)),
        (Node(17, 5), NodeSpan(2, 0, 10, 2)),
    ],
)
def test_where_a_node_is_made_from(node: Node, span: NodeSpan) -> None:
    assert node_in_tile(node) == span


def content(size: int, tile: Tile) -> list[bytes]:
    span = 256**tile.level
    start = tile.index * 256
    places = range(start, start + tile.width)
    return [naive_tree.root(LEAVES[place * span : (place + 1) * span][:size]) for place in places]


@pytest.mark.parametrize("size", [1, 2, 7, 255, 256, 257, 511, 513, 600])
@pytest.mark.parametrize("joined", [False, True], ids=["hashes", "content"])
def test_the_root_of_a_tree_comes_from_its_tiles(size: int, joined: bool) -> None:
    tiles = {(tile.level, tile.index): content(size, tile) for tile in naive_tree.tiles_of(size)}

    def fetch(node: Node) -> bytes:
        span = node_in_tile(node)
        hashes = tiles[span.level, span.index]
        return node_hash(node, b"".join(hashes) if joined else hashes)

    assert root_of(size, fetch) == naive_tree.root(LEAVES[:size])


@pytest.mark.parametrize("tile", [LEAVES[:3], b"".join(LEAVES[:3]), b"".join(LEAVES[:4])[:-1]])
def test_a_tile_that_does_not_reach_as_far_is_refused(tile: bytes | list[bytes]) -> None:
    with pytest.raises(MalformedError) as caught:
        node_hash(Node(1, 1), tile)
    assert caught.value.what == "tile"


def test_the_root_of_a_run_of_hashes() -> None:
    a, b, c, d = LEAVES[:4]
    assert subtree_root([a, b, c, d]) == hash_children(hash_children(a, b), hash_children(c, d))


# --- what is in them


def test_the_hashes_of_a_tile() -> None:
    assert parse_tile(b"".join(LEAVES[:256])) == tuple(LEAVES[:256])
    assert parse_tile(LEAVES[0]) == (LEAVES[0],)


@pytest.mark.parametrize("size", [0, 31, 33, 257 * 32])
def test_what_is_not_a_number_of_hashes_is_refused(size: int) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_tile(bytes(size))
    assert caught.value.what == "tile"


ENTRIES = (b"", b"one", b"\xff" * 0xFFFF)
BUNDLE = b"\x00\x00" + b"\x00\x03one" + b"\xff\xff" + b"\xff" * 0xFFFF


def test_an_entry_bundle_is_each_entry_behind_its_length() -> None:
    assert parse_entry_bundle(BUNDLE, 3) == ENTRIES


@pytest.mark.parametrize(
    ("raw", "width"),
    [
        (BUNDLE[:-1], 3),
        (BUNDLE + b"\x00", 3),
        (BUNDLE + b"\x00\x00", 3),
        (BUNDLE, 2),
        (BUNDLE, 4),
        (b"\x00", 1),
        (b"\x00\x01", 1),
        (b"\x00\x00\x00", 2),
        (b"", 1),
        (b"\x00\x00", 0),
    ],
    ids=partial(repr),
)
def test_a_bundle_that_is_not_exactly_its_entries_is_refused(raw: bytes, width: int) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_entry_bundle(raw, width)
    assert caught.value.what == "entry bundle"


# --- a log that somebody else wrote


@vectors.NEEDED
@pytest.mark.parametrize("size", range(1, 16))
def test_a_log_written_by_tessera(size: int) -> None:
    """Entries hash to the tile, the tile to the root of the checkpoint."""
    tile, bundle = Tile(0, 0, size), EntryBundleId(0, size)
    raw = vectors.path(f"tessera/log/{bundle.path()}").read_bytes()
    entries = parse_entry_bundle(raw, size)
    leaves = vectors.path(f"tessera/log/{tile.path()}").read_bytes()
    note = parse_note(vectors.path(f"tessera/log/checkpoint.{size}").read_bytes())
    checkpoint = parse_checkpoint(note.text)

    assert naive_tree.entry_bundle(entries) == raw
    assert parse_tile(leaves) == tuple(map(hash_leaf, entries))
    assert (checkpoint.size, checkpoint.root) == (size, root_of(size, lambda node: node_hash(node, leaves)))


def test_the_root_of_a_full_tile_is_that_of_its_leaves() -> None:
    leaves = naive_tree.leaf_hashes(256)
    assert tile_root(b"".join(leaves)) == naive_tree.root(leaves)


@pytest.mark.parametrize("hashes", [255, 257])
def test_only_a_full_tile_has_a_root(hashes: int) -> None:
    with pytest.raises(MalformedError):
        tile_root(b"".join(naive_tree.leaf_hashes(hashes)))
