"""Merkle trees: against the recursive definition, and against whoever changes one thing."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cosignpy.core.merkle.compact_range import CompactRange
from cosignpy.core.merkle.hashing import Node
from cosignpy.core.merkle.proofs import (
    ConsistencyProof,
    InclusionProof,
    build_consistency,
    build_inclusion,
    consistency_nodes,
    inclusion_nodes,
    verify_consistency,
    verify_inclusion,
)
from cosignpy.core.merkle.tiles import (
    EntryBundleId,
    Tile,
    node_in_tile,
    parse_entry_bundle,
    parse_tile_path,
)
from cosignpy.errors import MalformedError, TransparencyError
from tests.support import naive_tree

MOST = 200
LEAVES = naive_tree.leaf_hashes(MOST)
LARGE = st.integers(1, 2**63 - 1)
SIZES = st.integers(1, MOST)
BYTE = st.integers(0, 31)
BIT = st.integers(0, 7)


def flipped(raw: bytes, byte: int, bit: int) -> bytes:
    return raw[:byte] + bytes([raw[byte] ^ 1 << bit]) + raw[byte + 1 :]


@st.composite
def inclusion(draw: st.DrawFn) -> InclusionProof:
    size = draw(SIZES)
    return build_inclusion(draw(st.integers(0, size - 1)), size, naive_tree.CompleteSubtrees(LEAVES[:size]))


@st.composite
def consistency(draw: st.DrawFn) -> ConsistencyProof:
    second = draw(SIZES)
    return build_consistency(draw(st.integers(1, second)), second, naive_tree.CompleteSubtrees(LEAVES[:second]))


@given(inclusion())
def test_inclusion_proofs_are_those_of_the_definition(proof: InclusionProof) -> None:
    leaves = LEAVES[: proof.size]
    assert list(proof.hashes) == naive_tree.path(proof.index, leaves)
    verify_inclusion(proof, LEAVES[proof.index], naive_tree.root(leaves))


@given(consistency())
def test_consistency_proofs_are_those_of_the_definition(proof: ConsistencyProof) -> None:
    leaves = LEAVES[: proof.second]
    assert list(proof.hashes) == naive_tree.consistency(proof.first, leaves)
    verify_consistency(proof, naive_tree.root(leaves[: proof.first]), naive_tree.root(leaves))


@given(inclusion(), st.data())
def test_every_bit_of_an_inclusion_proof_counts(proof: InclusionProof, data: st.DataObject) -> None:
    assume(proof.hashes)
    place = data.draw(st.integers(0, len(proof.hashes) - 1))
    hashes = list(proof.hashes)
    hashes[place] = flipped(hashes[place], data.draw(BYTE), data.draw(BIT))
    with pytest.raises(TransparencyError):
        verify_inclusion(
            InclusionProof(proof.index, proof.size, tuple(hashes)),
            LEAVES[proof.index],
            naive_tree.root(LEAVES[: proof.size]),
        )


@given(consistency(), st.data())
def test_every_bit_of_a_consistency_proof_counts(proof: ConsistencyProof, data: st.DataObject) -> None:
    assume(proof.hashes)
    place = data.draw(st.integers(0, len(proof.hashes) - 1))
    hashes = list(proof.hashes)
    hashes[place] = flipped(hashes[place], data.draw(BYTE), data.draw(BIT))
    roots = [naive_tree.root(LEAVES[:size]) for size in (proof.first, proof.second)]
    with pytest.raises(TransparencyError):
        verify_consistency(ConsistencyProof(proof.first, proof.second, tuple(hashes)), *roots)


@given(inclusion(), st.integers(0, MOST - 1))
def test_a_proof_is_for_one_index(proof: InclusionProof, index: int) -> None:
    assume(index != proof.index)
    with pytest.raises((MalformedError, TransparencyError)):
        verify_inclusion(
            InclusionProof(index, proof.size, proof.hashes),
            LEAVES[proof.index],
            naive_tree.root(LEAVES[: proof.size]),
        )


@given(st.lists(st.integers(0, 60), max_size=6))
def test_a_tree_grows_to_the_same_root_in_any_steps(steps: list[int]) -> None:
    grown = CompactRange()
    size = 0
    for step in steps:
        grown = grown.append(LEAVES[size : size + step])
        size = min(size + step, MOST)
    assert (grown.size, grown.root()) == (size, naive_tree.root(LEAVES[:size]))


@given(LARGE, LARGE)
def test_proofs_cover_a_tree_of_any_size_without_a_gap(one: int, other: int) -> None:
    """The leaf and the nodes of its proof are every leaf of the tree exactly once."""
    index, size = min(one, other) - 1, max(one, other)
    nodes = [Node(0, index), *(node for step in inclusion_nodes(index, size) for node in step)]
    end = 0
    for node in sorted(nodes, key=lambda node: node.index << node.level):
        assert node.index << node.level == end
        end += 1 << node.level
    assert end == size


@given(LARGE, LARGE)
def test_consistency_proofs_cover_the_new_tree_without_a_gap(one: int, other: int) -> None:
    first, second = min(one, other), max(one, other)
    assume(first < second)
    steps = consistency_nodes(first, second)
    whole = first & (first - 1) == 0
    nodes = sorted((node for step in steps for node in step), key=lambda node: node.index << node.level)
    end = first if whole else 0
    for node in nodes:
        assert node.index << node.level == end
        end += 1 << node.level
    assert end == second


@given(LARGE, LARGE)
def test_the_nodes_of_every_proof_lie_in_the_tiles_of_the_tree(one: int, other: int) -> None:
    index, size = min(one, other) - 1, max(one, other)
    for step in inclusion_nodes(index, size):
        for span in map(node_in_tile, step):
            assert (span.index * 256 + span.first + span.count) << (8 * span.level) <= size
            assert span.first % span.count == 0


TILES = st.builds(Tile, st.integers(0, 63), st.integers(0, 2**55 - 1), st.integers(1, 256))
BUNDLES = st.builds(EntryBundleId, st.integers(0, 2**55 - 1), st.integers(1, 256), st.sampled_from(["entries", "data"]))


@given(TILES | BUNDLES)
def test_paths(place: Tile | EntryBundleId) -> None:
    assert parse_tile_path(place.path()) == place


@given(st.text(alphabet="tile/0123xp.ndsrae", max_size=40) | st.text())
def test_only_the_one_spelling_of_a_path_is_a_path(text: str) -> None:
    try:
        place = parse_tile_path(text)
    except MalformedError:
        return
    assert place.path() == text


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_entry_bundles(entries: list[bytes]) -> None:
    assert parse_entry_bundle(naive_tree.entry_bundle(entries), len(entries)) == tuple(entries)


@given(st.binary(max_size=60), st.integers(0, 5))
def test_whatever_is_an_entry_bundle_is_encoded_so(raw: bytes, width: int) -> None:
    try:
        entries = parse_entry_bundle(raw, width)
    except MalformedError:
        return
    assert naive_tree.entry_bundle(entries) == raw
