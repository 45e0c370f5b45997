"""Entries and leaves, byte by byte as RFC 6962 draws them."""

from hashlib import sha256
from typing import Final

import pytest

from cosignpy.core.ct.entry import (
    MAX_CERTIFICATE,
    EntryType,
    SignedEntry,
    TimestampedEntry,
)
from cosignpy.core.tls_vectors import VectorReader
from cosignpy.errors import LimitExceeded, MalformedError

CERTIFICATE: Final = SignedEntry(EntryType.X509, b"", b"cert")
PRECERTIFICATE: Final = SignedEntry(EntryType.PRECERTIFICATE, b"k" * 32, b"tbs")
TIME: Final = bytes(range(1, 9))
LEAVES: Final = [
    (TimestampedEntry(0x0102030405060708, CERTIFICATE, b"x"), b"\0\0" + TIME + b"\0\0\0\0\4cert\0\1x"),
    (
        TimestampedEntry(0x0102030405060708, PRECERTIFICATE),
        b"\0\0" + TIME + b"\0\1" + b"k" * 32 + b"\0\0\3tbs\0\0",
    ),
]


@pytest.mark.parametrize(("entry", "raw"), LEAVES)
def test_a_leaf_is_encoded_field_by_field(entry: TimestampedEntry, raw: bytes) -> None:
    assert entry.encode_leaf() == raw
    assert TimestampedEntry.parse_leaf(raw) == entry


@pytest.mark.parametrize("leaf", [raw for _, raw in LEAVES])
def test_a_leaf_of_another_form_is_refused(leaf: bytes) -> None:
    longer = leaf + b"\0"
    version, kind, entry_type = b"\1" + leaf[1:], leaf[:1] + b"\1" + leaf[2:], leaf[:11] + b"\2" + leaf[12:]
    for raw in (longer, version, kind, entry_type, *(leaf[:end] for end in range(len(leaf)))):
        with pytest.raises(MalformedError) as caught:
            TimestampedEntry.parse_leaf(raw, what="test")
        assert caught.value.what == "test"


def test_an_empty_certificate_is_refused() -> None:
    with pytest.raises(MalformedError):
        SignedEntry.read(VectorReader(b"\0\0\0\0\0", "test"))


def test_certificates_are_limited() -> None:
    assert len(SignedEntry(EntryType.X509, b"", b"x" * MAX_CERTIFICATE).encode()) == MAX_CERTIFICATE + 5
    with pytest.raises(LimitExceeded):
        SignedEntry(EntryType.X509, b"", b"x" * (MAX_CERTIFICATE + 1)).encode()


def test_entries_differ_in_each_of_their_parts() -> None:
    entries = {
        PRECERTIFICATE,
        CERTIFICATE,
        SignedEntry(EntryType.PRECERTIFICATE, b"l" * 32, b"tbs"),
        SignedEntry(EntryType.PRECERTIFICATE, b"k" * 32, b"tbt"),
    }
    assert len({entry.identity for entry in entries}) == 4
    assert CERTIFICATE.identity == sha256(b"\0\0\0\0\4cert").digest()
