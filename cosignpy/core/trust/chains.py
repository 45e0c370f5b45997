"""Authorities from certificates in any order: those that signed themselves are trusted, the others lead up to them."""

from collections.abc import Sequence

from cosignpy.core.encoding import PemBlock
from cosignpy.core.trust.own_pki import build_authorities
from cosignpy.core.trust.trusted_root import MAX_CHAIN, CertificateAuthority
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import LABEL, parse_chain_pem, verify_issued_by
from cosignpy.core.x509.extensions import is_authority
from cosignpy.errors import CertificateError, MalformedError
from cosignpy.values import replace


def build_chains(pem: bytes, url: str, *, what: str = "certChain") -> tuple[CertificateAuthority, ...]:
    """Return an authority for each way from an issuer up to a root.

    Raises:
        MalformedError: Not certificates in PEM, none that signed itself, or one that issues none.
        LimitExceeded: More certificates than a chain has.
    """
    found = _parse(pem, what)
    if any(not is_authority(each) for each in found):
        raise MalformedError(what, "one of the certificates is no authority's")
    return _chains(found, url, what)


def build_timestamp_chains(pem: bytes, url: str, *, what: str = "certChain") -> tuple[CertificateAuthority, ...]:
    """Return a timestamp authority: its own certificate first, where it is there, and each way up to a root.

    Raises:
        MalformedError: As before, with more than one certificate that issues none, or one that none of them issued.
        LimitExceeded: As before.
    """
    found = _parse(pem, what)
    leaves = [each for each in found if not is_authority(each)]
    chains = _chains([each for each in found if each not in leaves], url, what)
    if not leaves:
        return chains
    if len(leaves) > 1:
        raise MalformedError(what, f"{len(leaves)} certificates of the timestamp authority itself, at most one")
    issuers = [each for each in chains if _is_issued_by(leaves[0], each.chain[0])]
    if not issuers:
        raise MalformedError(what, "none of the certificates issued that of the timestamp authority")
    return tuple([replace(each, chain=(leaves[0], *each.chain)) for each in issuers])


def _parse(pem: bytes, what: str) -> list[Certificate]:
    return [Certificate.parse(der, what=what) for der in parse_chain_pem(pem, most=MAX_CHAIN, what=what)]


def _chains(certificates: Sequence[Certificate], url: str, what: str) -> tuple[CertificateAuthority, ...]:
    roots = [each for each in certificates if each.subject == each.issuer]
    if not roots:
        raise MalformedError(what, "none of the certificates signed itself: the root is missing")
    below = [each for each in certificates if each not in roots]
    return build_authorities(_encode(roots), _encode(below) if below else None, url)


def _encode(certificates: Sequence[Certificate]) -> bytes:
    return b"".join(PemBlock(LABEL, each.der).encode() for each in certificates)


def _is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        verify_issued_by(certificate, issuer)
    except CertificateError:
        return False
    return True
