"""What a certificate says, PURE: a principal, a key, an issuer and the time make a template.

The profile is Fulcio's (`docs/certificate-specification.md`), and so is the order of the extensions.
"""

from datetime import datetime, timedelta
from typing import Final

from ca_server.authority.protocol import IssuingCertificate
from ca_server.identity.principal import Principal
from ca_server.issuance.errors import AuthorityFailed
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.x509.extensions import (
    CODE_SIGNING,
    Usage,
    authority_key_identifier,
    extended_key_usage,
    identify_key,
    key_usage,
    subject_key_identifier,
)
from cosignpy.core.x509.fulcio_extensions import FulcioExtension, encode_fulcio_extension, fulcio_extension
from cosignpy.core.x509.issuing import EMPTY_NAME, CertificateTemplate
from cosignpy.core.x509.subject_alt_name import encode_subject_name
from cosignpy.values import value

SERIAL_SIZE: Final = 20
"""Octets of a serial number, as many as RFC 5280 section 4.1.2.2 allows."""

SHORTEST: Final = timedelta(minutes=1)
"""What must be left of an issuer: with less, a client could not use what it gets."""

_ISSUER: Final = 1
_ISSUER_V2: Final = 8
_SUBJECT: Final = 24
"""Fulcio's extensions that every certificate has; of `_SUBJECT`, every one whose token has a subject."""

_KEY_USAGE: Final = key_usage(Usage.DIGITAL_SIGNATURE)
_CODE_SIGNING: Final = extended_key_usage([CODE_SIGNING], critical=False)


@value
class Lifetime:
    """How long certificates are valid, and how long before they are issued that begins."""

    length: timedelta
    backdate: timedelta = timedelta()


@value
class Validity:
    """From when to when a certificate is valid, both included, in whole seconds of UTC."""

    first: datetime
    last: datetime


def build_validity(lifetime: Lifetime, issuing: IssuingCertificate, now: datetime) -> Validity:
    """Say when a certificate is valid: within the time of its issuer, else chains would fail where clocks differ.

    Raises:
        AuthorityFailed: The issuer is not valid yet, or not for long enough any more.
    """
    if not issuing.not_before <= now <= issuing.not_after - SHORTEST:
        raise AuthorityFailed(
            f"the issuing chain is valid from {issuing.not_before} to {issuing.not_after}: renew it before it ends"
        )
    first = now.replace(microsecond=0) - lifetime.backdate
    return Validity(max(first, issuing.not_before), min(first + lifetime.length, issuing.not_after))


def build_serial(octets: bytes) -> int:
    """Make a serial number of random octets: positive, so its first bit is not theirs, and of one length."""
    top = 8 * SERIAL_SIZE - 2
    return 1 << top | int.from_bytes(octets) & (1 << top) - 1


def build_template(
    principal: Principal, key: PublicKey, issuing: IssuingCertificate, validity: Validity, serial: int
) -> CertificateTemplate:
    """Build a certificate without what certificate transparency adds to it; its one name is the principal's.

    Raises:
        MalformedError: The name has characters that certificates cannot carry.
    """
    extensions = (
        _KEY_USAGE,
        _CODE_SIGNING,
        subject_key_identifier(identify_key(key.spki)),
        authority_key_identifier(issuing.key_identifier),
        encode_subject_name(principal.name),
        *[encode_fulcio_extension(statement) for statement in build_statements(principal)],
    )
    return CertificateTemplate(
        serial=serial,
        issuer=issuing.subject,
        not_before=validity.first,
        not_after=validity.last,
        subject=EMPTY_NAME,
        spki=key.spki,
        extensions=extensions,
    )


def build_statements(principal: Principal) -> tuple[FulcioExtension, ...]:
    """Build all that Fulcio's extensions say of a principal, in the order of their numbers."""
    own = [fulcio_extension(number, principal.issuer) for number in (_ISSUER, _ISSUER_V2)]
    if principal.subject:
        own.append(fulcio_extension(_SUBJECT, principal.subject))
    return tuple(sorted([*own, *principal.extensions], key=lambda statement: statement.number))
