"""Of each value there is one encoding; the others are refused."""

from datetime import UTC, datetime

import pytest
from cryptography.x509 import ObjectIdentifier

from cosignpy.core.x509.der import encode_element
from cosignpy.core.x509.der_values import (
    MAX_ARCS,
    TRUE,
    decode_generalized_time,
    decode_integer,
    decode_oid,
    decode_true,
    encode_generalized_time,
    encode_oid,
    encode_signed_integer,
)
from cosignpy.errors import LimitExceeded, MalformedError

INTEGERS = [
    (0, "00"),
    (1, "01"),
    (127, "7f"),
    (128, "0080"),
    (256, "0100"),
    (-1, "ff"),
    (-128, "80"),
    (-129, "ff7f"),
    (2**64, "010000000000000000"),
]


@pytest.mark.parametrize(("number", "content"), INTEGERS)
def test_integers(number: int, content: str) -> None:
    raw = bytes.fromhex(content)
    assert decode_integer(raw, what="test") == number
    assert encode_signed_integer(number) == encode_element(2, raw)


@pytest.mark.parametrize("content", ["", "0000", "007f", "ffff", "ff80"])
def test_integers_are_as_short_as_they_can_be(content: str) -> None:
    with pytest.raises(MalformedError):
        decode_integer(bytes.fromhex(content), what="test")


def test_a_boolean_is_there_or_not() -> None:
    assert TRUE == b"\x01\x01\xff"
    assert decode_true(b"\xff", what="test")
    assert not decode_true(None, what="test")


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x01", b"\xff\xff"])
def test_other_booleans_are_refused(content: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_true(content, what="test")


OIDS = [
    ("0.0", "00"),
    ("0.39", "27"),
    ("1.0", "28"),
    ("1.39", "4f"),
    ("2.0", "50"),
    ("2.47", "7f"),
    ("2.48", "8100"),
    ("1.2.16384", "2a818000"),
    ("2.999.3", "883703"),
    ("1.2.840.113549.1.9.16.1.4", "2a864886f70d0109100104"),
    ("1.3.6.1.4.1.57264.2", "2b0601040183bf3002"),
    ("2.25.329800735698586629295641978511506172918", "6983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776"),
]


@pytest.mark.parametrize(("dotted", "content"), OIDS)
def test_object_identifiers(dotted: str, content: str) -> None:
    raw = bytes.fromhex(content)
    assert ObjectIdentifier(dotted).dotted_string == decode_oid(raw, what="test") == dotted
    assert encode_oid(dotted, what="test") == raw


@pytest.mark.parametrize("content", ["", "80", "2a80", "2a8001", "802a", "2a86"])
def test_object_identifiers_in_other_spellings_are_refused(content: str) -> None:
    with pytest.raises(MalformedError):
        decode_oid(bytes.fromhex(content), what="test")


@pytest.mark.parametrize(
    "dotted", ["", "1", "3.1", "1.40", "0.40", "1.2.", ".1.2", "1.02", "1..2", "1.2 ", "1.-2", "1.٢"]
)
def test_what_is_not_an_object_identifier_is_refused(dotted: str) -> None:
    with pytest.raises(MalformedError):
        encode_oid(dotted, what="test")


def test_object_identifiers_have_a_limit() -> None:
    longest = ".".join(["1", "3", *["1"] * (MAX_ARCS - 2)])
    raw = encode_oid(longest, what="test")
    assert decode_oid(raw, what="test") == longest
    with pytest.raises(LimitExceeded):
        encode_oid(f"{longest}.1", what="test")
    with pytest.raises(LimitExceeded):
        decode_oid(raw + b"\x01", what="test")
    assert decode_oid(b"\x2a" + b"\x81" * 18 + b"\x01", what="test").startswith("1.2.")
    with pytest.raises(LimitExceeded):
        decode_oid(b"\x2a" + b"\x81" * 19 + b"\x01", what="test")


MOMENT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
TIMES = [
    (MOMENT, b"20260203040506Z"),
    (MOMENT.replace(microsecond=500_000), b"20260203040506.5Z"),
    (MOMENT.replace(microsecond=123), b"20260203040506.000123Z"),
    (datetime(1, 1, 1, tzinfo=UTC), b"00010101000000Z"),
]


@pytest.mark.parametrize(("moment", "content"), TIMES)
def test_times(moment: datetime, content: bytes) -> None:
    assert decode_generalized_time(content, what="test") == moment
    assert encode_generalized_time(moment) == encode_element(0x18, content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"20260203040506",
        b"2026020304Z",
        b"20260203040506+0000",
        b"20260203040506.Z",
        b"20260203040506.10Z",
        b"20260203040506,5Z",
        b"20260203040506.1234567Z",
        b"20260203040560Z",
        b"20260230040506Z",
        b"00000203040506Z",
        b"20260203040506Z\n",
    ],
)
def test_other_times_are_refused(content: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_generalized_time(content, what="test")
