"""The growing edge of a tree: the roots of its largest complete subtrees are all that adding leaves needs.

A tree of 13 leaves is three complete subtrees, of 8, 4 and 1 leaves, one for each bit of 13. Their roots are its
peaks. A new leaf is a peak of its own, and two peaks of one size become their parent, as a carry runs in binary.
"""

from collections.abc import Sequence

from cosignpy.core.merkle.hashing import EMPTY_ROOT, HASH_SIZE, Node, hash_children, hash_range
from cosignpy.errors import MalformedError
from cosignpy.values import value


@value
class CompactRange:
    """A tree of `size` leaves, known by its peaks, the largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse peaks that are not those of a tree of this size.

        Raises:
            MalformedError: There is not one hash for each bit of the size.
        """
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise MalformedError("compact range", f"{len(self.peaks)} peaks for a tree of {self.size}")
        if any(len(peak) != HASH_SIZE for peak in self.peaks):
            raise MalformedError("compact range", f"a peak is not {HASH_SIZE} bytes long")

    def append(self, leaf_hashes: Sequence[bytes]) -> "CompactRange":
        """Return the tree with more leaves at its end."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaf_hashes:
            node, carry = leaf, size
            while carry & 1:
                node = hash_children(peaks.pop(), node)
                carry >>= 1
            peaks.append(node)
            size += 1
        return CompactRange(size, tuple(peaks))

    def root(self) -> bytes:
        """Return the root of the tree (RFC 6962 section 2.1)."""
        return hash_range(self.peaks) if self.peaks else EMPTY_ROOT


def peak_nodes(size: int) -> tuple[Node, ...]:
    """Return which nodes the peaks of a tree of this size are, the largest first."""
    return cover(0, size)


def cover(begin: int, end: int) -> tuple[Node, ...]:
    """Return the complete subtrees that leaves from `begin` up to `end` consist of, the largest first.

    `begin` is a multiple of the largest of them, as the start of a tree or of its ragged right edge is.
    """
    nodes: list[Node] = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append(Node(level, begin >> level))
        begin += 1 << level
    return tuple(nodes)
