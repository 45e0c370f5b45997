"""The few rules of DER (X.690 sections 8.1 and 10) that are needed to find an element in a certificate.

Elements are places in the octets that were signed, so that what goes on to be signed or hashed is never encoded a
second time.
"""

from typing import Final, NamedTuple

from cosignpy.errors import MalformedError

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
OBJECT_IDENTIFIER: Final = 0x06
UTF8_STRING: Final = 0x0C
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_LONG_TAG: Final = 0x1F
_LONG_LENGTH: Final = 0x80
_MAX_LENGTH_OCTETS: Final = 4
"""Four octets of length reach 4 GiB, beyond every limit on input here."""


class Element(NamedTuple):
    """Where an element lies: its tag, and the offsets of its first byte, of its content, and behind it.

    A tuple, and not a value: a log makes dozens of these for each certificate.
    """

    tag: int
    start: int
    content: int
    end: int


_make_tuple: Final = tuple.__new__
"""Half of reading an element would be a named tuple's own way of making one."""


def read_element(raw: bytes, start: int, end: int, *, what: str) -> Element:
    """Read tag and length of the element at `start`, which has to end at `end` or before.

    Raises:
        MalformedError: It does not, or the length is not in the one form of DER (X.690 section 10.1).
    """
    content = start + 2
    if content > end:
        raise MalformedError(what, "it ends within an element")
    tag, length = raw[start], raw[start + 1]
    if tag & _LONG_TAG == _LONG_TAG:
        raise MalformedError(what, "a tag of several bytes")
    if length >= _LONG_LENGTH:
        octets = length - _LONG_LENGTH
        content += octets
        length = int.from_bytes(raw[start + 2 : content], "big")
        if not 1 <= octets <= _MAX_LENGTH_OCTETS or length < max(_LONG_LENGTH, 1 << 8 * (octets - 1)):
            raise MalformedError(what, "a length that is not DER")
    if content + length > end:
        raise MalformedError(what, "it ends within an element")
    return _make_tuple(Element, (tag, start, content, content + length))


def read_children(raw: bytes, parent: Element, *, what: str) -> list[Element]:
    """Read the elements that an element consists of.

    Raises:
        MalformedError: Its content is not a run of whole elements.
    """
    found = []
    start = parent.content
    while start < parent.end:
        child = read_element(raw, start, parent.end, what=what)
        found.append(child)
        start = child.end
    return found


def read_whole(raw: bytes, tag: int, *, what: str) -> Element:
    """Read bytes that are one element of a known tag, and nothing else.

    Raises:
        MalformedError: Another tag, or bytes behind it.
    """
    found = read_element(raw, 0, len(raw), what=what)
    if found.tag != tag:
        raise MalformedError(what, f"tag {found.tag:#04x} where {tag:#04x} was expected")
    if found.end != len(raw):
        raise MalformedError(what, f"{len(raw) - found.end} bytes behind its end")
    return found


def encode_element(tag: int, content: bytes) -> bytes:
    """Encode an element, its length in the one form of DER."""
    length = len(content)
    if length < _LONG_LENGTH:
        return bytes((tag, length)) + content
    octets = (length.bit_length() + 7) // 8
    return bytes((tag, _LONG_LENGTH | octets)) + length.to_bytes(octets, "big") + content


def encode_sequence(*elements: bytes) -> bytes:
    """Encode a SEQUENCE of elements that are encoded already."""
    return encode_element(SEQUENCE, b"".join(elements))


def encode_integer(number: int) -> bytes:
    """Encode an INTEGER that is not negative, in as few octets as it takes (X.690 section 8.3.2)."""
    return encode_element(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def encode_bit_string(octets: bytes) -> bytes:
    """Encode a BIT STRING of whole octets: none of its bits are unused."""
    return encode_element(BIT_STRING, b"\x00" + octets)


def decode_utf8_string(raw: bytes, *, what: str) -> str:
    """Decode a DER UTF8String.

    Raises:
        MalformedError: Not one UTF8String, or not UTF-8.
    """
    found = read_whole(raw, UTF8_STRING, what=what)
    return decode_utf8(raw[found.content :], what=what)


def decode_utf8(raw: bytes, *, what: str) -> str:
    """Decode text.

    Raises:
        MalformedError: Not UTF-8.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(what, "not UTF-8") from error
