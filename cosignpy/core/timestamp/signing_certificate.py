"""Which certificate a token was signed with: an attribute that is signed as well (RFC 5035 sections 3 to 5, RFC 5816).

Without it a token could be shown with another certificate for the same key.
"""

import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1, HashAlgorithm

from cosignpy.core.cms.signed_data import encode_attribute
from cosignpy.core.keys.signatures import HASHES
from cosignpy.core.timestamp.imprint import HASH_NAMES
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, encode_element, encode_sequence
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.der_values import decode_integer, encode_oid, encode_signed_integer
from cosignpy.errors import MalformedError, TimestampError

SIGNING_CERTIFICATE: Final = encode_oid("1.2.840.113549.1.9.16.2.12", what="attribute")
SIGNING_CERTIFICATE_V2: Final = encode_oid("1.2.840.113549.1.9.16.2.47", what="attribute")
"""The attribute of RFC 2634 and RFC 3161, and that of RFC 5035 and RFC 5816."""

_WHAT: Final = "signing certificate attribute"
_DIRECTORY_NAME: Final = 0xA4
_SHA1: Final = SHA1()  # noqa: S303 - see below
"""What the first version hashes with. A second certificate of the same SHA-1 nobody can make; two of them he could,
and then has to have had one of them issued."""
_DEFAULT: Final = HASHES["sha256"]
_MAX_CERTIFICATES: Final = 16
"""Certificates that an attribute names; the first is the signer's."""


def encode_signing_certificate(leaf: bytes, issuer: bytes, serial: int) -> bytes:
    """Encode the attribute for a certificate in DER, with its issuer's name in DER and its serial number."""
    named = encode_sequence(encode_element(_DIRECTORY_NAME, issuer))
    issuer_serial = encode_sequence(named, encode_signed_integer(serial))
    identifier = encode_sequence(encode_element(OCTET_STRING, hashlib.sha256(leaf).digest()), issuer_serial)
    return encode_attribute(SIGNING_CERTIFICATE_V2, encode_sequence(encode_sequence(identifier)))


def verify_signing_certificate(attributes: Mapping[bytes, bytes], leaf: Certificate) -> None:
    """Show that the signed attributes name the certificate that is taken for the signer's.

    Raises:
        MalformedError: An attribute of another form.
        TimestampError: They name another certificate, or none.
    """
    found = [kind for kind in (SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2) if kind in attributes]
    if not found:
        raise TimestampError("timestamp token", "it does not say which certificate it was signed with")
    for kind in found:
        algorithm, digest, named = _read_first(attributes[kind], kind)
        same = hmac.compare_digest(digest, _fingerprint(leaf, algorithm.name))
        if not same or named not in {None, (leaf.issuer, leaf.serial_number)}:
            raise TimestampError("timestamp token", "it names another certificate than it was signed with")


@lru_cache(maxsize=64)
def _fingerprint(leaf: Certificate, algorithm: str) -> bytes:
    """Hash an authority's certificate once for all its tokens."""
    return hashlib.new(algorithm, leaf.der, usedforsecurity=False).digest()


def _read_first(der: bytes, kind: bytes) -> tuple[HashAlgorithm, bytes, tuple[bytes, int] | None]:
    """Return hash function and digest of the first certificate, and its issuer and serial number where they are."""
    attribute = Fields.of(der, what=_WHAT)
    certificates = attribute.inside().items(most=_MAX_CERTIFICATES, tags=(SEQUENCE,))
    attribute.optional(SEQUENCE)  # policies, which are not judged
    attribute.finish()
    if not certificates:
        raise MalformedError(_WHAT, "it names no certificate")
    identifier = Fields.of(certificates[0], what=_WHAT)
    algorithm = _read_algorithm(identifier) if kind == SIGNING_CERTIFICATE_V2 else _SHA1
    digest = identifier.content(OCTET_STRING)
    named = identifier.optional_inside(SEQUENCE)
    identifier.finish()
    return algorithm, digest, _read_issuer_serial(named) if named is not None else None


def _read_algorithm(identifier: Fields) -> HashAlgorithm:
    """Read the hash function. SHA-256 is the default, which some authorities write all the same."""
    algorithm = identifier.optional_inside(SEQUENCE)
    if algorithm is None:
        return _DEFAULT
    name = HASH_NAMES.get(algorithm.content(OBJECT_IDENTIFIER))
    if name is None:
        raise MalformedError(_WHAT, "a hash function that is unknown, or too weak")
    return HASHES[name]


def _read_issuer_serial(fields: Fields) -> tuple[bytes, int]:
    """Read the name and number of an IssuerSerial (RFC 5035 section 5); of a certificate its one name is a Name."""
    names = fields.inside()
    name = names.inside(_DIRECTORY_NAME)
    names.finish()
    issuer = name.whole(SEQUENCE)
    name.finish()
    serial = decode_integer(fields.content(INTEGER), what=_WHAT)
    fields.finish()
    return issuer, serial
