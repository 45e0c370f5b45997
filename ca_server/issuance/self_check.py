"""What an authority makes sure of before a certificate leaves it.

A certificate cannot be taken back. So each is read as a client would read it, by code that did not write it, and
compared with what was to be issued: a wrong length, key or name is found here and not by a verifier.
"""

from functools import lru_cache

from cryptography.x509 import Certificate

from ca_server.authority.protocol import IssuingCertificate
from ca_server.identity.principal import Principal
from ca_server.issuance.certificate import build_statements
from ca_server.issuance.errors import AuthorityFailed
from cosignpy.core.ct.entry import SignedEntry
from cosignpy.core.ct.precertificate import build_embedded_entry
from cosignpy.core.x509.chain import parse_certificate, verify_issued_by
from cosignpy.core.x509.fulcio_extensions import fulcio_extensions
from cosignpy.core.x509.issuing import CertificateTemplate
from cosignpy.core.x509.subject_alt_name import subject_names
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import CertificateError, MalformedError
from cosignpy.values import field, value


@value
class Wanted:
    """What a certificate was to be: whose, which, and by whom."""

    principal: Principal
    template: CertificateTemplate
    issuing: IssuingCertificate = field(repr=False)


def verify_issued(leaf: bytes, wanted: Wanted) -> TbsCertificate:
    """Show that a certificate says what it was to say, and that its issuer signed it; return the part that is signed.

    Raises:
        AuthorityFailed: It does not: it must not leave.
    """
    try:
        certificate = parse_certificate(leaf)
        verify_issued_by(certificate, _parse_issuer(wanted.issuing.chain[0]))
        tbs = TbsCertificate.parse(leaf)
        said = (
            certificate.serial_number,
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            tbs.spki,
            [(name.kind, name.text) for name in subject_names(certificate)],
            [(statement.number, statement.text) for statement in fulcio_extensions(certificate)],
        )
    except (MalformedError, CertificateError) as error:
        raise AuthorityFailed(f"what was issued does not stand: {error}") from error
    template, principal = wanted.template, wanted.principal
    meant = (
        template.serial,
        template.not_before,
        template.not_after,
        template.spki,
        [(principal.name.kind, principal.name.text)],
        [(statement.number, statement.text) for statement in build_statements(principal)],
    )
    if said != meant:
        raise AuthorityFailed("what was issued says something else than it was to say")
    return tbs


@lru_cache(maxsize=8)
def _parse_issuer(certificate: bytes) -> Certificate:
    """Parse what is the same for every certificate until the issuer is another."""
    return parse_certificate(certificate, what="issuer certificate")


def verify_embedded(tbs: TbsCertificate, entry: SignedEntry) -> None:
    """Show that the promise in a certificate is for it: without the promise it is, byte for byte, what was logged.

    Raises:
        AuthorityFailed: It is something else.
    """
    if build_embedded_entry(tbs, entry.issuer_key_hash) != entry:
        raise AuthorityFailed("what was issued is not what was logged")
