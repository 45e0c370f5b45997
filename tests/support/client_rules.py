"""What released clients demand of certificates, in words of our own, so that ours can be held against it.

sigstore-python: `sigstore/_utils.py` (a leaf, an authority). RFC 6962 section 3.2: what an SCT signs, put together
from what `cryptography` reads, and verified by it.
"""

from datetime import UTC
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    ExtendedKeyUsage,
    ExtensionNotFound,
    ExtensionType,
    KeyUsage,
    PrecertificateSignedCertificateTimestamps,
    SubjectAlternativeName,
    Version,
)
from cryptography.x509.certificate_transparency import SignedCertificateTimestamp
from cryptography.x509.oid import ExtendedKeyUsageOID

from cosignpy.values import record


@record
class ClientRefuses(Exception):
    """A client would not take the certificate."""

    why: str


def find(certificate: Certificate, kind: type[ExtensionType]) -> ExtensionType | None:
    """Return an extension's value."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except ExtensionNotFound:
        return None


def refuse_leaf(certificate: Certificate) -> None:
    """Apply the rules for leaves.

    Raises:
        ClientRefuses: One is broken.
    """
    constraints, usage = find(certificate, BasicConstraints), find(certificate, KeyUsage)
    purposes = find(certificate, ExtendedKeyUsage)
    if certificate.version is not Version.v3:
        raise ClientRefuses("not version 3")
    if isinstance(constraints, BasicConstraints) and constraints.ca:
        raise ClientRefuses("an authority")
    if not isinstance(usage, KeyUsage) or not usage.digital_signature or usage.key_cert_sign:
        raise ClientRefuses("its key usage")
    if not isinstance(purposes, ExtendedKeyUsage) or ExtendedKeyUsageOID.CODE_SIGNING not in purposes:
        raise ClientRefuses("its purpose")


def refuse_authority(certificate: Certificate) -> None:
    """Apply the rules for authorities.

    Raises:
        ClientRefuses: One is broken.
    """
    constraints = next((one for one in certificate.extensions if one.oid == BasicConstraints.oid), None)
    usage = find(certificate, KeyUsage)
    if certificate.version is not Version.v3:
        raise ClientRefuses("not version 3")
    if constraints is None or not constraints.critical or not constraints.value.ca:
        raise ClientRefuses("its basic constraints")
    if not isinstance(usage, KeyUsage) or not usage.key_cert_sign:
        raise ClientRefuses("its key usage")


def refuse_profile(certificate: Certificate) -> None:
    """Apply what Fulcio's profile adds: one name, in an extension that is critical since there is no subject.

    Raises:
        ClientRefuses: One is broken.
    """
    names = certificate.extensions.get_extension_for_class(SubjectAlternativeName)
    if len(certificate.subject.rdns) or not names.critical or len(list(names.value)) != 1:
        raise ClientRefuses("its name")


def read_scts(certificate: Certificate) -> list[SignedCertificateTimestamp]:
    """Return the SCTs in a certificate."""
    found = find(certificate, PrecertificateSignedCertificateTimestamps)
    return list(found) if isinstance(found, PrecertificateSignedCertificateTimestamps) else []


def verify_sct(sct: SignedCertificateTimestamp, leaf: Certificate, issuer: Certificate, log_key: bytes) -> None:
    """Verify an SCT with a log's key.

    Raises:
        InvalidSignature: It is not for this certificate, or not by this log.
        ClientRefuses: It names another log.
    """
    if sct.log_id != sha256(log_key).digest():
        raise ClientRefuses("its log")
    issuer_key = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    tbs = leaf.tbs_precertificate_bytes
    moment = round(sct.timestamp.replace(tzinfo=UTC).timestamp() * 1000)
    signed = b"".join(
        [
            b"\x00\x00",
            moment.to_bytes(8),
            b"\x00\x01",
            sha256(issuer_key).digest(),
            len(tbs).to_bytes(3),
            tbs,
            len(sct.extension_bytes).to_bytes(2),
            sct.extension_bytes,
        ]
    )
    key = load_der_public_key(log_key)
    assert isinstance(key, EllipticCurvePublicKey)
    key.verify(sct.signature, signed, ECDSA(sct.signature_hash_algorithm))
