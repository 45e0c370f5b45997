"""The extensions that authorities write (RFC 5280 section 4.2.1), encoded; reading is done by `chain`."""

import hashlib
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from cosignpy.core.x509.der import (
    BIT_STRING,
    BOOLEAN,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    encode_element,
    encode_integer,
    encode_sequence,
    read_children,
    read_whole,
)
from cosignpy.core.x509.tbs import Extension, NamedExtension, encode_extension
from cosignpy.errors import MalformedError

SUBJECT_KEY_IDENTIFIER: Final = bytes.fromhex("551d0e")
KEY_USAGE: Final = bytes.fromhex("551d0f")
SUBJECT_ALTERNATIVE_NAME: Final = bytes.fromhex("551d11")
BASIC_CONSTRAINTS: Final = bytes.fromhex("551d13")
AUTHORITY_KEY_IDENTIFIER: Final = bytes.fromhex("551d23")
EXTENDED_KEY_USAGE: Final = bytes.fromhex("551d25")
"""The identifiers, as their content octets."""

CODE_SIGNING: Final = bytes.fromhex("2b06010505070303")
TIME_STAMPING: Final = bytes.fromhex("2b06010505070308")
"""RFC 5280 section 4.2.1.12, id-kp-codeSigning and id-kp-timeStamping."""

_TRUE: Final = b"\xff"
_KEY_IDENTIFIER: Final = 0x80
_SPKI_PARTS: Final = (SEQUENCE, BIT_STRING)


class Usage(IntEnum):
    """What a key may be used for, by the number of its bit (RFC 5280 section 4.2.1.3)."""

    DIGITAL_SIGNATURE = 0
    CERTIFICATE_SIGNING = 5
    CRL_SIGNING = 6


def basic_constraints(path_length: int | None) -> NamedExtension:
    """Say that this is an authority, with at most so many authorities between it and leaves; None: any number."""
    limit = encode_integer(path_length) if path_length is not None else b""
    content = encode_sequence(encode_element(BOOLEAN, _TRUE), limit)
    return encode_extension(BASIC_CONSTRAINTS, Extension(critical=True, content=content))


def key_usage(*usages: Usage) -> NamedExtension:
    """Say what the key is for, without zero bits at the end, as DER has it for named bits (X.690 section 11.2.2)."""
    last = max(usages)
    octets = last // 8 + 1
    bits = sum(1 << octets * 8 - 1 - usage for usage in set(usages))
    unused = octets * 8 - 1 - last
    content = encode_element(BIT_STRING, bytes((unused,)) + bits.to_bytes(octets, "big"))
    return encode_extension(KEY_USAGE, Extension(critical=True, content=content))


def extended_key_usage(purposes: Iterable[bytes], *, critical: bool) -> NamedExtension:
    """Say what certificates are for: critical for time stamping alone (RFC 3161 section 2.3)."""
    content = encode_sequence(*[encode_element(OBJECT_IDENTIFIER, purpose) for purpose in purposes])
    return encode_extension(EXTENDED_KEY_USAGE, Extension(critical, content))


def subject_key_identifier(identifier: bytes) -> NamedExtension:
    """Say what the certified key is called by those it signs."""
    content = encode_element(OCTET_STRING, identifier)
    return encode_extension(SUBJECT_KEY_IDENTIFIER, Extension(critical=False, content=content))


def authority_key_identifier(identifier: bytes) -> NamedExtension:
    """Say what the issuer's key is called in its own certificate."""
    content = encode_sequence(encode_element(_KEY_IDENTIFIER, identifier))
    return encode_extension(AUTHORITY_KEY_IDENTIFIER, Extension(critical=False, content=content))


def identify_key(spki: bytes) -> bytes:
    """Return what a key is called: SHA-1 over its bits (RFC 5280 section 4.2.1.2, method 1). Nothing is proved by it.

    Raises:
        MalformedError: Not a SubjectPublicKeyInfo.
    """
    parts = read_children(spki, read_whole(spki, SEQUENCE, what="public key"), what="public key")
    if tuple(part.tag for part in parts) != _SPKI_PARTS:
        raise MalformedError("public key", "not a SubjectPublicKeyInfo")
    bits = spki[parts[1].content + 1 : parts[1].end]
    return hashlib.sha1(bits, usedforsecurity=False).digest()
