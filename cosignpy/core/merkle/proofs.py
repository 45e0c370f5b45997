"""Inclusion and consistency proofs (RFC 6962 sections 2.1.1 and 2.1.2): what they consist of, and what they show.

Computing the root that a proof implies is one thing, comparing it with the root that is trusted another. Neither
binds the size of the tree: a proof often verifies for a smaller size as well. Whoever has a checkpoint compares the
size too, see `cosignpy.core.note.checkpoint.verify_included`.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from cosignpy.core.encoding import MAX_INTEGER
from cosignpy.core.merkle.compact_range import cover, peak_nodes
from cosignpy.core.merkle.hashing import EMPTY_ROOT, HASH_SIZE, Node, hash_children, hash_range
from cosignpy.errors import MalformedError, TransparencyError
from cosignpy.values import value

Fetch: TypeAlias = Callable[[Node], bytes]
"""Whatever knows the hash of a complete subtree."""

Step: TypeAlias = tuple[Node, ...]
"""One hash of a proof: a complete subtree, or the run of complete subtrees that the right edge is hashed from."""


@value
class InclusionProof:
    """That the entry at `index` is in the tree of `size` entries: the hashes beside its path, from the leaf up."""

    index: int
    size: int
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be a proof, whatever the tree.

        Raises:
            MalformedError: The index is not in the tree, or the hashes are not as many or not as long as they must be.
        """
        if not 0 <= self.index < self.size <= MAX_INTEGER:
            raise MalformedError("inclusion proof", f"there is no entry {self.index} in a tree of {self.size}")
        inner, border = _path_lengths(self.index, self.size - 1)
        _refuse_wrong_hashes("inclusion proof", self.hashes, inner + border)


@value
class ConsistencyProof:
    """That the tree of `first` entries is a prefix of the tree of `second`."""

    first: int
    second: int
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be a proof, whatever the trees.

        Raises:
            MalformedError: The sizes are not in order, the first tree is empty (every tree extends that one), or the
                hashes are not as many or not as long as they must be.
        """
        _refuse_wrong_hashes("consistency proof", self.hashes, len(consistency_nodes(self.first, self.second)))


def verify_inclusion(proof: InclusionProof, leaf_hash: bytes, root: bytes) -> None:
    """Show that the leaf is in the tree that has this root.

    Raises:
        MalformedError: The leaf hash is not a hash.
        TransparencyError: The proof leads to another root.
    """
    implied = root_of_inclusion(proof, leaf_hash)
    if implied != root:
        raise TransparencyError("root of the inclusion proof", root.hex(), implied.hex())


def root_of_inclusion(proof: InclusionProof, leaf_hash: bytes) -> bytes:
    """Return the root that an inclusion proof implies (RFC 9162 section 2.1.3.2).

    Raises:
        MalformedError: The leaf hash is not a hash.
    """
    if len(leaf_hash) != HASH_SIZE:
        raise MalformedError("leaf hash", f"{len(leaf_hash)} bytes instead of {HASH_SIZE}")
    inner, _ = _path_lengths(proof.index, proof.size - 1)
    return _climb(leaf_hash, proof.index, proof.hashes, inner)


def verify_consistency(proof: ConsistencyProof, first_root: bytes, second_root: bytes) -> None:
    """Show that the tree with the second root extends the tree with the first.

    Raises:
        TransparencyError: The proof leads to another first or second root.
    """
    first, second = _roots_of_consistency(proof, first_root)
    if first != first_root:
        raise TransparencyError("first root of the consistency proof", first_root.hex(), first.hex())
    if second != second_root:
        raise TransparencyError("second root of the consistency proof", second_root.hex(), second.hex())


def _roots_of_consistency(proof: ConsistencyProof, first_root: bytes) -> tuple[bytes, bytes]:
    """Return both roots that a consistency proof implies (RFC 9162 section 2.1.4.2)."""
    if proof.first == proof.second:
        return first_root, first_root
    level = _trailing_zeros(proof.first)
    index = (proof.first - 1) >> level
    # A first tree that is one complete subtree is where the path starts, and not repeated in the proof.
    start, path = (proof.hashes[0], proof.hashes[1:]) if index else (first_root, proof.hashes)
    inner, _ = _path_lengths(index, (proof.second - 1) >> level)
    left = [other for height, other in enumerate(path[:inner]) if index >> height & 1]
    first = start
    for other in (*left, *path[inner:]):
        first = hash_children(other, first)
    return first, _climb(start, index, path, inner)


def inclusion_nodes(index: int, size: int) -> tuple[Step, ...]:
    """Return what each hash of an inclusion proof is made of, from the leaf up (RFC 6962 section 2.1.1).

    Raises:
        MalformedError: There is no such entry in a tree of this size.
    """
    if not 0 <= index < size:
        raise MalformedError("inclusion proof", f"there is no entry {index} in a tree of {size}")
    return _path(Node(0, index), size)


def consistency_nodes(first: int, second: int) -> tuple[Step, ...]:
    """Return what each hash of a consistency proof is made of, in order (RFC 6962 section 2.1.2).

    Raises:
        MalformedError: The sizes are not in order, or the first tree is empty.
    """
    _refuse_wrong_sizes(first, second)
    if first == second:
        return ()
    level = _trailing_zeros(first)
    start = Node(level, (first - 1) >> level)
    path = _path(start, second)
    return ((start,), *path) if start.index else path


def build_inclusion(index: int, size: int, fetch: Fetch) -> InclusionProof:
    """Build the proof that the entry at `index` is in the tree of this size.

    Raises:
        MalformedError: There is no such entry in a tree of this size.
    """
    return InclusionProof(index, size, _fetch_steps(inclusion_nodes(index, size), fetch))


def build_consistency(first: int, second: int, fetch: Fetch) -> ConsistencyProof:
    """Build the proof that the tree of one size is a prefix of the tree of the other.

    Raises:
        MalformedError: The sizes are not in order, or the first tree is empty.
    """
    return ConsistencyProof(first, second, _fetch_steps(consistency_nodes(first, second), fetch))


def root_of(size: int, fetch: Fetch) -> bytes:
    """Return the root of the tree of this size."""
    return hash_range([fetch(node) for node in peak_nodes(size)]) if size else EMPTY_ROOT


def _fetch_steps(steps: Sequence[Step], fetch: Fetch) -> tuple[bytes, ...]:
    return tuple([hash_range([fetch(node) for node in step]) if step[1:] else fetch(step[0]) for step in steps])


def _path(start: Node, size: int) -> tuple[Step, ...]:
    """Return the siblings of a complete subtree's path to the root, from the bottom up.

    The path first runs beside the path of the last leaf (`inner`), where siblings stand on either side and the
    last of them may be the ragged right edge; then along that path (`border`), with complete siblings on the left.
    """
    level, index = start
    inner, _ = _path_lengths(index, (size - 1) >> level)
    steps: list[Step] = []
    for height in range(inner + (index >> inner).bit_length()):
        if height >= inner and not index >> height & 1:
            continue
        sibling = Node(level + height, index >> height ^ 1)
        complete = (sibling.index + 1) << sibling.level <= size
        steps.append((sibling,) if complete else cover(sibling.index << sibling.level, size))
    return tuple(steps)


def _path_lengths(index: int, last: int) -> tuple[int, int]:
    """Return how many hashes a path has below and above the point where it joins that of the last leaf."""
    inner = (index ^ last).bit_length()
    return inner, (index >> inner).bit_count()


def _climb(start: bytes, index: int, path: Sequence[bytes], inner: int) -> bytes:
    node = start
    for height, other in enumerate(path[:inner]):
        node = hash_children(other, node) if index >> height & 1 else hash_children(node, other)
    for other in path[inner:]:
        node = hash_children(other, node)
    return node


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _refuse_wrong_sizes(first: int, second: int) -> None:
    if not 1 <= first <= second <= MAX_INTEGER:
        raise MalformedError("consistency proof", f"there is none from a tree of {first} to a tree of {second}")


def _refuse_wrong_hashes(what: str, hashes: Sequence[bytes], wanted: int) -> None:
    if len(hashes) != wanted:
        raise MalformedError(what, f"{len(hashes)} hashes instead of {wanted}")
    if {*map(len, hashes)} - {HASH_SIZE}:
        raise MalformedError(what, f"a hash is not {HASH_SIZE} bytes long")
