"""What is wrong with the chains of a trusted root: links that do not hold, and certificates that may not issue."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from cosignpy.core.trust.problems import Problem, error, warning
from cosignpy.core.trust.trusted_root import CertificateAuthority
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import verify_issued_by, verify_may_issue
from cosignpy.core.x509.extensions import TIME_STAMPING, is_authority
from cosignpy.core.x509.path import verify_purpose
from cosignpy.errors import CertificateError, MalformedError

T = TypeVar("T")


def lint_authority(place: str, authority: CertificateAuthority, moment: datetime) -> Iterator[Problem]:
    """Return what is wrong with the chain of an authority at a moment."""
    chain = authority.chain
    names = [f"{place}.certChain.certificates[{index}]" for index in range(len(chain))]
    for name, below, above in zip(names, chain, chain[1:], strict=False):
        yield from _refused(name, verify_issued_by, below, above)
    issuers = list(zip(names, chain, strict=True))
    if place.startswith("timestampAuthorities") and not _is_authority(chain[0]):
        yield from _refused(names[0], verify_purpose, chain[0], TIME_STAMPING)
        del issuers[0]
        if not issuers:
            yield error(f"{place}.certChain", "its root is missing: there is only the authority's own certificate")
    for below_it, (name, issuer) in enumerate(issuers):
        yield from _refused(name, verify_may_issue, issuer, below_it)
    yield from _lint_root(names[-1], chain[-1])
    last = min(certificate.not_after for certificate in chain)
    if last < moment and authority.validity.covers(moment):
        yield warning(f"{place}.certChain", f"one of its certificates has expired, on {last.isoformat()}")


def _lint_root(name: str, root: Certificate) -> Iterator[Problem]:
    for _ in _refused(name, verify_issued_by, root, root):
        yield warning(name, "the last certificate is trusted, and protobuf-specs wants one that signed itself")


def _is_authority(certificate: Certificate) -> bool:
    try:
        return is_authority(certificate)
    except MalformedError:
        return False


def _refused(
    name: str, verify: Callable[[Certificate, T], None], certificate: Certificate, other: T
) -> Iterator[Problem]:
    try:
        verify(certificate, other)
    except (CertificateError, MalformedError) as refusal:
        yield error(name, refusal.why)
