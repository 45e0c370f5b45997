"""Who signed CMS signed data (RFC 5652 section 5.6). Certificates are looked up here and not judged."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPublicKey
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.x509 import Certificate

from cosignpy.core.cms.signed_data import MESSAGE_DIGEST, SignedData, SignerInfo, parse_attributes, read_octets
from cosignpy.core.x509.chain import parse_certificate, read_issuer
from cosignpy.errors import MalformedError, SignatureMismatch

_DIGESTS: Final[Mapping[bytes, HashAlgorithm]] = {
    bytes.fromhex("2b0e03021a"): SHA1(),  # noqa: S303 - archives of the last decade are signed so
    bytes.fromhex("608648016503040201"): SHA256(),
    bytes.fromhex("608648016503040202"): SHA384(),
    bytes.fromhex("608648016503040203"): SHA512(),
}
"""Object identifiers without tag and length (RFC 5754 section 2)."""


def verify_signed_data(signed: SignedData, content: bytes, *, what: str) -> None:
    """Show that every signer signed the content with the key of a certificate that comes along.

    Raises:
        MalformedError: No signer, a certificate that is missing or broken, or an algorithm that is not understood.
        SignatureMismatch: One of them did not.
    """
    if not signed.signers:
        raise MalformedError(what, "nobody signed it")
    certificates = [parse_certificate(der, what=f"certificate of the {what}") for der in signed.certificates]
    for signer in signed.signers:
        certificate = find_certificate(signer, certificates, what=what)
        if certificate is None:
            raise MalformedError(what, "the certificate of the signer does not come along")
        verify_signer(signer, certificate, content, what=what)


def find_certificate(signer: SignerInfo, certificates: Iterable[Certificate], *, what: str) -> Certificate | None:
    """Return the certificate that a signer names as its own (section 5.3, `sid`), None where it is not among them.

    Raises:
        MalformedError: The name of an issuer cannot be read.
    """
    for certificate in certificates:
        issuer = read_issuer(certificate, what=f"certificate of the {what}")
        if certificate.serial_number == signer.serial and issuer.public_bytes() == signer.issuer:
            return certificate
    return None


def verify_signer(signer: SignerInfo, certificate: Certificate, content: bytes, *, what: str) -> None:
    """Show that a signer signed the content with the certificate's key.

    Raises:
        MalformedError: An algorithm that is not understood, or attributes without a digest of the content.
        SignatureMismatch: It did not.
    """
    digest = _DIGESTS.get(signer.digest)
    if digest is None:
        raise MalformedError(what, "a digest algorithm that is not understood")
    signed = content
    if signer.attributes:
        found = hashlib.new(digest.name, content, usedforsecurity=False).digest()
        if not hmac.compare_digest(_read_message_digest(signer.attributes, what), found):
            raise SignatureMismatch(f"the {what} was signed over other content")
        signed = signer.signed_attributes
    try:
        _verify_with(certificate.public_key(), signer.signature, signed, digest)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm) as error:
        raise SignatureMismatch(f"the {what} was not signed by the certificate it names") from error


def _verify_with(key: object, signature: bytes, content: bytes, digest: HashAlgorithm) -> None:
    match key:
        case RSAPublicKey():
            key.verify(signature, content, PKCS1v15(), digest)
        case EllipticCurvePublicKey():
            key.verify(signature, content, ECDSA(digest))
        case DSAPublicKey():
            key.verify(signature, content, digest)
        case _:
            raise InvalidSignature


def _read_message_digest(attributes: bytes, what: str) -> bytes:
    """Return the digest of the content that was signed (section 11.2)."""
    found = parse_attributes(attributes, what=what).get(MESSAGE_DIGEST)
    if found is None:
        raise MalformedError(what, "no digest among the signed attributes")
    return read_octets(found, what=what)
