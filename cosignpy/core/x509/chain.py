"""Certificates that issue certificates (RFC 5280 sections 4.2.1 and 6.1): single links of a chain."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final, TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    DuplicateExtension,
    ExtendedKeyUsage,
    ExtensionNotFound,
    Extensions,
    ExtensionType,
    InvalidVersion,
    KeyUsage,
    Name,
    ObjectIdentifier,
    UnsupportedGeneralNameType,
    load_der_x509_certificate,
)

from cosignpy.core.encoding import parse_pem
from cosignpy.core.x509.der import BIT_STRING, INTEGER, SEQUENCE, Element, read_children, read_element, read_whole
from cosignpy.errors import CertificateError, LimitExceeded, MalformedError

PRECERTIFICATE_SIGNING: Final = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.4")
"""Key usage of authorities that sign precertificates in place of the issuer (RFC 6962 section 3.1)."""

LABEL: Final = "CERTIFICATE"
"""RFC 7468 section 5."""
_BEGIN: Final = b"-----BEGIN "

T = TypeVar("T")
ExtensionKind = TypeVar("ExtensionKind", bound=ExtensionType)

_UNREADABLE: Final = (
    ValueError,
    TypeError,
    DuplicateExtension,
    InvalidVersion,
    UnsupportedAlgorithm,
    UnsupportedGeneralNameType,
)
"""What `cryptography` raises for a certificate it does not understand; parts are parsed when they are asked for."""


def parse_certificate(der: bytes, *, what: str = "certificate") -> Certificate:
    """Parse a certificate in DER.

    Raises:
        MalformedError: It is none, its serial number is not positive (RFC 5280 section 4.1.2.2), or it is spelled in a
            way that no issuer has.
    """
    certificate = read_whole(der, SEQUENCE, what=what)
    _refuse_serial_number(der, certificate, what)
    _refuse_unused_bits(der, certificate, what)
    return _readable(lambda: load_der_x509_certificate(der), what)


def parse_chain_pem(raw: bytes, *, most: int, what: str = "chain") -> tuple[bytes, ...]:
    """Parse a PEM file of certificates, in DER; text around them is tolerated. What they say is for others to look at.

    Raises:
        MalformedError: There is none, one is incomplete, or something else is there as well.
        LimitExceeded: More than `most`.
    """
    pieces = raw.split(_BEGIN)[1:]
    if not pieces:
        raise MalformedError(what, "no certificate in it")
    if len(pieces) > most:
        raise LimitExceeded(what, f"{len(pieces)} certificates, at most {most} are accepted")
    blocks = [parse_pem(_BEGIN + piece, what=what) for piece in pieces]
    for block in blocks:
        if block.label != LABEL:
            raise MalformedError(what, f"a PEM block {block.label!r} is not a certificate")
    return tuple([block.body for block in blocks])


def find_extension(
    certificate: Certificate, kind: type[ExtensionKind], *, what: str = "certificate"
) -> ExtensionKind | None:
    """Return an extension's value, None where the certificate does not have it.

    Raises:
        MalformedError: The extensions cannot be read.
    """
    try:
        return read_extensions(certificate, what=what).get_extension_for_class(kind).value
    except ExtensionNotFound:
        return None


def read_extensions(certificate: Certificate, *, what: str = "certificate") -> Extensions:
    """Return all extensions of a certificate.

    Raises:
        MalformedError: They cannot be read, or one is given twice.
    """
    return _readable(lambda: certificate.extensions, what)


def read_issuer(certificate: Certificate, *, what: str = "certificate") -> Name:
    """Return the name of a certificate's issuer.

    Raises:
        MalformedError: It holds text that is not in its encoding.
    """
    return _readable(lambda: certificate.issuer, what)


def read_subject(certificate: Certificate, *, what: str = "certificate") -> Name:
    """Return the name a certificate is for.

    Raises:
        MalformedError: It holds text that is not in its encoding.
    """
    return _readable(lambda: certificate.subject, what)


def read_lifetime(certificate: Certificate, *, what: str = "certificate") -> tuple[datetime, datetime]:
    """Return the first and the last moment at which a certificate is valid.

    Raises:
        MalformedError: One of them is in the year 0, which dates do not have.
    """
    return _readable(lambda: (certificate.not_valid_before_utc, certificate.not_valid_after_utc), what)


@lru_cache(maxsize=64)
def fingerprint(certificate: Certificate) -> bytes:
    """Return the SHA-256 digest of a certificate; those of authorities are asked for with each signature."""
    return sha256(certificate.public_bytes(Encoding.DER)).digest()


def verify_issued_by(certificate: Certificate, issuer: Certificate, *, what: str = "certificate") -> None:
    """Show that the issuer's name stands in the certificate and that its key signed it.

    Raises:
        CertificateError: It is not so, or with an algorithm that is unknown or too weak.
    """
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *_UNREADABLE) as error:
        raise CertificateError(what, "its issuer has another name, or did not sign it") from error


def verify_may_issue(issuer: Certificate, below: int, *, what: str = "issuer certificate") -> None:
    """Show that a certificate may issue others, with `below` authorities between it and the last one.

    Raises:
        CertificateError: Not an authority, not for signing certificates, too far up, or only for precertificates.
        MalformedError: Its extensions cannot be read.
    """
    constraints = find_extension(issuer, BasicConstraints, what=what)
    if constraints is None or not constraints.ca:
        raise CertificateError(what, "not the certificate of an authority (no basic constraint CA)")
    if constraints.path_length is not None and below > constraints.path_length:
        raise CertificateError(what, f"{below} authorities below it, it allows {constraints.path_length}")
    usage = find_extension(issuer, KeyUsage, what=what)
    if usage is not None and not usage.key_cert_sign:
        raise CertificateError(what, "its key usage does not allow signing certificates")
    purposes = find_extension(issuer, ExtendedKeyUsage, what=what)
    if purposes is not None and PRECERTIFICATE_SIGNING in purposes:
        raise CertificateError(what, "a precertificate signing certificate; the issuer itself has to sign")


def _refuse_serial_number(der: bytes, certificate: Element, what: str) -> None:
    """Look at it first: `cryptography` writes a warning to the terminal for each such certificate it is given."""
    tbs = read_element(der, certificate.content, len(der), what=what)
    first = read_element(der, tbs.content, tbs.end, what=what)
    serial = first if first.tag == INTEGER else read_element(der, first.end, tbs.end, what=what)
    if int.from_bytes(der[serial.content : serial.end], "big", signed=True) <= 0:
        raise MalformedError(what, "its serial number is not positive")


def _refuse_unused_bits(der: bytes, certificate: Element, what: str) -> None:
    """Refuse a signature that says of some of its bits that they are none of it.

    `cryptography` verifies it all the same where these are zero, so that whoever has a certificate could make another
    of it with another digest, which no deny list has.
    """
    signature = read_children(der, certificate, what=what)[-1]
    if signature.tag == BIT_STRING and der[signature.content : signature.content + 1] != b"\x00":
        raise MalformedError(what, "its signature is not one of whole octets")


def _readable(read: Callable[[], T], what: str) -> T:
    try:
        return read()
    except _UNREADABLE as error:
        raise MalformedError(what, "not a certificate that can be read") from error
