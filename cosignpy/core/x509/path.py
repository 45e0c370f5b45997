"""A whole certification path at a given moment (RFC 5280 section 6.1), for one purpose, up to an authority we trust.

Sigstore's trusted roots give every authority's certificates in order, so no path has to be searched for. Revocation
and certificate policies do not exist there.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import verify_issued_by, verify_may_issue
from cosignpy.core.x509.der_values import decode_oid
from cosignpy.core.x509.extensions import (
    ANY_PURPOSE,
    BASIC_CONSTRAINTS,
    EXTENDED_KEY_USAGE,
    KEY_USAGE,
    NAME_CONSTRAINTS,
    SUBJECT_ALTERNATIVE_NAME,
    read_purposes,
)
from cosignpy.core.x509.tbs import NamedExtension, parse_extension
from cosignpy.errors import CertificateError, LimitExceeded

MAX_ISSUERS: Final = 10
"""Certificates above a leaf: Fulcio and timestamp authorities have one or two."""

_UNDERSTOOD: Final = frozenset({BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, SUBJECT_ALTERNATIVE_NAME})
"""What is looked at here, or by those who ask for the path; a certificate with another critical one is refused
(section 4.2). So is one that constrains names, critical or not: no authority of Sigstore's kind has that."""


def verify_path(leaf: Certificate, issuers: Sequence[Certificate], purpose: bytes, moment: datetime) -> None:
    """Show that a leaf was issued for a purpose, by these issuers in their order, and all of them valid at a moment.

    `purpose` is the content octets of an identifier. The last issuer is trusted already, and nothing but its validity
    and what it may do is asked of it.

    Raises:
        CertificateError: A link that does not hold, a certificate that was not valid then or not for that purpose, no
            issuer at all, or a critical extension that is not understood.
        LimitExceeded: More issuers than `MAX_ISSUERS`.
        MalformedError: A certificate that cannot be read.
    """
    if not issuers:
        raise CertificateError("leaf certificate", "no issuer of it is trusted")
    if len(issuers) > MAX_ISSUERS:
        raise LimitExceeded("certificate chain", f"{len(issuers)} issuers, at most {MAX_ISSUERS} are accepted")
    what = "leaf certificate"
    verify_valid_at(leaf, moment, what=what)
    _verify_extensions(leaf, what)
    verify_purpose(leaf, purpose, what=what)
    below = leaf
    for place, issuer in enumerate(issuers):
        _verify_link(below, issuer, what=what)
        what = f"issuer {place + 1} of the leaf certificate"
        verify_valid_at(issuer, moment, what=what)
        _verify_issuer(issuer, _count_authorities(issuers[:place]), purpose, what)
        below = issuer


@lru_cache(maxsize=64)
def _verify_issuer(issuer: Certificate, below: int, purpose: bytes, what: str) -> None:
    """Show what does not depend on the time; authorities are always the same few, and one that holds is kept."""
    _verify_extensions(issuer, what)
    verify_may_issue(issuer, below, what=what)
    _verify_allows(issuer, purpose, what)


_verify_link: Final = lru_cache(maxsize=512)(verify_issued_by)
"""Links that hold are not looked at again. Those between authorities, and of timestamps, are always the same few, and
a curve of 384 bits takes more time than all else; what does not hold is never kept."""


def verify_valid_at(certificate: Certificate, moment: datetime, *, what: str = "certificate") -> None:
    """Show that a certificate was valid at a moment; both ends are (RFC 5280 section 4.1.2.5).

    Raises:
        CertificateError: It was not.
    """
    first, last = certificate.not_before, certificate.not_after
    if not first <= moment <= last:
        raise CertificateError(
            what, f"valid from {first.isoformat()} to {last.isoformat()}, which is not {moment.isoformat()}"
        )


def verify_purpose(certificate: Certificate, purpose: bytes, *, what: str = "certificate") -> None:
    """Show that a leaf was issued for a purpose: it has to say so (RFC 5280 section 4.2.1.12).

    Raises:
        CertificateError: It does not.
        MalformedError: Its extensions cannot be read.
    """
    if purpose not in (read_purposes(certificate, what=what) or ()):
        raise CertificateError(what, f"its extended key usage does not have {decode_oid(purpose, what=what)}")


def _verify_allows(issuer: Certificate, purpose: bytes, what: str) -> None:
    """Show that an authority is not kept from certifying for a purpose: where it names some, this has to be one."""
    purposes = read_purposes(issuer, what=what)
    if purposes is not None and not {purpose, ANY_PURPOSE} & set(purposes):
        raise CertificateError(what, f"its extended key usage does not allow {decode_oid(purpose, what=what)}")


def _verify_extensions(certificate: Certificate, what: str) -> None:
    for extension in certificate.tbs.extensions:
        _verify_understood(extension, what)


def _verify_understood(extension: NamedExtension, what: str) -> None:
    if extension.oid == NAME_CONSTRAINTS:
        raise CertificateError(what, "it constrains names, which is not understood, critical or not")
    if extension.oid not in _UNDERSTOOD and parse_extension(extension.raw, what=what).critical:
        oid = decode_oid(extension.oid, what=what)
        raise CertificateError(what, f"critical extension {oid} is not understood")


def _count_authorities(issuers: Sequence[Certificate]) -> int:
    """Count those that a path length is about: not the ones that issued themselves (section 4.2.1.9)."""
    return sum(one.issuer != one.subject for one in issuers)
