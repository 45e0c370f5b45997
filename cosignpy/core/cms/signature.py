"""Who signed CMS signed data (RFC 5652 section 5.6). Certificates are looked up here and not judged."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Final

from cosignpy.core.cms.signed_data import MESSAGE_DIGEST, SignedData, SignerInfo, parse_attributes, read_octets
from cosignpy.core.keys.algorithms import Scheme
from cosignpy.core.keys.signatures import HASHES, verify_signature_with
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import read_key
from cosignpy.errors import KeyUnusable, MalformedError, SignatureMismatch

_DIGESTS: Final[Mapping[bytes, str]] = {
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
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
    certificates = [Certificate.parse(der, what=f"certificate of the {what}") for der in signed.certificates]
    for signer in signed.signers:
        certificate = find_certificate(signer, certificates)
        if certificate is None:
            raise MalformedError(what, "the certificate of the signer does not come along")
        verify_signer(signer, certificate, content, what=what)


def find_certificate(signer: SignerInfo, certificates: Iterable[Certificate]) -> Certificate | None:
    """Return the certificate that a signer names as its own (section 5.3, `sid`), None where it is not among them."""
    for certificate in certificates:
        if certificate.serial_number == signer.serial and certificate.issuer == signer.issuer:
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
        found = hashlib.new(digest, content, usedforsecurity=False).digest()
        if not hmac.compare_digest(_read_message_digest(signer.attributes, what), found):
            raise SignatureMismatch(f"the {what} was signed over other content")
        signed = signer.signed_attributes
    try:
        _verify_with(certificate, digest, signer.signature, signed)
    except SignatureMismatch as error:
        raise SignatureMismatch(f"the {what} was not signed by the certificate it names") from error


def _verify_with(certificate: Certificate, digest: str, signature: bytes, content: bytes) -> None:
    try:
        key = read_key(certificate)
    except (MalformedError, KeyUnusable):
        key = None
    if key is not None and key.algorithm.scheme in _SCHEMES and digest in HASHES:
        verify_signature_with(key, key.algorithm.scheme, digest, signature, content)
        return
    from cosignpy.core.cms.archive_signature import verify_archive_signature  # 20 ms, and most never need it

    verify_archive_signature(certificate.tbs.spki, digest, signature, content)


_SCHEMES: Final = (Scheme.ECDSA, Scheme.RSA_PKCS1V15)


def _read_message_digest(attributes: bytes, what: str) -> bytes:
    """Return the digest of the content that was signed (section 11.2)."""
    found = parse_attributes(attributes, what=what).get(MESSAGE_DIGEST)
    if found is None:
        raise MalformedError(what, "no digest among the signed attributes")
    return read_octets(found, what=what)
