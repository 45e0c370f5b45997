"""Certificates that issue certificates (RFC 5280 sections 4.2.1 and 6.1): single links of a chain."""

from functools import lru_cache
from hashlib import sha256
from typing import Final

from cosignpy.core.encoding import parse_pem
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.certificate_signature import verify_certificate_signature
from cosignpy.core.x509.der_values import encode_oid
from cosignpy.core.x509.extensions import Usage, read_basic_constraints, read_key_usage, read_purposes
from cosignpy.errors import CertificateError, KeyUnusable, LimitExceeded, MalformedError, SignatureMismatch

PRECERTIFICATE_SIGNING: Final = encode_oid("1.3.6.1.4.1.11129.2.4.4", what="key usage")
"""Key usage of authorities that sign precertificates in place of the issuer (RFC 6962 section 3.1)."""

LABEL: Final = "CERTIFICATE"
"""RFC 7468 section 5."""
_BEGIN: Final = b"-----BEGIN "


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


@lru_cache(maxsize=64)
def fingerprint(certificate: Certificate) -> bytes:
    """Return the SHA-256 digest of a certificate; those of authorities are asked for with each signature."""
    return sha256(certificate.der).digest()


def verify_issued_by(certificate: Certificate, issuer: Certificate, *, what: str = "certificate") -> None:
    """Show that the issuer's name stands in the certificate and that its key signed it.

    Raises:
        CertificateError: It is not so, or with an algorithm that is unknown or too weak.
    """
    if certificate.issuer != issuer.subject:
        raise CertificateError(what, _NOT_ISSUED)
    try:
        verify_certificate_signature(certificate, read_key(issuer, what="issuer certificate"))
    except (SignatureMismatch, MalformedError, KeyUnusable) as error:
        raise CertificateError(what, _NOT_ISSUED) from error


_NOT_ISSUED: Final = "its issuer has another name, or did not sign it"


@lru_cache(maxsize=64)
def read_key(certificate: Certificate, *, what: str = "certificate") -> PublicKey:
    """Return the key in a certificate; those of authorities are asked for with each signature.

    Raises:
        MalformedError: Not a key of a known kind.
        KeyUnusable: RSA of a size that is not accepted.
    """
    return PublicKey.parse_der(certificate.tbs.spki, what=f"key of the {what}")


def verify_may_issue(issuer: Certificate, below: int, *, what: str = "issuer certificate") -> None:
    """Show that a certificate may issue others, with `below` authorities between it and the last one.

    Raises:
        CertificateError: Not an authority, not for signing certificates, too far up, or only for precertificates.
        MalformedError: Its extensions cannot be read.
    """
    constraints = read_basic_constraints(issuer, what=what)
    if constraints is None or not constraints.is_authority:
        raise CertificateError(what, "not the certificate of an authority (no basic constraint CA)")
    if constraints.path_length is not None and below > constraints.path_length:
        raise CertificateError(what, f"{below} authorities below it, it allows {constraints.path_length}")
    usage = read_key_usage(issuer, what=what)
    if usage is not None and Usage.CERTIFICATE_SIGNING not in usage:
        raise CertificateError(what, "its key usage does not allow signing certificates")
    if PRECERTIFICATE_SIGNING in (read_purposes(issuer, what=what) or ()):
        raise CertificateError(what, "a precertificate signing certificate; the issuer itself has to sign")
