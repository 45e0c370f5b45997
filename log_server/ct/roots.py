"""The roots whose certificates a log takes."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import parse_chain_pem, verify_may_issue
from cosignpy.errors import LimitExceeded
from cosignpy.files import explain
from cosignpy.values import field, value

MAX_ROOTS: Final = 1_000
"""Roots of one log: a private log has a handful, logs of the Web PKI a few hundred."""
MAX_ROOTS_FILE: Final = 4 << 20
"""Octets of the file: as many roots, each of 4 kB in PEM."""


@value
class AcceptedRoots:
    """Certificates of authorities, in the order of their file; a reload makes a new value."""

    certificates: tuple[Certificate, ...] = ()
    fingerprints: frozenset[bytes] = field(default=frozenset(), repr=False)
    by_subject: Mapping[bytes, Sequence[Certificate]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def parse_pem(cls, raw: bytes, *, what: str = "accepted roots") -> Self:
        """Parse a PEM file of certificates; one that is there twice counts once.

        Raises:
            MalformedError: No certificate in it, or one that cannot be read.
            LimitExceeded: More than `MAX_ROOTS` of them, or a larger file than they need.
            CertificateError: One is not the certificate of an authority.
        """
        if len(raw) > MAX_ROOTS_FILE:
            raise LimitExceeded(what, f"more than {MAX_ROOTS_FILE} bytes")
        found = [Certificate.parse(der, what=what) for der in parse_chain_pem(raw, most=MAX_ROOTS, what=what)]
        for place, certificate in enumerate(found, start=1):
            verify_may_issue(certificate, 0, what=f"certificate {place} of the {what}")
        return cls.build(found)

    @classmethod
    def build(cls, certificates: Sequence[Certificate]) -> Self:
        """Build from certificates that are known to be authorities'."""
        distinct = {certificate.der: certificate for certificate in certificates}
        by_subject: dict[bytes, list[Certificate]] = {}
        for certificate in distinct.values():
            by_subject.setdefault(certificate.subject, []).append(certificate)
        return cls(tuple(distinct.values()), frozenset(sha256(der).digest() for der in distinct), by_subject)

    def holds(self, fingerprint: bytes) -> bool:
        """Tell whether the certificate with this SHA-256 is an accepted root."""
        return fingerprint in self.fingerprints

    def encode(self) -> tuple[bytes, ...]:
        """Encode the certificates in DER, as get-roots answers with them (RFC 6962 section 4.7)."""
        return tuple([certificate.der for certificate in self.certificates])


def load_roots(path: Path) -> AcceptedRoots:
    """Load the accepted roots of a log.

    Raises:
        FileError: The file cannot be read.
        MalformedError: It is not a file of PEM certificates, or has too many.
        CertificateError: One is not the certificate of an authority.
    """
    with explain(path), path.open("rb") as file:
        raw = file.read(MAX_ROOTS_FILE + 1)
    return AcceptedRoots.parse_pem(raw, what=f"accepted roots in {path}")
