"""rpm: a package of rpmbuild, and ones put together by hand."""

import struct

import pytest

from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.formats.pgp_packets import encode_packet
from tests.support.pgp_keys import hand_made
from tests.support.rekor_kinds import accept, altered, load, replaced

VECTOR = load("rpm").proposed
PACKAGE = "package.content"
LEAD = b"\xed\xab\xee\xdb\x03\x00" + bytes(72) + b"\x00\x05" + bytes(16)
STRING, BINARY, INT32 = 6, 7, 4


def header(*entries: tuple[int, int, bytes], store: bytes | None = None) -> bytes:
    """Return a header whose values lie one behind the other; four bytes each of count and offset."""
    index, values = b"", b""
    for tag, kind, content in entries:
        count = len(content) if kind == BINARY else 1
        index += struct.pack(">IIII", tag, kind, len(values), count)
        values += content
    held = values if store is None else store
    return b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">II", len(entries), len(held)) + index + held


MAIN = header((1000, STRING, b"demo\0"), (1003, INT32, struct.pack(">i", 7)), (1001, STRING, b"1\0"))


def package(main: bytes = MAIN, tag: int = 1002, payload: bytes = b"payload", lead: bytes = LEAD) -> bytes:
    made = encode_packet(2, hand_made().sign(0, main + payload))
    signatures = header((1004, BINARY, b"0123456789abcdef"), (tag, BINARY, made))
    store = len(signatures) - 16 - 32
    return lead + signatures + bytes(-store % 8) + main + payload


def entry(raw: bytes) -> dict:
    return replaced(replaced(VECTOR, PACKAGE, raw), "publicKey.content", hand_made().certificate())


def test_name_and_digest_are_logged() -> None:
    body = accept(entry(package())).body
    assert b'"Architecture":"","Epoch":"7","Name":"demo","RPMSIGTAG_MD5":"30313233' in body


@pytest.mark.parametrize("tag", [1002, 1005, 1006])
def test_each_place_of_a_signature_over_everything_is_looked_at(tag: int) -> None:
    assert accept(entry(package(tag=tag)))


@pytest.mark.parametrize("tag", [267, 268])
def test_a_signature_over_the_header_alone_is_not_enough(tag: int) -> None:
    with pytest.raises(MalformedError) as refused:
        accept(entry(package(tag=tag)))
    assert "payload" in refused.value.why


def test_another_payload_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        accept(altered(entry(package()), PACKAGE, lambda raw: raw + b"."))
    with pytest.raises(SignatureMismatch):
        accept(altered(VECTOR, PACKAGE, lambda raw: raw + b"."))


@pytest.mark.parametrize(
    "main",
    [
        header((1000, STRING, b"demo")),
        header((1000, STRING, b"\xff\0")),
        header((1003, INT32, b"\0\0")),
        header((1000, STRING, b"demo\0"), store=b""),
    ],
    ids=["no end", "no UTF-8", "short number", "outside"],
)
def test_values_outside_of_a_header_are_refused(main: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        accept(entry(package(main)))
    assert refused.value.what == "RPM package"


def test_values_of_other_types_are_taken_for_absent() -> None:
    main = header((1000, BINARY, b"demo"), (1003, STRING, b"7\0"))
    assert b'"Epoch":"0","Name":""' in accept(entry(package(main))).body


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        package(lead=b"\0" + LEAD[1:]),
        package(lead=LEAD[:4] + b"\x05" + LEAD[5:]),
        package(lead=LEAD[:79] + b"\x04" + LEAD[80:]),
        LEAD + bytes(200),
        LEAD + header(),
        package()[:150],
    ],
)
def test_what_is_not_a_package_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        accept(entry(raw or b"\0"))


def test_a_header_begins_with_its_mark() -> None:
    with pytest.raises(MalformedError) as refused:
        accept(entry(LEAD + b"\x8e\xad\xe9" + header()[3:] + MAIN))
    assert "header" in refused.value.why


@pytest.mark.parametrize(("entries", "size"), [(64 * 1024 + 1, 0), (0, 32 * 1024 * 1024 + 1)])
def test_a_header_larger_than_any_is_refused(entries: int, size: int) -> None:
    with pytest.raises(LimitExceeded):
        accept(entry(LEAD + b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">II", entries, size)))
