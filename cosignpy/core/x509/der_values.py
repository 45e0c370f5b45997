"""The simple types of ASN.1 as DER has them (X.690 sections 8 and 11): of each value there is exactly one encoding."""

import re
from datetime import UTC, datetime
from typing import Final

from cosignpy.core.x509.der import BOOLEAN, GENERALIZED_TIME, INTEGER, encode_element
from cosignpy.errors import LimitExceeded, MalformedError

MAX_ARCS: Final = 128
"""Numbers of an object identifier; real ones have a dozen. To print one with a million takes minutes."""
MAX_ARC_OCTETS: Final = 19
"""Of one of its numbers: identifiers made of a UUID have one of 128 bits (ITU-T X.667)."""

TRUE: Final = encode_element(BOOLEAN, b"\xff")
NULL: Final = b"\x05\x00"

_DOTTED: Final = re.compile(r"(?:[0-2])(?:\.(?:0|[1-9][0-9]{0,38}))+", re.ASCII)
_SECOND_ARCS: Final = 40
"""Below the first arcs 0 and 1 there are so many, and the first octet holds both (X.690 section 8.19.4)."""
_TIME: Final = re.compile(rb"[0-9]{14}(?:\.[0-9]{0,5}[1-9])?Z")
_MICROSECOND_DIGITS: Final = 6
_SIGN: Final = 0x80
_MORE: Final = 0x80


def decode_integer(content: bytes, *, what: str) -> int:
    """Decode the content octets of an INTEGER.

    Raises:
        MalformedError: None, or more than it takes (X.690 section 8.3.2).
    """
    padded = len(content) > 1 and content[0] in {0x00, 0xFF} and (content[0] ^ content[1]) & _SIGN == 0
    if not content or padded:
        raise MalformedError(what, "an integer that is not DER")
    return int.from_bytes(content, "big", signed=True)


def encode_signed_integer(number: int) -> bytes:
    """Encode an INTEGER of either sign, in as few octets as it takes."""
    magnitude = max(number, ~number)
    return encode_element(INTEGER, number.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True))


def decode_true(content: bytes | None, *, what: str) -> bool:
    """Decode the content of a BOOLEAN that is false by default: DER has no false one there (X.690 section 11.5).

    Raises:
        MalformedError: Something other than TRUE (section 11.1).
    """
    if content not in {None, b"\xff"}:
        raise MalformedError(what, "a boolean that is not DER")
    return content is not None


def decode_oid(content: bytes, *, what: str) -> str:
    """Decode the content octets of an OBJECT IDENTIFIER into its dotted form.

    Raises:
        MalformedError: Cut off, or a number in more octets than it takes (X.690 section 8.19.2).
        LimitExceeded: More numbers than `MAX_ARCS`, or longer ones than `MAX_ARC_OCTETS`.
    """
    if not content or content[-1] & _MORE:
        raise MalformedError(what, "an object identifier that is cut off")
    arcs: list[int] = []
    number = octets = 0
    for octet in content:
        if octets == 0 and octet == _MORE:
            raise MalformedError(what, "an object identifier that is not DER")
        number, octets = number << 7 | octet & ~_MORE, octets + 1
        if octets > MAX_ARC_OCTETS:
            raise LimitExceeded(what, f"an object identifier with a number of more than {MAX_ARC_OCTETS} octets")
        if not octet & _MORE:
            arcs.append(number)
            number = octets = 0
    if len(arcs) >= MAX_ARCS:  # the first of them is two
        raise LimitExceeded(what, f"an object identifier of more than {MAX_ARCS} numbers")
    top = min(arcs[0] // _SECOND_ARCS, 2)
    return ".".join(map(str, (top, arcs[0] - top * _SECOND_ARCS, *arcs[1:])))


def encode_oid(dotted: str, *, what: str) -> bytes:
    """Encode the content octets of an OBJECT IDENTIFIER.

    Raises:
        MalformedError: Not the dotted form of one.
        LimitExceeded: More numbers than `MAX_ARCS`.
    """
    if not _DOTTED.fullmatch(dotted):
        raise MalformedError(what, f"{dotted[:MAX_ARCS]!r} is not an object identifier")
    first, second, *others = map(int, dotted.split("."))
    if first < 2 and second >= _SECOND_ARCS:  # noqa: PLR2004 # the third arc, `joint-iso-itu-t`, has no such bound
        raise MalformedError(what, f"{dotted!r} is not an object identifier")
    if len(others) + 2 > MAX_ARCS:
        raise LimitExceeded(what, f"an object identifier of more than {MAX_ARCS} numbers")
    return b"".join([_encode_arc(arc) for arc in (first * _SECOND_ARCS + second, *others)])


def _encode_arc(arc: int) -> bytes:
    octets = [arc & ~_MORE & 0xFF]
    while arc := arc >> 7:
        octets.append(arc & ~_MORE & 0xFF | _MORE)
    return bytes(reversed(octets))


def decode_generalized_time(content: bytes, *, what: str) -> datetime:
    """Decode the content octets of a GeneralizedTime (X.690 section 11.7, RFC 3161 section 2.4.2).

    Raises:
        MalformedError: Not in UTC, zeros at the end of its fraction, finer than microseconds, or not a time at all.
    """
    match = _TIME.fullmatch(content)
    if match is None:
        raise MalformedError(what, "a time that is not DER")
    digits = content.decode("ascii")
    fraction = digits[15:-1].ljust(_MICROSECOND_DIGITS, "0")
    month, day, hour, minute, second = [int(digits[place : place + 2]) for place in range(4, 14, 2)]
    try:
        return datetime(int(digits[:4]), month, day, hour, minute, second, int(fraction), tzinfo=UTC)
    except ValueError as error:
        raise MalformedError(what, "a time that there is not") from error


def encode_generalized_time(moment: datetime) -> bytes:
    """Encode a whole GeneralizedTime; years have four digits here too."""
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    text = moment.strftime("%m%d%H%M%S")
    return encode_element(GENERALIZED_TIME, f"{moment.year:04d}{text}{fraction}Z".encode("ascii"))
