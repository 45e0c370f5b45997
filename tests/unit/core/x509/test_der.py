"""DER elements: one form of each length, nothing cut off, nothing left over."""

import pytest

from cosignpy.core.x509.der import (
    OCTET_STRING,
    SEQUENCE,
    UTF8_STRING,
    Element,
    decode_utf8_string,
    encode_element,
    read_children,
    read_element,
    read_whole,
)
from cosignpy.errors import MalformedError


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, "0400"),
        (127, "047f"),
        (128, "048180"),
        (255, "0481ff"),
        (256, "04820100"),
        (65_535, "0482ffff"),
        (65_536, "0483010000"),
        (1 << 24, "048401000000"),
    ],
)
def test_a_length_has_one_form(size: int, head: str) -> None:
    raw = encode_element(OCTET_STRING, b"x" * size)
    assert raw == bytes.fromhex(head) + b"x" * size
    assert read_whole(raw, OCTET_STRING, what="test") == Element(OCTET_STRING, 0, len(head) // 2, len(raw))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "it ends within an element"),
        ("04", "it ends within an element"),
        ("0401", "it ends within an element"),
        ("0481", "a length that is not DER"),
        ("048180", "it ends within an element"),
        ("0482ffff00", "it ends within an element"),
        ("0480", "a length that is not DER"),
        ("04800000", "a length that is not DER"),
        ("048100", "a length that is not DER"),
        ("04817f" + 127 * "00", "a length that is not DER"),
        ("04820080" + 128 * "00", "a length that is not DER"),
        ("0485010000000000", "a length that is not DER"),
        ("1f0100", "a tag of several bytes"),
        ("3f0100", "a tag of several bytes"),
    ],
)
def test_an_element_in_another_form_is_refused(raw: str, why: str) -> None:
    whole = bytes.fromhex(raw)
    with pytest.raises(MalformedError) as caught:
        read_element(whole, 0, len(whole), what="test")
    assert (caught.value.what, caught.value.why) == ("test", why)


def test_an_element_does_not_reach_beyond_its_parent() -> None:
    assert read_element(b"\x04\x01x", 0, 3, what="test").end == 3
    with pytest.raises(MalformedError):
        read_element(b"\x04\x01x", 0, 2, what="test")


def test_children_fill_their_parent() -> None:
    raw = b"\x30\x05\x04\x00\x04\x01x"
    assert [child.end for child in read_children(raw, read_whole(raw, SEQUENCE, what="test"), what="test")] == [4, 7]
    assert read_children(b"\x30\x00", Element(SEQUENCE, 0, 2, 2), what="test") == []
    with pytest.raises(MalformedError):
        read_children(raw, Element(SEQUENCE, 0, 2, 6), what="test")


@pytest.mark.parametrize("raw", [b"\x31\x00", b"\x30\x00\x00"])
def test_one_whole_element_of_its_tag_is_expected(raw: bytes) -> None:
    assert read_whole(b"\x30\x00", SEQUENCE, what="test").end == 2
    with pytest.raises(MalformedError) as caught:
        read_whole(raw, SEQUENCE, what="test")
    assert caught.value.what == "test"


def test_text_is_a_utf8_string() -> None:
    assert decode_utf8_string(encode_element(UTF8_STRING, "ä".encode()), what="test") == "ä"


@pytest.mark.parametrize("raw", [b"\x0c\x01\xe4", b"\x13\x01a", b"\x0c\x01ab", b""])
def test_other_text_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        decode_utf8_string(raw, what="test")
    assert caught.value.what == "test"
