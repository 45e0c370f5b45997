"""Entries of data tiles (C2SP static-ct-api)."""

from typing import Final

import pytest

from cosignpy.core.ct.entry import EntryType, SignedEntry, TimestampedEntry
from cosignpy.core.ct.tile_leaf import TileLeaf, split_data_tile, timestamped_size
from cosignpy.errors import MalformedError

CERTIFICATE: Final = TileLeaf(TimestampedEntry(1, SignedEntry(EntryType.X509, b"", b"cert"), b"x"), b"", (b"f" * 32,))
PRECERTIFICATE: Final = TileLeaf(
    TimestampedEntry(2, SignedEntry(EntryType.PRECERTIFICATE, b"k" * 32, b"tbs")), b"precert", (b"f" * 32, b"g" * 32)
)
LEAVES: Final = [
    (CERTIFICATE, b"\0\0\0\0\0\0\0\1\0\0\0\0\4cert\0\1x" + b"\0\x20" + b"f" * 32),
    (
        PRECERTIFICATE,
        b"\0\0\0\0\0\0\0\2\0\1" + b"k" * 32 + b"\0\0\3tbs\0\0" + b"\0\0\7precert" + b"\0\x40" + b"f" * 32 + b"g" * 32,
    ),
]
EMPTY_PRECERTIFICATE: Final = b"\0\0\0\0\0\0\0\2\0\1" + b"k" * 32 + b"\0\0\3tbs\0\0" + b"\0\0\0" + b"\0\0"


@pytest.mark.parametrize(("leaf", "raw"), LEAVES)
def test_a_leaf_is_encoded_field_by_field(leaf: TileLeaf, raw: bytes) -> None:
    assert leaf.encode() == raw
    assert TileLeaf.parse(raw) == leaf
    assert timestamped_size(b"before" + raw, 6) == len(leaf.timestamped.encode())


def test_a_leaf_knows_what_was_submitted() -> None:
    assert (CERTIFICATE.certificate, PRECERTIFICATE.certificate) == (b"cert", b"precert")


@pytest.mark.parametrize("leaf", [raw for _, raw in LEAVES])
def test_a_leaf_of_another_form_is_refused(leaf: bytes) -> None:
    for raw in (leaf + b"\0", leaf[:9] + b"\2" + leaf[10:], *(leaf[:end] for end in range(len(leaf)))):
        with pytest.raises(MalformedError) as caught:
            TileLeaf.parse(raw, what="test")
        assert caught.value.what == "test"


@pytest.mark.parametrize(
    "raw", [LEAVES[0][1][:-34] + b"\0\1f", LEAVES[0][1][:-34] + b"\0\x21" + b"f" * 33, EMPTY_PRECERTIFICATE]
)
def test_a_chain_or_precertificate_of_another_size_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        TileLeaf.parse(raw, what="test")
    assert caught.value.what == "test"


def test_a_data_tile_is_split_into_its_leaves() -> None:
    raws = [raw for _, raw in LEAVES] * 2
    assert split_data_tile(b"".join(raws), 4) == tuple(raws)
    assert split_data_tile(b"", 0) == ()


@pytest.mark.parametrize("width", [0, 1, 3, 4])
def test_a_data_tile_of_another_width_is_refused(width: int) -> None:
    with pytest.raises(MalformedError) as caught:
        split_data_tile(b"".join(raw for _, raw in LEAVES), width, what="test")
    assert caught.value.what == "test"


@pytest.mark.parametrize("leaf", [raw for _, raw in LEAVES])
def test_a_data_tile_that_is_cut_off_is_refused(leaf: bytes) -> None:
    for raw in (leaf[:9] + b"\2" + leaf[10:], *(leaf[:end] for end in range(len(leaf)))):
        with pytest.raises(MalformedError):
            split_data_tile(raw, 1)


@pytest.mark.parametrize(("leaf", "raw"), LEAVES)
def test_an_entry_that_is_cut_off_has_no_size(leaf: TileLeaf, raw: bytes) -> None:
    whole = len(leaf.timestamped.encode())
    assert timestamped_size(raw[:whole]) == whole
    for end in range(whole):
        with pytest.raises(MalformedError) as caught:
            timestamped_size(raw[:end], what="test")
        assert caught.value.what == "test"
