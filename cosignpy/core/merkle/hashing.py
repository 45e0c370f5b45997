"""How the tree hashes (RFC 6962 section 2.1).

Leaves and inner nodes start with different bytes, so that no inner node can be passed off as an entry.
"""

from collections.abc import Sequence
from functools import reduce
from hashlib import sha256
from typing import Final, NamedTuple

HASH_SIZE: Final = 32
EMPTY_ROOT: Final[bytes] = sha256(b"").digest()
"""The root of a tree without leaves."""


class Node(NamedTuple):
    """The root of the complete subtree over the 2**level leaves that start at index * 2**level.

    A tuple, and not a value: a log makes dozens of these for each answer, and a tuple costs a tenth.
    """

    level: int
    index: int  # type: ignore[assignment] # it hides the method of tuples, which nobody needs here


def hash_leaf(entry: bytes) -> bytes:
    """Hash an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Hash two nodes as their parent."""
    return sha256(b"\x01" + left + right).digest()


def hash_range(subtrees: Sequence[bytes]) -> bytes:
    """Return the root over a run of neighbouring complete subtrees, the largest first; at least one.

    It is how the ragged right edge of a tree is hashed: the smallest joins its left neighbour first.
    """
    return reduce(lambda right, left: hash_children(left, right), reversed(subtrees))
