"""What has to hold of a chain before anything is signed under it: what clients check, found out before they do."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from ca_server.authority.profile import Role
from ca_server.authority.protocol import Chain
from cosignpy.core.keys.signatures import Signer, verify_signature
from cosignpy.core.timestamp.verify import verify_leaf
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import verify_issued_by, verify_may_issue
from cosignpy.core.x509.extensions import CODE_SIGNING, TIME_STAMPING
from cosignpy.core.x509.issuing import encode_algorithm
from cosignpy.core.x509.path import verify_purpose, verify_valid_at
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import CertificateError, KeyUnusable

MAX_CHAIN: Final = 10
"""Certificates of a chain: ours have two, those of large organisations four."""

_SHORTEST_STAMPING: Final = 2
_PROBE: Final = b"does this key sign for its certificate"


def verify_chain(chain: Chain, role: Role, at: datetime, *, what: str) -> None:
    """Show that a chain leads to a root, is valid at a moment, and may be used for what it is to be used for.

    Raises:
        CertificateError: It is not so; the error says which certificate, and why.
        MalformedError: A certificate cannot be read.
    """
    names = [f"certificate {place} of {what}" for place in range(1, len(chain) + 1)]
    parsed = [Certificate.parse(one, what=name) for one, name in zip(chain, names, strict=True)]
    for certificate, name in zip(parsed, names, strict=True):
        verify_valid_at(certificate, at, what=name)
    for (below, issuer), name in zip(pairwise([*parsed, parsed[-1]]), names, strict=True):
        verify_issued_by(below, issuer, what=name)
    _RULES[role](parsed, names)


def verify_key(chain: Chain, signer: Signer, *, what: str) -> None:
    """Show that a signer's key is that of a chain's first certificate, and that it signs.

    Raises:
        KeyUnusable: It is another, or of a kind that signs no certificates.
        SignatureMismatch: It does not sign what it is given.
        CosignError: It cannot sign.
    """
    if signer.public_key.spki != TbsCertificate.parse(chain[0]).spki:
        raise KeyUnusable(what, "its certificate is for another key", "put back the key that belongs to it")
    encode_algorithm(signer.public_key.algorithm)
    verify_signature(signer.public_key, signer.sign(_PROBE), _PROBE)


def _verify_issuing(parsed: Sequence[Certificate], names: Sequence[str]) -> None:
    """All of them are authorities, and those below the root for code signing, as clients want it all the way up."""
    for below, (certificate, name) in enumerate(zip(parsed, names, strict=True)):
        verify_may_issue(certificate, below, what=name)
    for certificate, name in zip(parsed[:-1], names[:-1], strict=True):
        verify_purpose(certificate, CODE_SIGNING, what=name)


def _verify_timestamping(parsed: Sequence[Certificate], names: Sequence[str]) -> None:
    """The first is for stamping and nothing else; clients want a root above it, and the purpose in all between."""
    if len(parsed) < _SHORTEST_STAMPING:
        raise CertificateError(names[0], "it issued itself: a timestamp authority needs a root above it")
    try:
        verify_leaf(parsed[0])
    except CertificateError as error:
        raise CertificateError(names[0], error.why) from error
    for below, (certificate, name) in enumerate(zip(parsed[1:], names[1:], strict=True)):
        verify_may_issue(certificate, below, what=name)
    for certificate, name in zip(parsed[1:-1], names[1:-1], strict=True):
        verify_purpose(certificate, TIME_STAMPING, what=name)


_RULES: Final[Mapping[Role, Callable[[Sequence[Certificate], Sequence[str]], None]]] = {
    Role.ISSUING: _verify_issuing,
    Role.TIMESTAMPING: _verify_timestamping,
}
