"""Paths from an issuer to an accepted root, each verified once.

Whoever submits to a private log does so with the same issuer every time, and one signature on P-384 costs
three times as much as everything else about a submission.
"""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Self

from cosignpy.core.ct.precertificate import hash_issuer_key
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import verify_issued_by, verify_may_issue
from cosignpy.errors import CertificateError
from cosignpy.values import field, record, value
from log_server.ct.entries import issuer_object
from log_server.ct.roots import AcceptedRoots

MAX_PATHS: Final = 1_024
"""Paths that are remembered: more than a log has issuers, and each is a few kilobytes."""


@value
class IssuerPath:
    """The certificates above a submitted one, the issuer first, an accepted root last."""

    issuer: Certificate
    key_hash: bytes
    fingerprints: tuple[bytes, ...]
    objects: tuple[tuple[str, bytes], ...] = field(repr=False)

    @classmethod
    def build(cls, certificates: Sequence[Certificate], ders: Sequence[bytes]) -> Self:
        """Build from a path that was verified, as objects and as the bytes they were parsed from."""
        fingerprints = tuple([sha256(der).digest() for der in ders])
        objects = tuple(zip(map(issuer_object, fingerprints), ders, strict=True))
        return cls(certificates[0], hash_issuer_key(certificates[0].tbs), fingerprints, objects)


@record
class IssuerPaths:
    """Finds and verifies paths to a set of roots; new roots need a new one of these. For one process, one thread."""

    roots: AcceptedRoots
    known: OrderedDict[tuple[bytes, ...], IssuerPath] = field(default_factory=OrderedDict)

    def find(self, leaf: Certificate, above: Sequence[bytes]) -> IssuerPath:
        """Return the path that begins with the certificates submitted above the leaf, which is not verified itself.

        Raises:
            MalformedError: One of them cannot be read.
            CertificateError: A link that does not hold, or no accepted root at the end.
        """
        key = tuple(above)
        found = self.known.get(key) or self._verify(leaf, above)
        if key:  # without a submitted issuer, the leaf decides which of the roots of one name it is
            self.known[key] = found
            self.known.move_to_end(key)
        if len(self.known) > MAX_PATHS:
            self.known.popitem(last=False)
        return found

    def _verify(self, leaf: Certificate, above: Sequence[bytes]) -> IssuerPath:
        names = [_place(number) for number in range(len(above) + 2)]
        submitted = [Certificate.parse(der, what=names[place]) for place, der in enumerate(above, start=1)]
        ders = list(above)
        path = submitted
        if not (ders and self.roots.holds(sha256(ders[-1]).digest())):
            root = self._root_of([leaf, *submitted][-1], names[len(submitted)])
            path, ders = [*submitted, root], [*ders, root.der]
        for below, issuer in enumerate(path):
            verify_may_issue(issuer, below, what=names[below + 1])
            if below:
                verify_issued_by(path[below - 1], issuer, what=names[below])
        return IssuerPath.build(path, ders)

    def _root_of(self, certificate: Certificate, what: str) -> Certificate:
        """Choose among the roots of one name, of which an authority has several when it changes its key."""
        for root in self.roots.by_subject.get(certificate.issuer, ()):
            try:
                verify_issued_by(certificate, root, what=what)
            except CertificateError:
                continue
            return root
        raise CertificateError(what, "no accepted root issued it; get-roots lists those that are accepted")


def _place(number: int) -> str:
    return f"certificate {number + 1} of the chain"
