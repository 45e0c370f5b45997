"""A tree that grows, known by its peaks alone."""

import pytest

from cosignpy.core.merkle.compact_range import CompactRange, peak_nodes
from cosignpy.core.merkle.hashing import Node
from cosignpy.errors import MalformedError
from tests.support import naive_tree

LEAVES = naive_tree.leaf_hashes(70)


@pytest.mark.parametrize("size", range(70))
def test_the_root_is_that_of_the_recursive_definition(size: int) -> None:
    assert CompactRange().append(LEAVES[:size]).root() == naive_tree.root(LEAVES[:size])


@pytest.mark.parametrize("size", [0, 1, 7, 8, 33])
def test_appending_in_two_steps_is_appending_at_once(size: int) -> None:
    grown = CompactRange().append(LEAVES[:size])
    assert grown.append(LEAVES[size:]) == CompactRange().append(LEAVES)
    assert grown.size == size


@pytest.mark.parametrize("size", range(70))
def test_the_peaks_are_the_nodes_that_the_size_names(size: int) -> None:
    complete = naive_tree.CompleteSubtrees(LEAVES[:size])
    assert CompactRange().append(LEAVES[:size]).peaks == tuple(map(complete, peak_nodes(size)))


def test_the_peaks_of_13_leaves() -> None:
    assert peak_nodes(13) == (Node(3, 0), Node(2, 2), Node(0, 12))


def test_a_value_does_not_change_when_it_grows() -> None:
    before = CompactRange().append(LEAVES[:3])
    before.append(LEAVES[3:])
    assert before == CompactRange().append(LEAVES[:3])


@pytest.mark.parametrize(
    ("size", "peaks"),
    [(3, 1), (3, 3), (0, 1), (-1, 1)],
    ids=["one too few", "one too many", "a peak of nothing", "negative"],
)
def test_peaks_that_are_not_one_for_each_bit_of_the_size_are_refused(size: int, peaks: int) -> None:
    with pytest.raises(MalformedError) as caught:
        CompactRange(size, tuple(LEAVES[:peaks]))
    assert caught.value.what == "compact range"


def test_a_peak_that_is_no_hash_is_refused() -> None:
    with pytest.raises(MalformedError) as caught:
        CompactRange(3, (LEAVES[0], LEAVES[1][:-1]))
    assert caught.value.what == "compact range"
