"""A certificate that came with its key, and not from an authority that was asked for it: is it one to sign with?

What verifiers would refuse for certain is refused before anything is signed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cosignpy.core.bundle.model import CertificateMaterial
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.verify.certificate import Leaf, parse_leaf, read_identity, verify_signer
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.extensions import CODE_SIGNING
from cosignpy.core.x509.path import verify_path, verify_purpose, verify_valid_at
from cosignpy.errors import CertificateError

_WHAT: Final = "certificate of one's own"


def verify_own_certificate(leaf: bytes, issuers: Sequence[bytes], key: PublicKey, moment: datetime) -> None:
    """Show that a certificate (DER) is of this key, names somebody, is for signing code and valid now; so its issuers.

    Without issuers nothing is said about those: the trusted root has to name them.

    Raises:
        CertificateError: It is not, or the issuers are not in order: the nearest first, the root last.
        MalformedError: A certificate that cannot be read.
        LimitExceeded: More issuers than a path has.
    """
    found = parse_leaf(CertificateMaterial((leaf,)))
    if found.key != key:
        raise CertificateError(_WHAT, f"it is of the key {found.key.fingerprint}, and {key.fingerprint} is to sign")
    verify_signer(found.certificate)
    _verify_named(found)
    verify_purpose(found.certificate, CODE_SIGNING, what=_WHAT)
    verify_valid_at(found.certificate, moment, what=_WHAT)
    if issuers:
        chain = [Certificate.parse(der, what=f"issuer {place}") for place, der in enumerate(issuers, 1)]
        verify_path(found.certificate, chain, CODE_SIGNING, moment)


def _verify_named(found: Leaf) -> None:
    if not read_identity(found.certificate).names:
        raise CertificateError(_WHAT, "it names nobody (no subject alternative name), and so nobody can ask for it")
