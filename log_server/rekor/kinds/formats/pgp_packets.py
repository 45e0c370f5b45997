"""OpenPGP packets, and the signature packet (RFC 4880 sections 4 and 5.2)."""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Final

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import field, value
from log_server.rekor.kinds.formats.wire import Reader

MAX_PACKETS: Final = 1000
"""A key of many certifications by others; each is a signature packet, and each binding is verified."""

_MARK: Final = 0x80
_NEW_FORMAT: Final = 0xC0
_UNKNOWN_LENGTH: Final = 3
"""The bits of a header's first byte (section 4.2)."""
_TWO_OCTETS: Final = 192
_PARTIAL: Final = 224
_FIVE_OCTETS: Final = 255
"""First bytes from which a length takes two bytes, is of a part, takes five (sections 4.2.2 and 5.2.3.1)."""
_MAX_TWO_OCTETS: Final = 8384
_MAX_SUBPACKET_TWO_OCTETS: Final = 16320
"""The length from which two bytes do not suffice; subpackets have no partial lengths and reach further."""
_TIME_SIZE: Final = 4

_V3: Final = 3
_V4: Final = 4
_V3_HASHED: Final = 5
_NUMBERS: Final[Mapping[int, int]] = {1: 1, 3: 1, 17: 2, 19: 2, 22: 2}
"""How many numbers a signature by each algorithm consists of: RSA 1 and 3, DSA 17, ECDSA 19, EdDSA 22."""


class Tag(IntEnum):
    """The packets that are looked into (section 4.3)."""

    SIGNATURE = 2
    SECRET_KEY = 5
    PUBLIC_KEY = 6
    SECRET_SUBKEY = 7
    USER_ID = 13
    PUBLIC_SUBKEY = 14


class Subpacket(IntEnum):
    """The parts of a signature that are looked at (section 5.2.3.1)."""

    CREATED = 2
    ISSUER = 16
    PRIMARY_USER_ID = 25
    KEY_FLAGS = 27
    REVOCATION_REASON = 29
    EMBEDDED_SIGNATURE = 32
    ISSUER_FINGERPRINT = 33


_UNDERSTOOD: Final = frozenset({2, 3, 9, 11, 16, 21, 22, 25, 27, 29, 30, 32, 33})
"""Subpackets that may be marked critical; the others are refused then, as section 5.2.3.1 demands."""


@value
class Packet:
    """A packet without its header."""

    tag: int
    body: bytes = field(repr=False)


@value
class Signature:
    """A signature packet, version 3 or 4.

    Attributes:
        kind: What is signed (section 5.2.1).
        algorithm: The number of the key's algorithm.
        digest: The number of the hash algorithm.
        suffix: What is hashed after the signed content.
        parts: The content of subpackets by number: hashed ones, and the embedded signature, which proves itself.
        issuer: The key id of the signer; empty where nothing names it.
        head: The first two bytes of the digest, as the signer stated them.
        numbers: The signature itself.
        canonical: The packet as it is logged, with its header.
    """

    kind: int
    algorithm: int
    digest: int
    suffix: bytes = field(repr=False)
    parts: Mapping[int, bytes] = field(repr=False)
    issuer: bytes
    head: bytes
    numbers: tuple[bytes, ...] = field(repr=False)
    canonical: bytes = field(repr=False)


def read_packets(raw: bytes, *, what: str) -> Iterator[Packet]:
    """Read the packets of a key or a signature, in both formats of header (section 4.2).

    Raises:
        MalformedError: Not packets, one that ends early, or one of unknown length, which is for streams.
        LimitExceeded: More than `MAX_PACKETS`.
    """
    reader = Reader(raw, what)
    for _ in range(MAX_PACKETS):
        if reader.is_empty:
            return
        yield _read_packet(reader)
    raise LimitExceeded(what, f"more than {MAX_PACKETS} packets")


def _read_packet(reader: Reader) -> Packet:
    first = reader.integer(1)
    if first < _MARK:
        raise MalformedError(reader.what, "not an OpenPGP packet")
    if first >= _NEW_FORMAT:
        return Packet(first & 0x3F, reader.take(_read_length(reader)))
    width = first & 3
    if width == _UNKNOWN_LENGTH:
        raise MalformedError(reader.what, "a packet of unknown length")
    return Packet(first >> 2 & 0xF, reader.take(reader.integer(1 << width)))


def _read_length(reader: Reader) -> int:
    first = reader.integer(1)
    if first < _TWO_OCTETS:
        return first
    if first < _PARTIAL:
        return (first - _TWO_OCTETS << 8) + reader.integer(1) + _TWO_OCTETS
    if first < _FIVE_OCTETS:
        raise MalformedError(reader.what, "a packet of unknown length")
    return reader.integer(4)


def encode_packet(tag: int, body: bytes) -> bytes:
    """Encode with a header of the new format and the shortest length, as the canonical form wants it."""
    return bytes([_NEW_FORMAT | tag]) + _encode_length(len(body)) + body


def _encode_length(length: int) -> bytes:
    if length < _TWO_OCTETS:
        return bytes([length])
    if length < _MAX_TWO_OCTETS:
        return (length - _TWO_OCTETS + (_TWO_OCTETS << 8)).to_bytes(2, "big")
    return b"\xff" + length.to_bytes(4, "big")


def parse_signature(body: bytes, *, what: str) -> Signature:
    """Parse a signature packet of version 3 or 4 (sections 5.2.2 and 5.2.3).

    Raises:
        MalformedError: Broken, of another version or algorithm, or with a critical part that is not understood.
    """
    reader = Reader(body, what)
    version = reader.integer(1)
    if version == _V4:
        return _parse_v4(reader)
    if version == _V3:
        return _parse_v3(reader)
    raise MalformedError(what, f"a signature of version {version}; 3 and 4 are understood")


def _parse_v4(reader: Reader) -> Signature:
    kind, algorithm, digest = reader.take(3)
    hashed = reader.take(reader.integer(2))
    unhashed = reader.take(reader.integer(2))
    head = reader.take(2)
    numbers = _read_numbers(reader, algorithm)
    prefix = bytes([_V4, kind, algorithm, digest]) + len(hashed).to_bytes(2, "big") + hashed
    protected, loose = _read_subpackets(hashed, reader.what), _read_subpackets(unhashed, reader.what)
    parts = {number: content for number, content in loose if number == Subpacket.EMBEDDED_SIGNATURE} | dict(protected)
    if len(parts.get(Subpacket.CREATED, b"")) != _TIME_SIZE:
        raise MalformedError(reader.what, "a signature without its time")
    rewritten = b"".join(_encode_subpacket(number, content) for number, content in loose)
    body = b"".join((prefix, len(rewritten).to_bytes(2, "big"), rewritten, head, *map(_encode_number, numbers)))
    return Signature(
        kind,
        algorithm,
        digest,
        suffix=prefix + b"\x04\xff" + len(prefix).to_bytes(4, "big"),
        parts=parts,
        issuer=_select_issuer(dict([*protected, *loose])),
        head=head,
        numbers=tuple(content for _, content in numbers),
        canonical=encode_packet(Tag.SIGNATURE, body),
    )


def _parse_v3(reader: Reader) -> Signature:
    if reader.integer(1) != _V3_HASHED:
        raise MalformedError(reader.what, "a signature of version 3 that does not hash five bytes")
    suffix = reader.take(_V3_HASHED)
    issuer = reader.take(8)
    algorithm, digest = reader.take(2)
    head = reader.take(2)
    numbers = tuple(content for _, content in _read_numbers(reader, algorithm))
    canonical = encode_packet(Tag.SIGNATURE, reader.raw)
    parts: Mapping[int, bytes] = {Subpacket.CREATED: suffix[1:]}  # one version's field is the other's subpacket
    return Signature(suffix[0], algorithm, digest, suffix, parts, issuer, head, numbers, canonical)


def _select_issuer(parts: Mapping[int, bytes]) -> bytes:
    fingerprint = parts.get(Subpacket.ISSUER_FINGERPRINT, b"")
    return parts.get(Subpacket.ISSUER, fingerprint[-8:] if fingerprint.startswith(b"\x04") else b"")


def _read_subpackets(raw: bytes, what: str) -> Sequence[tuple[int, bytes]]:
    reader = Reader(raw, what)
    found = []
    while not reader.is_empty:
        length = _read_subpacket_length(reader)
        if length == 0:
            raise MalformedError(what, "an empty subpacket")
        marked, content = reader.integer(1), reader.take(length - 1)
        number = marked & 0x7F
        if marked != number and number not in _UNDERSTOOD:
            raise MalformedError(what, f"a critical subpacket {number}, which is not understood")
        found.append((number, content))
    return found


def _read_subpacket_length(reader: Reader) -> int:
    first = reader.integer(1)
    if first < _TWO_OCTETS:
        return first
    if first < _FIVE_OCTETS:
        return (first - _TWO_OCTETS << 8) + reader.integer(1) + _TWO_OCTETS
    return reader.integer(4)


def _encode_subpacket(number: int, content: bytes) -> bytes:
    """Encode a subpacket that is not hashed; the real server forgets that one was critical."""
    length = len(content) + 1
    if length < _TWO_OCTETS:
        head = bytes([length])
    elif length < _MAX_SUBPACKET_TWO_OCTETS:
        head = (length - _TWO_OCTETS + (_TWO_OCTETS << 8)).to_bytes(2, "big")
    else:
        head = b"\xff" + length.to_bytes(4, "big")
    return head + bytes([number]) + content


def read_number(reader: Reader) -> tuple[int, bytes]:
    """Read a multi-precision integer: its length in bits, and its bytes (section 3.2).

    Raises:
        MalformedError: It ends early.
    """
    bits = reader.integer(2)
    return bits, reader.take((bits + 7) // 8)


def _read_numbers(reader: Reader, algorithm: int) -> Sequence[tuple[int, bytes]]:
    count = _NUMBERS.get(algorithm)
    if count is None:
        raise MalformedError(reader.what, f"a signature by algorithm {algorithm}, which is not understood")
    return [read_number(reader) for _ in range(count)]


def _encode_number(number: tuple[int, bytes]) -> bytes:
    bits, content = number
    return bits.to_bytes(2, "big") + content
