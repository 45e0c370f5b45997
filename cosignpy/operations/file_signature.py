"""The signature of a file, described as those of images are."""

from typing import Final

from cosignpy.core.bundle.model import Bundle
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.verify.evidence import SignatureFormat, SignedClaim, VerifiedSignature
from cosignpy.core.verify.findings import VerifiedBundle

SIGNATURE: Final = "signature over a file"
"""What a bundle says that holds no statement."""


def describe_file_signature(
    location: str, digest: Digest, bundle: Bundle, verified: VerifiedBundle
) -> VerifiedSignature:
    """Return what was verified of a bundle."""
    return VerifiedSignature(
        location,
        digest,
        verified.key,
        verified.algorithm,
        SignedClaim(SignatureFormat.BUNDLE, verified.predicate_type or SIGNATURE, verified.payload, "", {}),
        verified.log_waived,
        verified,
        verified.steps,
        bundle.content if isinstance(bundle.content, Envelope) else None,
    )
