"""What a bundle shows with nobody to trust: that its parts belong together.

For those who put bundles together out of what they find: the key signed the artifact, the log entries are about that
signature and lead to their checkpoints, and the timestamps are of it. Who the signer is, and whether logs and
authorities are believed, is for `core.verify.bundle`.
"""

from typing import Final

from cosignpy.core.bundle.model import Bundle, CertificateMaterial
from cosignpy.core.bundle.upgrade import verify_proof
from cosignpy.core.bundle.versions import verify_form
from cosignpy.core.cms.signed_data import parse_signed_data
from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.predicate import AnyPredicateUnsafe
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.info import TimestampInfo
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.core.verify.artifact import Artifact, select_content, verify_content, verify_statement
from cosignpy.core.verify.entry_claims import LoggedSigner, verify_entry_claims
from cosignpy.errors import ClaimMismatch

_ANY: Final = AnyPredicateUnsafe("a bundle is only put together")


def verify_signed(bundle: Bundle, artifact: Artifact, key: PublicKey) -> Algorithm:
    """Show that a key signed the artifact, or a statement about it, and return by which algorithm.

    Raises:
        SignatureMismatch: It did not.
        ClaimMismatch: It signed something else.
        MalformedError: The content of the bundle cannot be read.
    """
    content = select_content(bundle, artifact)
    algorithm = verify_content(content, key)
    if content.envelope is not None:
        verify_statement(content.envelope, artifact, _ANY)
    return algorithm


def verify_consistency(bundle: Bundle, artifact: Artifact, key: PublicKey) -> None:
    """Show that all parts of a bundle are of one signature by this key.

    Raises:
        MalformedError: It does not have what its version demands, or a part of it cannot be read.
        VerificationError: A part is of something else; the class says what.
    """
    verify_form(bundle)
    verify_signed(bundle, artifact, key)
    content = select_content(bundle, artifact)
    leaf = bundle.material.certificates[0] if isinstance(bundle.material, CertificateMaterial) else None
    for entry in bundle.log_entries:
        verify_entry_claims(entry, content, LoggedSigner(key, leaf))
        if entry.inclusion is not None:
            verify_proof(entry.body, entry.inclusion)
    for response in bundle.timestamps:
        _verify_imprint(response, content.signature)


def _verify_imprint(response: bytes, signature: bytes) -> None:
    signed = parse_signed_data(TimestampResponse.parse(response).granted(), what="timestamp")
    imprint = TimestampInfo.parse(signed.content or b"").imprint
    wanted = MessageImprint.of(signature, imprint.algorithm)
    if imprint != wanted:
        raise ClaimMismatch("imprint of the timestamp", str(wanted), str(imprint))
