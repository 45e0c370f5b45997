"""The hash rules of RFC 6962."""

from hashlib import sha256

from cosignpy.core.merkle.hashing import EMPTY_ROOT, hash_children, hash_leaf, hash_range

A, B, C = (sha256(letter).digest() for letter in (b"a", b"b", b"c"))


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_leaves_and_inner_nodes_are_hashed_apart() -> None:
    assert hash_leaf(b"") == sha256(b"\x00").digest()
    assert hash_leaf(A + B) == sha256(b"\x00" + A + B).digest()
    assert hash_children(A, B) == sha256(b"\x01" + A + B).digest()


def test_a_run_of_subtrees_is_joined_from_the_right() -> None:
    assert hash_range([A]) == A
    assert hash_range([A, B, C]) == hash_children(A, hash_children(B, C))
