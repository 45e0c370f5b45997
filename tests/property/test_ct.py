"""Certificate transparency: what parses encodes to the same bytes, and nothing else parses."""

from contextlib import suppress
from typing import Final

import pytest
from cryptography.x509 import DNSName, ObjectIdentifier, OtherName, SubjectAlternativeName, UnrecognizedExtension
from hypothesis import given, settings
from hypothesis import strategies as st

from cosignpy.core.ct.entry import EntryType, SignedEntry, TimestampedEntry
from cosignpy.core.ct.precertificate import (
    POISON,
    SCT_LIST,
    build_certificate_entry,
    parse_embedded_scts,
    verify_sct,
)
from cosignpy.core.ct.sct import (
    MAX_LEAF_INDEX,
    Sct,
    encode_leaf_index,
    encode_sct_list,
    parse_leaf_index,
    parse_sct_list,
)
from cosignpy.core.ct.tile_leaf import TileLeaf
from cosignpy.core.keys.algorithms import ECDSA_P256, Scheme
from cosignpy.core.keys.digitally_signed import DigitallySigned
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import UTF8_STRING, encode_element, read_element, read_whole
from cosignpy.core.x509.fulcio_extensions import fulcio_extensions
from cosignpy.core.x509.fulcio_names import ARC
from cosignpy.core.x509.subject_alt_name import subject_names
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import CosignError, MalformedError
from log_server.ct import entries
from log_server.ct.accept_chain import ChainRule, accept_chain
from log_server.ct.issuer_paths import IssuerPaths
from log_server.ct.roots import AcceptedRoots
from log_server.ct.sign_sct import sign_sct
from tests.support.certificates import MIDDLE, NAMED, POISONED, Authority

TIMES: Final = st.integers(0, 2**64 - 1)
INDICES: Final = st.integers(0, MAX_LEAF_INDEX)
SHORT: Final = st.binary(max_size=40)
HASHES: Final = st.binary(min_size=32, max_size=32)
CHAINS: Final = st.lists(HASHES, max_size=4).map(tuple)

SIGNED: Final = st.builds(DigitallySigned, st.sampled_from([Scheme.ECDSA, Scheme.RSA_PKCS1V15]), SHORT)
SCTS: Final = st.builds(Sct, HASHES, TIMES, SHORT, SIGNED)
CONTENTS: Final = st.binary(min_size=1, max_size=300)
CERTIFICATES: Final = st.builds(SignedEntry, st.just(EntryType.X509), st.just(b""), CONTENTS)
PRECERTIFICATES: Final = st.builds(SignedEntry, st.just(EntryType.PRECERTIFICATE), HASHES, CONTENTS)
ENTRIES: Final = CERTIFICATES | PRECERTIFICATES
TIMESTAMPED: Final = st.builds(TimestampedEntry, TIMES, ENTRIES, SHORT)
TILE_LEAVES: Final = st.builds(
    TileLeaf, st.builds(TimestampedEntry, TIMES, CERTIFICATES, SHORT), st.just(b""), CHAINS
) | st.builds(TileLeaf, st.builds(TimestampedEntry, TIMES, PRECERTIFICATES, SHORT), CONTENTS, CHAINS)

ROOT: Final = Authority.root()
ISSUER: Final = ROOT.authority()
LOG: Final = PrivateKey.generate(ECDSA_P256)
PRIVATE_ARC: Final = "1.3.6.1.4.1.57264.99"


@given(SCTS)
def test_an_sct_survives(sct: Sct) -> None:
    assert Sct.parse(sct.encode()) == sct


@given(st.lists(SCTS, min_size=1, max_size=5).map(tuple))
def test_a_list_of_scts_survives(scts: tuple[Sct, ...]) -> None:
    assert parse_sct_list(encode_sct_list(scts)) == scts


@given(TIMESTAMPED)
def test_a_leaf_survives(entry: TimestampedEntry) -> None:
    assert TimestampedEntry.parse_leaf(entry.encode_leaf()) == entry


@given(TILE_LEAVES)
def test_a_tile_leaf_survives(leaf: TileLeaf) -> None:
    assert TileLeaf.parse(leaf.encode()) == leaf


@given(INDICES)
def test_the_index_of_a_leaf_survives(index: int) -> None:
    assert parse_leaf_index(encode_leaf_index(index)) == index


@given(st.binary(max_size=200))
def test_whatever_parses_encodes_to_the_same_bytes(raw: bytes) -> None:
    with suppress(MalformedError):
        assert Sct.parse(raw).encode() == raw
    with suppress(MalformedError):
        assert encode_sct_list(parse_sct_list(raw)) == raw
    with suppress(MalformedError):
        assert DigitallySigned.parse(raw).encode() == raw
    with suppress(MalformedError):
        assert TimestampedEntry.parse_leaf(raw).encode_leaf() == raw
    with suppress(MalformedError):
        assert TileLeaf.parse(raw).encode() == raw
    with suppress(MalformedError):
        found = read_element(raw, 0, len(raw), what="test")
        assert encode_element(found.tag, raw[found.content : found.end]) == raw[: found.end]


@given(TILE_LEAVES, st.integers(0), st.integers(1, 255))
def test_a_changed_tile_leaf_is_another_or_none(leaf: TileLeaf, place: int, change: int) -> None:
    raw = bytearray(leaf.encode())
    raw[place % len(raw)] ^= change
    with suppress(MalformedError):
        found = TileLeaf.parse(bytes(raw))
        assert found != leaf
        assert found.encode() == bytes(raw)


@given(st.lists(st.tuples(ENTRIES, CHAINS, INDICES, TIMES), max_size=6))
def test_a_data_tile_gives_back_what_was_sealed(drawn: list[tuple[SignedEntry, tuple[bytes, ...], int, int]]) -> None:
    sealed = []
    for entry, chain, index, time in drawn:
        precertificate = b"precertificate" if entry.kind is EntryType.PRECERTIFICATE else b""
        sealed.append(entries.seal(entries.encode_content(entry, precertificate, chain), index, time))
        leaf = TileLeaf.parse(sealed[-1])
        assert leaf.timestamped == TimestampedEntry(time, entry, encode_leaf_index(index))
        assert (leaf.precertificate, leaf.chain) == (precertificate, chain)
        assert entries.merkle_leaf(sealed[-1]) == leaf.timestamped.encode_leaf()
    assert entries.split(b"".join(sealed), len(sealed)) == tuple(sealed)


@given(st.binary(max_size=300), st.integers(0, 4))
def test_bytes_that_are_no_data_tile_are_refused(raw: bytes, width: int) -> None:
    with suppress(MalformedError):
        assert b"".join(entries.split(raw, width)) == raw


@given(st.integers(0, 400), st.integers(0, 3))
@settings(max_examples=30)
def test_cutting_an_extension_out_leaves_what_was_there_before_it(size: int, place: int) -> None:
    """Around every length at which DER writes another number of octets."""
    extra = [(UnrecognizedExtension(ObjectIdentifier(f"{PRIVATE_ARC}.{arc}"), b"x" * size), False) for arc in range(3)]
    poison = (UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.11129.2.4.3"), b"\x05\x00"), True)
    plain, poisoned = [*NAMED, *extra], [*NAMED, *extra]
    poisoned.insert(place, poison)
    tbs = TbsCertificate.parse(ROOT.leaf(poisoned))
    assert tbs.encode_without(POISON) == TbsCertificate.parse(ROOT.leaf(plain)).raw
    assert tbs.encode_without(SCT_LIST) == tbs.raw


@given(st.integers(0, 2), st.integers(0), st.integers(1, 255))
@settings(max_examples=300)
def test_a_changed_chain_is_accepted_or_refused(certificate: int, place: int, change: int) -> None:
    """Nothing but an error of ours leaves, wherever one byte is another."""
    chain = [ISSUER.leaf(POISONED), ISSUER.der, ROOT.der]
    raw = bytearray(chain[certificate])
    raw[place % len(raw)] ^= change
    chain[certificate] = bytes(raw)
    paths = IssuerPaths(AcceptedRoots.build([ROOT.certificate]))
    with pytest.raises(CosignError):
        accept_chain(chain, EntryType.PRECERTIFICATE, paths, ChainRule(), MIDDLE)


@given(st.integers(0), st.integers(1, 255))
@settings(max_examples=300)
def test_names_and_extensions_of_a_changed_certificate_are_read_or_malformed(place: int, change: int) -> None:
    raw = bytearray(FULCIO_LEAF)
    raw[place % len(raw)] ^= change
    with suppress(MalformedError):
        certificate = Certificate.parse(bytes(raw))
        subject_names(certificate)
        fulcio_extensions(certificate)


@given(st.integers(0), st.integers(1, 255))
def test_a_changed_certificate_is_read_or_malformed(place: int, change: int) -> None:
    raw = bytearray(LEAF)
    raw[place % len(raw)] ^= change
    with suppress(MalformedError):
        tbs = TbsCertificate.parse(bytes(raw))
        assert read_whole(tbs.raw, 0x30, what="test").end == len(tbs.raw)
        parse_embedded_scts(bytes(raw))


@given(st.binary(min_size=1, max_size=100), INDICES, TIMES, st.integers(0), st.integers(1, 255))
@settings(max_examples=50)
def test_no_neighbour_of_an_sct_verifies(certificate: bytes, index: int, time: int, place: int, change: int) -> None:
    entry = build_certificate_entry(certificate)
    sct = sign_sct(entries.encode_content(entry, b"", ()), index, time, LOG)
    verify_sct(sct, entry, LOG.public_key)
    raw = bytearray(sct.encode())
    raw[place % len(raw)] ^= change
    with pytest.raises(CosignError):
        verify_sct(Sct.parse(bytes(raw)), entry, LOG.public_key)


def _fulcio_leaf() -> bytes:
    texts = {number: encode_element(UTF8_STRING, b"text") for number in range(8, 25)} | {1: b"text"}
    extensions = [
        (UnrecognizedExtension(ObjectIdentifier(f"{ARC}.{number}"), texts[number]), False) for number in texts
    ]
    username = OtherName(ObjectIdentifier(f"{ARC}.7"), encode_element(UTF8_STRING, b"name"))
    return ROOT.leaf([(SubjectAlternativeName([username, DNSName("a.example")]), True), *extensions])


def _leaf() -> bytes:
    sct = Sct(bytes(32), 0, b"", DigitallySigned(Scheme.ECDSA, b"signature"))
    return ROOT.leaf_with([sct])


LEAF: Final = _leaf()
FULCIO_LEAF: Final = _fulcio_leaf()
