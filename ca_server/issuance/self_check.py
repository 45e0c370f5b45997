"""What an authority makes sure of before a certificate leaves it.

A certificate cannot be taken back. So each is read as clients read it, by ours and by `cryptography`, and compared
with what was to be issued: a wrong length, key or name is found here and not by a verifier.
"""

from functools import lru_cache

from cryptography.x509 import Certificate, load_der_x509_certificate

from ca_server.authority.protocol import IssuingCertificate
from ca_server.identity.principal import Principal
from ca_server.issuance.certificate import build_statements
from ca_server.issuance.errors import AuthorityFailed
from cosignpy.core.ct.entry import SignedEntry
from cosignpy.core.keys.algorithms import SIGNING
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_signature_by
from cosignpy.core.x509 import certificate as client
from cosignpy.core.x509.der import encode_bit_string, encode_sequence
from cosignpy.core.x509.fulcio_extensions import fulcio_extensions
from cosignpy.core.x509.issuing import CertificateTemplate, encode_algorithm
from cosignpy.core.x509.subject_alt_name import subject_names
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import MalformedError, SignatureMismatch
from cosignpy.values import field, value


@value
class Wanted:
    """What a certificate was to be: whose, which, and by whom."""

    principal: Principal
    template: CertificateTemplate
    issuing: IssuingCertificate = field(repr=False)


def verify_issued(leaf: bytes, wanted: Wanted) -> Certificate:
    """Show that a certificate says what it was to say, and that its issuer signed it; return it as others read it.

    Raises:
        AuthorityFailed: It does not: it must not leave.
    """
    try:
        read, certificate = client.Certificate.parse(leaf), load_der_x509_certificate(leaf)
        signed = _verify_signature(leaf, certificate, wanted.issuing.chain[0])
        said = (
            certificate.serial_number,
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            [(name.kind, name.text) for name in subject_names(read)],
            [(statement.number, statement.text) for statement in fulcio_extensions(read)],
        )
    except (MalformedError, SignatureMismatch, ValueError) as error:
        raise AuthorityFailed(f"what was issued does not stand: {error}") from error
    template, principal = wanted.template, wanted.principal
    meant = (
        template.serial,
        template.not_before,
        template.not_after,
        [(principal.name.kind, principal.name.text)],
        [(statement.number, statement.text) for statement in build_statements(principal)],
    )
    if said != meant or template.spki not in signed or wanted.issuing.subject not in signed:
        raise AuthorityFailed("what was issued says something else than it was to say")
    return certificate


def _verify_signature(leaf: bytes, certificate: Certificate, issuer: bytes) -> bytes:
    """Verify with the key in the issuer's certificate: whatever signed, that is what clients will verify with.

    Returns:
        What is signed.

    Raises:
        SignatureMismatch: The issuer did not sign the certificate, or there is more to it than is signed.
    """
    key, signed, signature = _parse_issuer_key(issuer), certificate.tbs_certificate_bytes, certificate.signature
    algorithm = SIGNING[key.algorithm.key]
    verify_signature_by(key, (algorithm,), signature, signed)
    if leaf != encode_sequence(signed, encode_algorithm(algorithm), encode_bit_string(signature)):
        raise SignatureMismatch("the certificate names another algorithm than it is signed by")
    return signed


@lru_cache(maxsize=8)
def _parse_issuer_key(certificate: bytes) -> PublicKey:
    """Parse what is the same for every certificate until the issuer is another."""
    return PublicKey.parse_der(TbsCertificate.parse(certificate, what="issuer certificate").spki)


def verify_embedded(certificate: Certificate, entry: SignedEntry) -> None:
    """Show that the promise in a certificate is for it: without the promise it is, byte for byte, what was logged.

    Raises:
        AuthorityFailed: It is something else, or there is no promise in it.
    """
    try:
        certified = certificate.tbs_precertificate_bytes
    except ValueError as error:
        raise AuthorityFailed("what was issued has no SCT in it") from error
    if certified != entry.content:
        raise AuthorityFailed("what was issued is not what was logged")
