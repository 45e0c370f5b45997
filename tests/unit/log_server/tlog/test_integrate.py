import random

import pytest

from cosignpy.core.merkle.hashing import EMPTY_ROOT
from cosignpy.core.merkle.tiles import TILE_WIDTH, Tile
from log_server.tlog.integrate import Edge, integrate
from tests.support.naive_tree import leaf_hashes, path, root, tiles_of

LEAVES = leaf_hashes(1_400)


def split(joined: bytes) -> list[bytes]:
    return [joined[at : at + 32] for at in range(0, len(joined), 32)]


def test_an_empty_edge_has_the_empty_root() -> None:
    assert Edge().root() == EMPTY_ROOT


@pytest.mark.parametrize("before", [0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 700])
@pytest.mark.parametrize("added", [1, 2, 3, 255, 256, 257, 600])
def test_root_and_proofs_are_those_of_the_specification(before: int, added: int) -> None:
    edge = integrate(Edge(), LEAVES[:before]).edge if before else Edge()
    grown = integrate(edge, LEAVES[before : before + added])
    leaves = LEAVES[: before + added]
    assert grown.root == grown.edge.root() == root(leaves)
    sample = random.Random(before).sample(range(before, len(leaves)), min(added, 12))
    for index in sample:
        assert split(grown.proofs[index - before]) == path(index, leaves)


def test_small_trees_in_all_pieces() -> None:
    """Every way to build trees of up to nine leaves out of two batches."""
    for size in range(2, 10):
        for cut in range(1, size):
            grown = integrate(integrate(Edge(), LEAVES[:cut]).edge, LEAVES[cut:size])
            assert grown.root == root(LEAVES[:size])
            proofs = [split(proof) for proof in grown.proofs]
            assert proofs == [path(index, LEAVES[:size]) for index in range(cut, size)]


def test_the_edge_does_not_depend_on_how_leaves_came() -> None:
    at_once = integrate(Edge(), LEAVES).edge
    one_by_one = Edge()
    for leaf in LEAVES:
        one_by_one = integrate(one_by_one, [leaf]).edge
    assert one_by_one == at_once


@pytest.mark.parametrize(
    ("since", "size", "tiles"),
    [
        (0, 1, [Tile(0, 0, 1)]),
        (0, 255, [Tile(0, 0, 255)]),
        (0, 256, [Tile(0, 0), Tile(1, 0, 1)]),
        (255, 256, [Tile(0, 0), Tile(1, 0, 1)]),
        (256, 257, [Tile(0, 1, 1)]),
        (300, 301, [Tile(0, 1, 45)]),
        (300, 513, [Tile(0, 1), Tile(0, 2, 1), Tile(1, 0, 2)]),
        (300, 1_100, list(tiles_of(1_100, since=300))),
    ],
)
def test_tiles_are_those_that_the_batch_changed(since: int, size: int, tiles: list[Tile]) -> None:
    edge = integrate(Edge(), LEAVES[:since]).edge if since else Edge()
    assert [tile for tile, _ in integrate(edge, LEAVES[since:size]).tiles] == tiles


def test_the_tiles_of_70000_leaves_are_those_of_the_specification() -> None:
    """The example of tlog-tiles, "Merkle tree"."""
    tiles = [tile for tile, _ in integrate(Edge(), leaf_hashes(70_000)).tiles]
    assert tiles[:273] == [Tile(0, index) for index in range(273)]
    assert tiles[273:] == [Tile(0, 273, 112), Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert tiles == list(tiles_of(70_000))


def test_tiles_hold_leaves_and_the_roots_of_the_tiles_below() -> None:
    tiles = dict(integrate(Edge(), LEAVES).tiles)
    by_place = {(tile.level, tile.index): split(content) for tile, content in tiles.items()}
    assert [leaf for (level, _), hashes in sorted(by_place.items()) if level == 0 for leaf in hashes] == LEAVES
    full = [hashes for (level, _), hashes in sorted(by_place.items()) if level == 0 and len(hashes) == TILE_WIDTH]
    assert by_place[1, 0] == [root(hashes) for hashes in full]
