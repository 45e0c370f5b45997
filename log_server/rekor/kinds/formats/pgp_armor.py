"""ASCII armor and clear-signed text of OpenPGP (RFC 4880 sections 6 and 7)."""

import re
from typing import Final

from cosignpy.core.encoding import decode_b64, encode_b64
from cosignpy.errors import MalformedError
from cosignpy.values import field, value

PUBLIC_KEY: Final = "PGP PUBLIC KEY BLOCK"
SIGNATURE: Final = "PGP SIGNATURE"

_BLOCK: Final = re.compile(
    rb"^[ \t]*-----BEGIN (?P<label>PGP [A-Z ,]{1,40})-----[ \t]*\r?\n"
    rb"(?:[A-Za-z]{1,40}: ?[^\r\n]{0,199}\r?\n){0,16}"
    rb"[ \t]*\r?\n"
    rb"(?P<body>(?:[A-Za-z0-9+/]{1,96}={0,2}[ \t]*\r?\n)*)"
    rb"(?:=(?P<crc>[A-Za-z0-9+/]{4})[ \t]*\r?\n)?"
    rb"-----END (?P=label)-----",
    re.MULTILINE,
)
_CRC_START: Final = 0xB704CE
_CRC_POLYNOMIAL: Final = 0x1864CFB
_CRC_BITS: Final = 24
_CRC_MASK: Final = 0xFFFFFF
_LINE: Final = 64
_CLEARSIGNED: Final = b"-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE_START: Final = b"-----BEGIN PGP SIGNATURE-----"


def _crc_of_octet(octet: int) -> int:
    crc = octet << 16
    for _ in range(8):
        crc <<= 1
        if crc >> _CRC_BITS:
            crc ^= _CRC_POLYNOMIAL
    return crc


_CRC_TABLE: Final = tuple([_crc_of_octet(octet) for octet in range(256)])


@value
class Armored:
    """One block of armor: its label, its content, and the bytes behind it."""

    label: str
    body: bytes = field(repr=False)
    after: bytes = field(default=b"", repr=False)


@value
class ClearSigned:
    """A clear-signed text: `signed` as it is hashed, with CRLF; `text` as it is read, with LF; the signature."""

    signed: bytes = field(repr=False)
    text: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def find_armor(raw: bytes, *, what: str) -> Armored | None:
    """Return the first block of armor, or None in bytes that hold none.

    Raises:
        MalformedError: Its content is not base64, or does not have the checksum that it states.
    """
    match = _BLOCK.search(raw)
    if match is None:
        return None
    body = decode_b64(b"".join(match["body"].split()).decode("ascii"), what=what)
    if match["crc"] is not None and decode_b64(match["crc"].decode("ascii"), what=what) != _checksum(body):
        raise MalformedError(what, "the checksum of the armor is of other content")
    return Armored(match["label"].decode("ascii"), body, raw[match.end() :])


def encode_armor(label: str, body: bytes) -> bytes:
    """Encode as the real server does: no headers, 64 columns, a checksum, no newline at the end."""
    text = encode_b64(body)
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    checksum = encode_b64(_checksum(body))
    return "\n".join([f"-----BEGIN {label}-----", "", *lines, f"={checksum}", f"-----END {label}-----"]).encode("ascii")


def _checksum(body: bytes) -> bytes:
    """Compute the CRC-24 of RFC 4880 section 6.1."""
    crc = _CRC_START
    for octet in body:
        crc = (crc << 8 & _CRC_MASK) ^ _CRC_TABLE[crc >> 16 ^ octet]
    return crc.to_bytes(3, "big")


def parse_clearsigned(raw: bytes, *, what: str) -> ClearSigned:
    """Parse the first clear-signed text (RFC 4880 section 7).

    Raises:
        MalformedError: None there, a header other than Hash, or no signature behind the text.
    """
    lines = iter([line.removesuffix(b"\r") for line in raw.split(b"\n")])
    if _CLEARSIGNED not in lines:  # which also reads up to it
        raise MalformedError(what, "no clear-signed text")
    for line in iter(lambda: next(lines, b""), b""):
        if not line.startswith(b"Hash:"):
            raise MalformedError(what, "a header other than Hash before the text")
    found = list(lines)
    if _SIGNATURE_START not in found:
        raise MalformedError(what, "no signature after the text")
    end = found.index(_SIGNATURE_START)
    armored = find_armor(b"\n".join(found[end:]), what=what)
    if armored is None or armored.label != SIGNATURE:
        raise MalformedError(what, "the signature after the text is broken")
    # Section 7.1: a dash and a space escape a line, and trailing blanks are not signed.
    text = [line.removeprefix(b"- ").rstrip(b" \t") for line in found[:end]]
    return ClearSigned(b"\r\n".join(text), b"".join(line + b"\n" for line in text), armored.body)
