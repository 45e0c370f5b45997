"""Sign a statement about files: one envelope in one bundle, verified before anyone gets it."""

from cosignpy.core.bundle.model import Bundle
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature
from cosignpy.core.verify.artifact import Artifact
from cosignpy.errors import UsageError
from cosignpy.operations.complete_bundle import SigningKey, SigningServices, complete_bundle, verify_own
from cosignpy.operations.ports import TrustSource
from cosignpy.values import replace


def sign_statement(payload: bytes, key: SigningKey, services: SigningServices, trust: TrustSource) -> Bundle:
    """Sign an in-toto statement.

    Raises:
        MalformedError: It is not one.
        UsageError: It is about nothing that has a digest.
        VerificationError: The bundle that was made would not be accepted.
        CosignError: One of those who have to vouch for it does not.
    """
    unsigned = Envelope(IN_TOTO_PAYLOAD, payload, ())
    artifact = subject_of(unsigned)
    bundle = complete_bundle(sign_envelope(unsigned, key), key, services)
    verify_own(bundle, artifact, key, trust)
    return bundle


def sign_envelope(unsigned: Envelope, key: SigningKey) -> Envelope:
    """Return an envelope with one signature; what its statement was read as goes along."""
    return replace(unsigned, signatures=(EnvelopeSignature(key.signer.sign(unsigned.pae)),))


def subject_of(envelope: Envelope) -> Artifact:
    """Return what a verifier would have at hand: the first artifact that the statement has a digest of.

    Raises:
        MalformedError: It is not a statement.
        UsageError: It is about nothing that has a digest.
    """
    for subject in envelope.statement.subjects:
        if subject.digests:
            return Artifact({digest.algorithm: bytes.fromhex(digest.hex) for digest in subject.digests})
    raise UsageError("the statement is about nothing: none of its subjects has a digest")
