"""How the engine writes certificates."""

from hashlib import sha256
from typing import Final

import pytest

from cosignpy.core.ct.entry import EntryType, SignedEntry, TimestampedEntry
from cosignpy.core.ct.sct import encode_leaf_index
from cosignpy.core.ct.tile_leaf import TileLeaf
from cosignpy.errors import MalformedError
from log_server.ct import entries
from log_server.ct.entries import build_extra_data, encode_content, issuer_object, merkle_leaf, needed, seal, split
from log_server.tlog.entry_form import EntryForm

ISSUER, ROOT = b"issuer", b"root"
CHAIN: Final = tuple(sha256(der).digest() for der in (ISSUER, ROOT))
OBJECTS: Final = {issuer_object(sha256(der).digest()): der for der in (ISSUER, ROOT)}

CASES: Final = [
    (SignedEntry(EntryType.X509, b"", b"cert"), b""),
    (SignedEntry(EntryType.PRECERTIFICATE, b"k" * 32, b"tbs"), b"precert"),
]
_: EntryForm = entries


@pytest.mark.parametrize(("entry", "precertificate"), CASES)
def test_a_sealed_entry_is_a_tile_leaf_with_time_and_index(entry: SignedEntry, precertificate: bytes) -> None:
    timestamped = TimestampedEntry(0x0102030405060708, entry, encode_leaf_index(0x0102030405))
    sealed = seal(encode_content(entry, precertificate, CHAIN), 0x0102030405, 0x0102030405060708)
    assert TileLeaf.parse(sealed) == TileLeaf(timestamped, precertificate, CHAIN)
    assert merkle_leaf(sealed) == timestamped.encode_leaf()


def test_what_is_no_entry_has_no_leaf() -> None:
    with pytest.raises(MalformedError):
        merkle_leaf(b"\0" * 9)


def test_bundles_are_split_as_they_were_joined() -> None:
    sealed = [seal(encode_content(*case, CHAIN), place, 1) for place, case in enumerate(CASES)]
    assert split(b"".join(sealed), 2) == tuple(sealed)
    assert entries.data_path == "data"
    with pytest.raises(MalformedError):
        split(b"".join(sealed), 1)


@pytest.mark.parametrize("case", CASES)
def test_an_entry_needs_the_certificates_above_it(case: tuple[SignedEntry, bytes]) -> None:
    assert set(needed(seal(encode_content(*case, CHAIN), 0, 0))) == set(OBJECTS)
    assert needed(seal(encode_content(*case, ()), 0, 0)) == ()


def test_an_issuer_is_kept_under_its_fingerprint() -> None:
    assert issuer_object(b"\xab" * 32) == "issuer/" + "ab" * 32


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (CASES[0], b"\0\0\x10\0\0\6issuer\0\0\4root"),
        (CASES[1], b"\0\0\7precert\0\0\x10\0\0\6issuer\0\0\4root"),
    ],
)
def test_extra_data_holds_the_chain(case: tuple[SignedEntry, bytes], expected: bytes) -> None:
    assert build_extra_data(seal(encode_content(*case, CHAIN), 0, 0), OBJECTS.get) == expected


@pytest.mark.parametrize("stored", [None, b"another"])
def test_a_missing_or_damaged_issuer_is_named(stored: bytes | None) -> None:
    damaged = issuer_object(CHAIN[1])
    sealed = seal(encode_content(*CASES[0], CHAIN), 0, 0)
    with pytest.raises(MalformedError) as caught:
        build_extra_data(sealed, lambda name: stored if name == damaged else OBJECTS[name])
    assert caught.value.what == damaged
