"""The webhook's own authority, and the certificates that it issues to the webhook's server."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import LABEL
from cosignpy.core.x509.der import encode_element, encode_sequence
from cosignpy.core.x509.der_values import encode_oid
from cosignpy.core.x509.extensions import (
    SUBJECT_ALTERNATIVE_NAME,
    Usage,
    authority_key_identifier,
    basic_constraints,
    extended_key_usage,
    identify_key,
    key_usage,
    subject_key_identifier,
)
from cosignpy.core.x509.issuing import MAX_SERIAL, CertificateTemplate, encode_name, sign_certificate
from cosignpy.core.x509.tbs import Extension, NamedExtension, encode_extension
from cosignpy.errors import UsageError
from cosignpy.values import field, value

AUTHORITY_LIFETIME: Final = timedelta(days=365)
SERVER_LIFETIME: Final = timedelta(days=30)
BACKDATED: Final = timedelta(hours=1)
"""The clock of an API server may be behind ours."""
SERVER_AUTHENTICATION: Final = encode_oid("1.3.6.1.5.5.7.3.1", what="key usage")
"""RFC 5280 section 4.2.1.12, id-kp-serverAuth."""

_ORGANIZATION: Final = "cosignpy"
_DNS_NAME: Final = 0x82
_IP_ADDRESS: Final = 0x87
"""Tags of RFC 5280 section 4.2.1.6, GeneralName."""
_KEY_LABEL: Final = "PRIVATE KEY"
_NAME_OCTETS: Final = 4
"""Of a key's identifier in its authority's name: each authority has another."""


@value
class Identity:
    """A certificate and its private key."""

    certificate: Certificate
    key: PrivateKey = field(repr=False)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate as files have it."""
        return encode_certificate(self.certificate)

    @property
    def key_pem(self) -> bytes:
        """The key as files have it, not encrypted: PKCS#8."""
        return PemBlock(_KEY_LABEL, self.key.encode_pkcs8()).encode()


def encode_certificate(certificate: Certificate) -> bytes:
    """Return a certificate as files have it."""
    return PemBlock(LABEL, certificate.der).encode()


def create_authority(now: datetime) -> Identity:
    """Make an authority with a new key, that issues certificates to servers and nothing below it does."""
    key = PrivateKey.generate(ECDSA_P256)
    identifier = identify_key(key.public_key.spki)
    name = encode_name(f"webhook authority {identifier[:_NAME_OCTETS].hex()}", _ORGANIZATION)
    extensions = (
        basic_constraints(0),
        key_usage(Usage.CERTIFICATE_SIGNING, Usage.CRL_SIGNING),
        subject_key_identifier(identifier),
    )
    begin, end = _period(now, AUTHORITY_LIFETIME)
    template = CertificateTemplate(_serial(), name, begin, end, name, key.public_key.spki, extensions)
    return Identity(Certificate.parse(sign_certificate(template, key)), key)


def issue_server(authority: Identity, names: Iterable[str], now: datetime) -> Identity:
    """Issue a certificate for a server's names and addresses, with a new key. It ends with its authority's.

    Raises:
        UsageError: A name cannot stand in a certificate.
    """
    key = PrivateKey.generate(ECDSA_P256)
    issuer = authority.certificate
    begin, end = _period(now, SERVER_LIFETIME)
    extensions = (
        key_usage(Usage.DIGITAL_SIGNATURE),
        extended_key_usage((SERVER_AUTHENTICATION,), critical=False),
        subject_key_identifier(identify_key(key.public_key.spki)),
        authority_key_identifier(identify_key(issuer.tbs.spki)),
        _server_names(names),
    )
    template = CertificateTemplate(
        _serial(),
        issuer.subject,
        max(begin, issuer.not_before),
        min(end, issuer.not_after),
        encode_name("webhook", _ORGANIZATION),
        key.public_key.spki,
        extensions,
    )
    return Identity(Certificate.parse(sign_certificate(template, authority.key)), key)


def _period(now: datetime, lifetime: timedelta) -> tuple[datetime, datetime]:
    whole = now.replace(microsecond=0)
    return whole - BACKDATED, whole + lifetime


def _serial() -> int:
    return secrets.randbelow(MAX_SERIAL) + 1


def _server_names(names: Iterable[str]) -> NamedExtension:
    content = encode_sequence(*[_encode_name(name) for name in names])
    return encode_extension(SUBJECT_ALTERNATIVE_NAME, Extension(critical=False, content=content))


def _encode_name(name: str) -> bytes:
    try:
        return encode_element(_IP_ADDRESS, ip_address(name).packed)
    except ValueError:
        if not name.isascii() or not name.isprintable() or " " in name or not name:
            raise UsageError(f"{name!r} is neither a DNS name nor an address", "names of a server are ASCII") from None
        return encode_element(_DNS_NAME, name.encode("ascii"))
