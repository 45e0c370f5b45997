"""What stands in the certificates of an authority itself (RFC 5280 section 4.2.1, RFC 3161 section 2.3).

Under the root are an intermediate, which issues to signers, and the certificate of the timestamp authority. That one
has no intermediate of its own: it would be one more certificate in what clients carry, and one more key on the server,
which could make timestamp authorities that nobody has heard of.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Self

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.extensions import (
    CODE_SIGNING,
    TIME_STAMPING,
    Usage,
    authority_key_identifier,
    basic_constraints,
    extended_key_usage,
    identify_key,
    key_usage,
    read_key_identifier,
    subject_key_identifier,
)
from cosignpy.core.x509.issuing import CertificateTemplate, encode_name
from cosignpy.core.x509.names import COMMON_NAME, ORGANIZATION, find_attribute
from cosignpy.core.x509.tbs import NamedExtension
from cosignpy.values import value

_ROOT_NAME: Final = "root"
_NAME_OCTETS: Final = 4
"""Of a key's identifier in the name of its certificate: who rotates gets another name each time."""


class Role(StrEnum):
    """What a key under the root is for."""

    ISSUING = "issuing"
    TIMESTAMPING = "timestamping"


def show_time(moment: datetime) -> str:
    """Write a time for people and programs (RFC 3339)."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@value
class Subject:
    """Whom a certificate is for: name and key in DER."""

    name: bytes
    spki: bytes


@value
class Period:
    """From when until when a certificate is valid; both ends belong to it."""

    begin: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{show_time(self.begin)} to {show_time(self.end)}"


@value
class Issuer:
    """What a certificate takes from that of its issuer."""

    name: bytes
    key_identifier: bytes

    @classmethod
    def of(cls, certificate: bytes) -> Self:
        """Read the issuer's certificate; where it does not say what its key is called, that follows from the key.

        Raises:
            MalformedError: It cannot be read.
        """
        parsed = Certificate.parse(certificate)
        named = read_key_identifier(parsed)
        return cls(parsed.subject, named if named is not None else identify_key(parsed.tbs.spki))


_ROOT: Final = (basic_constraints(1), key_usage(Usage.CERTIFICATE_SIGNING, Usage.CRL_SIGNING))
_BELOW: Final[Mapping[Role, tuple[NamedExtension, ...]]] = {
    Role.ISSUING: (
        basic_constraints(0),
        key_usage(Usage.CERTIFICATE_SIGNING, Usage.CRL_SIGNING),
        extended_key_usage((CODE_SIGNING,), critical=False),
    ),
    Role.TIMESTAMPING: (
        key_usage(Usage.DIGITAL_SIGNATURE),
        extended_key_usage((TIME_STAMPING,), critical=True),
    ),
}


def root_template(subject: Subject, period: Period, serial: int) -> CertificateTemplate:
    """Build the root, which issues itself: one authority may stand between it and leaves."""
    identifier = identify_key(subject.spki)
    extensions = (*_ROOT, subject_key_identifier(identifier))
    return CertificateTemplate(serial, subject.name, period.begin, period.end, subject.name, subject.spki, extensions)


def template_under(issuer: Issuer, role: Role, subject: Subject, period: Period, serial: int) -> CertificateTemplate:
    """Build what the root issues."""
    identifiers = (subject_key_identifier(identify_key(subject.spki)), authority_key_identifier(issuer.key_identifier))
    return CertificateTemplate(
        serial, issuer.name, period.begin, period.end, subject.name, subject.spki, (*_BELOW[role], *identifiers)
    )


def name_root(organization: str, name: str) -> bytes:
    """Name the root.

    Raises:
        UsageError: The organisation or the name cannot stand in a certificate.
    """
    return encode_name(f"{name} {_ROOT_NAME}", organization)


def name_under(root: bytes, role: Role, spki: bytes) -> bytes:
    """Name what a root issues: as it is named itself, by what the key is for, and by the key.

    Raises:
        MalformedError: The root's certificate cannot be read.
        UsageError: It has no organisation or common name, or too long ones.
    """
    subject = Certificate.parse(root).subject
    base = find_attribute(subject, COMMON_NAME, what="root").removesuffix(f" {_ROOT_NAME}")
    suffix = identify_key(spki)[:_NAME_OCTETS].hex()
    return encode_name(f"{base} {role} {suffix}", find_attribute(subject, ORGANIZATION, what="root"))
