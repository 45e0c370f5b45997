"""Authorities of one's own, from files with certificates: trusted are the roots, the others lead up to them."""

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from cosignpy.core.trust.trusted_root import MAX_AUTHORITIES, CertificateAuthority
from cosignpy.core.trust.validity import Validity
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import parse_chain_pem, verify_issued_by
from cosignpy.core.x509.path import MAX_ISSUERS
from cosignpy.errors import CertificateError, LimitExceeded
from cosignpy.values import replace

_ALWAYS: Final = Validity(datetime.min.replace(tzinfo=UTC))
"""A certificate says itself when it is valid, and nobody says more about it."""


def build_authorities(
    roots_pem: bytes, intermediates_pem: bytes | None, source: str
) -> tuple[CertificateAuthority, ...]:
    """Return an authority for each way from an issuer up to a root; `source` is what people know them by.

    Raises:
        MalformedError: One of the files has something else in it than certificates in PEM, or none.
        LimitExceeded: More certificates, or more ways, than anybody needs.
    """
    roots = _parse(roots_pem, "CA roots")
    intermediates = _parse(intermediates_pem, "CA intermediates") if intermediates_pem is not None else ()
    found: list[tuple[Certificate, ...]] = []
    begun: deque[tuple[Certificate, ...]] = deque((root,) for root in roots)
    while begun:
        chain = begun.popleft()
        found.append(chain)
        if len(found) > MAX_AUTHORITIES:
            raise LimitExceeded("CA intermediates", f"more than {MAX_AUTHORITIES} ways lead up to the roots")
        if len(chain) < MAX_ISSUERS:
            below = (each for each in intermediates if each not in chain)
            begun.extend((each, *chain) for each in below if _is_issued_by(each, chain[0]))
    return tuple([CertificateAuthority(source, "", "", chain, _ALWAYS) for chain in found])


def complete_authorities(
    issuers: Sequence[bytes], authorities: Sequence[CertificateAuthority]
) -> tuple[CertificateAuthority, ...]:
    """Return the authorities with issuers (DER, the nearest first) below them that came with a signature.

    Nothing is shown by that: whether each certificate of such a path may issue the one below is for whoever asks.

    Raises:
        MalformedError: A certificate that cannot be read.
    """
    chain = [Certificate.parse(der, what="issuer in the signature") for der in issuers]
    return tuple([replace(each, chain=(*_below(chain, each.chain[0]), *each.chain)) for each in authorities])


def _below(chain: Sequence[Certificate], top: Certificate) -> Sequence[Certificate]:
    return chain[: chain.index(top)] if top in chain else chain


def _parse(pem: bytes, what: str) -> Sequence[Certificate]:
    return [Certificate.parse(der, what=what) for der in parse_chain_pem(pem, most=MAX_AUTHORITIES, what=what)]


def _is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        verify_issued_by(certificate, issuer)
    except CertificateError:
        return False  # another authority of this name
    return True
