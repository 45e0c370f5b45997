"""The extensions by which authorities say what a certificate is for (RFC 5280 section 4.2.1), written and read."""

import hashlib
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import (
    BIT_STRING,
    BOOLEAN,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    encode_element,
    encode_integer,
    encode_sequence,
    read_children,
    read_whole,
)
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.der_values import decode_integer, decode_true
from cosignpy.core.x509.tbs import Extension, NamedExtension, encode_extension
from cosignpy.errors import MalformedError
from cosignpy.values import value

SUBJECT_KEY_IDENTIFIER: Final = bytes.fromhex("551d0e")
KEY_USAGE: Final = bytes.fromhex("551d0f")
SUBJECT_ALTERNATIVE_NAME: Final = bytes.fromhex("551d11")
BASIC_CONSTRAINTS: Final = bytes.fromhex("551d13")
NAME_CONSTRAINTS: Final = bytes.fromhex("551d1e")
AUTHORITY_KEY_IDENTIFIER: Final = bytes.fromhex("551d23")
EXTENDED_KEY_USAGE: Final = bytes.fromhex("551d25")
"""The identifiers, as their content octets."""

CODE_SIGNING: Final = bytes.fromhex("2b06010505070303")
TIME_STAMPING: Final = bytes.fromhex("2b06010505070308")
ANY_PURPOSE: Final = bytes.fromhex("551d2500")
"""RFC 5280 section 4.2.1.12, id-kp-codeSigning, id-kp-timeStamping and anyExtendedKeyUsage."""

MAX_PURPOSES: Final = 64
"""Purposes of one certificate: real ones have one or two, some of the web a dozen."""

_MAX_UNUSED_BITS: Final = 7
_TRUE: Final = b"\xff"
_KEY_IDENTIFIER: Final = 0x80
_SPKI_PARTS: Final = (SEQUENCE, BIT_STRING)


class Usage(IntEnum):
    """What a key may be used for, by the number of its bit (RFC 5280 section 4.2.1.3)."""

    DIGITAL_SIGNATURE = 0
    CONTENT_COMMITMENT = 1
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


@value
class BasicConstraints:
    """Whether it is an authority's (section 4.2.1.9), and how many authorities may be below it: None for any number."""

    is_authority: bool
    path_length: int | None = None


def read_basic_constraints(certificate: Certificate, *, what: str = "certificate") -> BasicConstraints | None:
    """Read whether a certificate says that it is an authority's; None where it says nothing.

    Raises:
        MalformedError: The extension has another form.
    """
    extension = certificate.tbs.extension(BASIC_CONSTRAINTS, what=what)
    if extension is None:
        return None
    fields = Fields.of(extension.content, what=what)
    is_authority = decode_true(fields.optional_content(BOOLEAN), what=what)
    limit = fields.optional_content(INTEGER)
    fields.finish()
    length = decode_integer(limit, what=what) if limit is not None else None
    if length is not None and length < 0:
        raise MalformedError(what, "a path length below zero")
    return BasicConstraints(is_authority, length)


def is_authority(certificate: Certificate, *, what: str = "certificate") -> bool:
    """Tell whether a certificate says that it may issue others.

    Raises:
        MalformedError: The extension has another form.
    """
    constraints = read_basic_constraints(certificate, what=what)
    return constraints is not None and constraints.is_authority


def read_key_usage(certificate: Certificate, *, what: str = "certificate") -> frozenset[int] | None:
    """Read what a key may be used for (section 4.2.1.3), as the numbers of `Usage`; None where nothing is said.

    Raises:
        MalformedError: The extension has another form.
    """
    extension = certificate.tbs.extension(KEY_USAGE, what=what)
    if extension is None:
        return None
    found = read_whole(extension.content, BIT_STRING, what=what)
    unused, octets = extension.content[found.content : found.content + 1], extension.content[found.content + 1 :]
    bits = int.from_bytes(octets, "big")
    count = len(octets) * 8
    if not octets or unused[0] > _MAX_UNUSED_BITS or bits & (1 << unused[0]) - 1:
        raise MalformedError(what, "a key usage that is not DER")
    return frozenset([number for number in range(count) if bits >> count - 1 - number & 1])


def read_purposes(certificate: Certificate, *, what: str = "certificate") -> tuple[bytes, ...] | None:
    """Read what a certificate is for (section 4.2.1.12), as content octets of identifiers; None where nothing is said.

    Raises:
        MalformedError: The extension has another form.
        LimitExceeded: More than `MAX_PURPOSES`.
    """
    extension = certificate.tbs.extension(EXTENDED_KEY_USAGE, what=what)
    if extension is None:
        return None
    found = Fields.of(extension.content, what=what).items(most=MAX_PURPOSES, tags=(OBJECT_IDENTIFIER,))
    if not found:
        raise MalformedError(what, "an extended key usage without one")
    return tuple([_content(raw, OBJECT_IDENTIFIER, what) for raw in found])


def read_key_identifier(certificate: Certificate, *, what: str = "certificate") -> bytes | None:
    """Read what a certificate says that its key is called (section 4.2.1.2); None where it says nothing.

    Raises:
        MalformedError: The extension has another form.
    """
    extension = certificate.tbs.extension(SUBJECT_KEY_IDENTIFIER, what=what)
    return _content(extension.content, OCTET_STRING, what) if extension is not None else None


def _content(raw: bytes, tag: int, what: str) -> bytes:
    return raw[read_whole(raw, tag, what=what).content :]
