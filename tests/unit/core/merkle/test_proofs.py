"""Proofs against the recursive definition, and every neighbour of a good proof refused."""

from collections.abc import Callable, Iterator

import pytest

from cosignpy.core.merkle.hashing import EMPTY_ROOT, Node
from cosignpy.core.merkle.proofs import (
    ConsistencyProof,
    InclusionProof,
    build_consistency,
    build_inclusion,
    consistency_nodes,
    inclusion_nodes,
    root_of,
    root_of_inclusion,
    verify_consistency,
    verify_inclusion,
)
from cosignpy.errors import MalformedError, TransparencyError
from cosignpy.values import replace
from tests.support import naive_tree

MOST = 39
LEAVES = naive_tree.leaf_hashes(MOST)
ROOTS = [naive_tree.root(LEAVES[:size]) for size in range(MOST + 1)]
FETCH = {size: naive_tree.CompleteSubtrees(LEAVES[:size]) for size in range(MOST + 1)}
OTHER = naive_tree.leaf_hashes(MOST + 1)[-1]
SIZES = range(1, MOST + 1)
LARGEST = 2**63 - 1


def inclusion_proofs(size: int) -> Iterator[InclusionProof]:
    for index in range(size):
        yield build_inclusion(index, size, FETCH[size])


def consistency_proofs(size: int) -> Iterator[ConsistencyProof]:
    for first in range(1, size + 1):
        yield build_consistency(first, size, FETCH[size])


# --- what proofs are made of


@pytest.mark.parametrize("size", SIZES)
def test_inclusion_proofs_are_those_of_the_recursive_definition(size: int) -> None:
    for proof in inclusion_proofs(size):
        assert list(proof.hashes) == naive_tree.path(proof.index, LEAVES[:size])


@pytest.mark.parametrize("size", SIZES)
def test_consistency_proofs_are_those_of_the_recursive_definition(size: int) -> None:
    for proof in consistency_proofs(size):
        assert list(proof.hashes) == naive_tree.consistency(proof.first, LEAVES[:size])


@pytest.mark.parametrize("size", range(MOST + 1))
def test_roots_are_those_of_the_recursive_definition(size: int) -> None:
    assert root_of(size, FETCH[size]) == ROOTS[size]


def test_the_empty_tree_has_a_root() -> None:
    assert root_of(0, FETCH[0]) == EMPTY_ROOT


def test_the_ragged_right_edge_is_made_of_complete_subtrees() -> None:
    assert inclusion_nodes(2, 7) == ((Node(0, 3),), (Node(1, 0),), (Node(1, 2), Node(0, 6)))
    assert consistency_nodes(3, 7) == ((Node(0, 2),), (Node(0, 3),), (Node(1, 0),), (Node(1, 2), Node(0, 6)))
    assert consistency_nodes(4, 7) == ((Node(1, 2), Node(0, 6)),)


# --- what they show


@pytest.mark.parametrize("size", SIZES)
def test_every_entry_is_proved_to_be_in_the_tree(size: int) -> None:
    for proof in inclusion_proofs(size):
        verify_inclusion(proof, LEAVES[proof.index], ROOTS[size])


@pytest.mark.parametrize("size", SIZES)
def test_every_smaller_tree_is_proved_to_be_a_prefix(size: int) -> None:
    for proof in consistency_proofs(size):
        verify_consistency(proof, ROOTS[proof.first], ROOTS[size])


def flip_bit(proof: InclusionProof) -> InclusionProof:
    return replace(proof, hashes=(bytes([proof.hashes[0][0] ^ 1]) + proof.hashes[0][1:], *proof.hashes[1:]))


def flip_last_bit(proof: InclusionProof) -> InclusionProof:
    return replace(proof, hashes=(*proof.hashes[:-1], proof.hashes[-1][:-1] + bytes([proof.hashes[-1][-1] ^ 1])))


def drop_last_hash(proof: InclusionProof) -> InclusionProof:
    return replace(proof, hashes=proof.hashes[:-1])


def drop_first_hash(proof: InclusionProof) -> InclusionProof:
    return replace(proof, hashes=proof.hashes[1:])


def append_hash(proof: InclusionProof) -> InclusionProof:
    return replace(proof, hashes=(*proof.hashes, OTHER))


def prepend_hash(proof: InclusionProof) -> InclusionProof:
    return replace(proof, hashes=(OTHER, *proof.hashes))


def swap_first_two(proof: InclusionProof) -> InclusionProof:
    first, second, *rest = proof.hashes
    return replace(proof, hashes=(second, first, *rest))


def index_plus_one(proof: InclusionProof) -> InclusionProof:
    return replace(proof, index=proof.index + 1)


def index_minus_one(proof: InclusionProof) -> InclusionProof:
    return replace(proof, index=proof.index - 1)


MUTATIONS = [
    (flip_bit, 1),
    (flip_last_bit, 1),
    (drop_last_hash, 1),
    (drop_first_hash, 1),
    (append_hash, 0),
    (prepend_hash, 0),
    (swap_first_two, 2),
    (index_plus_one, 0),
    (index_minus_one, 0),
]
"""Each with the number of hashes that a proof needs for it."""


@pytest.mark.parametrize(("mutate", "least"), MUTATIONS, ids=lambda value: getattr(value, "__name__", ""))
def test_an_inclusion_proof_with_one_mutation_is_refused(
    mutate: Callable[[InclusionProof], InclusionProof], least: int
) -> None:
    """No neighbour of a valid proof verifies against the same root."""
    for size in SIZES:
        for proof in inclusion_proofs(size):
            if len(proof.hashes) >= least:
                with pytest.raises((MalformedError, TransparencyError)):
                    verify_inclusion(mutate(proof), LEAVES[proof.index], ROOTS[size])


@pytest.mark.parametrize(("mutate", "least"), MUTATIONS[:7], ids=lambda value: getattr(value, "__name__", ""))
def test_a_consistency_proof_with_one_mutation_is_refused(
    mutate: Callable[[ConsistencyProof], ConsistencyProof], least: int
) -> None:
    for size in SIZES:
        for proof in consistency_proofs(size):
            if len(proof.hashes) >= least:
                with pytest.raises((MalformedError, TransparencyError)):
                    verify_consistency(mutate(proof), ROOTS[proof.first], ROOTS[size])


def test_another_leaf_leads_to_another_root() -> None:
    proof = build_inclusion(4, 7, FETCH[7])
    with pytest.raises(TransparencyError) as caught:
        verify_inclusion(proof, OTHER, ROOTS[7])
    implied = root_of_inclusion(proof, OTHER)
    assert (caught.value.wanted, caught.value.found) == (ROOTS[7].hex(), implied.hex())


def test_another_root_is_not_that_of_the_proof() -> None:
    with pytest.raises(TransparencyError) as caught:
        verify_inclusion(build_inclusion(4, 7, FETCH[7]), LEAVES[4], ROOTS[6])
    assert (caught.value.wanted, caught.value.found) == (ROOTS[6].hex(), ROOTS[7].hex())


def test_a_proof_does_not_bind_the_size_of_its_tree() -> None:
    """Why whoever holds a checkpoint compares its size as well: see `verify_included`."""
    accepted = 0
    tried = 0
    for size in SIZES[1:]:
        for proof in inclusion_proofs(size):
            if proof.index < size - 1:
                tried += 1
                accepted += accepts(proof, size - 1)
    assert accepted > tried // 2


def accepts(proof: InclusionProof, size: int) -> bool:
    try:
        verify_inclusion(replace(proof, size=size), LEAVES[proof.index], ROOTS[proof.size])
    except (MalformedError, TransparencyError):
        return False
    return True


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_leaf_hash_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(MalformedError) as caught:
        verify_inclusion(InclusionProof(0, 1, ()), bytes(length), bytes(length))
    assert caught.value.what == "leaf hash"


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (0, 0), (7, 7), (8, 7), (0, -1)])
def test_there_is_no_proof_of_an_entry_that_is_not_in_the_tree(index: int, size: int) -> None:
    for hashes in range(5):
        with pytest.raises(MalformedError) as caught:
            InclusionProof(index, size, (OTHER,) * hashes)
        assert caught.value.what == "inclusion proof"
    with pytest.raises(MalformedError) as caught:
        inclusion_nodes(index, size)
    assert caught.value.what == "inclusion proof"


def test_the_largest_tree_has_proofs_and_a_larger_one_has_none() -> None:
    hashes = (OTHER,) * 63
    assert InclusionProof(0, LARGEST, hashes).size == LARGEST
    assert ConsistencyProof(1, LARGEST, hashes).second == LARGEST
    with pytest.raises(MalformedError):
        InclusionProof(0, LARGEST + 1, hashes)
    with pytest.raises(MalformedError):
        ConsistencyProof(1, LARGEST + 1, hashes)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_hash_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(MalformedError) as caught:
        InclusionProof(0, 2, (bytes(length),))
    assert caught.value.what == "inclusion proof"
    with pytest.raises(MalformedError) as caught:
        ConsistencyProof(1, 2, (bytes(length),))
    assert caught.value.what == "consistency proof"


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 1), (2, 1), (-1, 1)])
def test_there_is_no_consistency_proof_from_an_empty_or_to_a_smaller_tree(first: int, second: int) -> None:
    with pytest.raises(MalformedError) as caught:
        ConsistencyProof(first, second, ())
    assert caught.value.what == "consistency proof"
    with pytest.raises(MalformedError) as caught:
        consistency_nodes(first, second)
    assert caught.value.what == "consistency proof"


@pytest.mark.parametrize("first", [4, 5, 7])
def test_another_first_root_is_refused_whatever_the_form_of_the_proof(first: int) -> None:
    with pytest.raises(TransparencyError) as caught:
        verify_consistency(build_consistency(first, 7, FETCH[7]), OTHER, ROOTS[7])
    assert caught.value.wanted in {OTHER.hex(), ROOTS[7].hex()}


def test_a_first_root_that_the_proof_does_not_lead_to_is_named() -> None:
    with pytest.raises(TransparencyError) as caught:
        verify_consistency(build_consistency(5, 7, FETCH[7]), OTHER, ROOTS[7])
    assert (caught.value.wanted, caught.value.found) == (OTHER.hex(), ROOTS[5].hex())


@pytest.mark.parametrize("first", [4, 5, 7])
def test_another_second_root_is_refused_whatever_the_form_of_the_proof(first: int) -> None:
    with pytest.raises(TransparencyError) as caught:
        verify_consistency(build_consistency(first, 7, FETCH[7]), ROOTS[first], OTHER)
    assert (caught.value.wanted, caught.value.found) == (OTHER.hex(), ROOTS[7].hex())
