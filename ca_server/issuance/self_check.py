"""What an authority makes sure of before a certificate leaves it.

A certificate cannot be taken back. So each is read as a client would read it, by code that did not write it, and
compared with what was to be issued: a wrong length, key or name is found here and not by a verifier.
"""

from ca_server.authority.protocol import IssuingCertificate
from ca_server.identity.principal import Principal
from ca_server.issuance.certificate import build_statements
from ca_server.issuance.refusals import AuthorityFailed
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


def verify_issued(leaf: bytes, wanted: Wanted) -> None:
    """Show that a certificate says what it was to say, and that its issuer signed it.

    Raises:
        AuthorityFailed: It does not: it must not leave.
    """
    try:
        certificate = parse_certificate(leaf)
        verify_issued_by(certificate, parse_certificate(wanted.issuing.chain[0], what="issuer certificate"))
        said = (
            certificate.serial_number,
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            TbsCertificate.parse(leaf).spki,
            subject_names(certificate),
            fulcio_extensions(certificate),
        )
    except (MalformedError, CertificateError) as error:
        raise AuthorityFailed(f"what was issued does not stand: {error}") from error
    template = wanted.template
    meant = (
        template.serial,
        template.not_before,
        template.not_after,
        template.spki,
        (wanted.principal.name,),
        build_statements(wanted.principal),
    )
    if said != meant:
        raise AuthorityFailed("what was issued says something else than it was to say")


def verify_embedded(leaf: bytes, entry: SignedEntry) -> None:
    """Show that the promise in a certificate is for it: without the promise it is, byte for byte, what was logged.

    Raises:
        AuthorityFailed: It is something else.
    """
    if build_embedded_entry(TbsCertificate.parse(leaf), entry.issuer_key_hash) != entry:
        raise AuthorityFailed("what was issued is not what was logged")
