"""Sign a statement about files: one envelope in one bundle, verified before anyone gets it."""

from cosignpy.core.bundle.model import Bundle
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature, encode_pae
from cosignpy.core.intoto import Statement
from cosignpy.core.verify.artifact import Artifact
from cosignpy.errors import UsageError
from cosignpy.operations.complete_bundle import SigningKey, SigningServices, complete_bundle, verify_own
from cosignpy.operations.ports import TrustSource


def sign_statement(payload: bytes, key: SigningKey, services: SigningServices, trust: TrustSource) -> Bundle:
    """Sign an in-toto statement.

    Raises:
        MalformedError: It is not one.
        UsageError: It is about nothing that has a digest.
        VerificationError: The bundle that was made would not be accepted.
        CosignError: One of those who have to vouch for it does not.
    """
    artifact = subject_of(payload)
    bundle = complete_bundle(sign_envelope(payload, key), key, services)
    verify_own(bundle, artifact, key, trust)
    return bundle


def sign_envelope(payload: bytes, key: SigningKey) -> Envelope:
    """Return an envelope around a statement, with one signature."""
    signature = key.signer.sign(encode_pae(IN_TOTO_PAYLOAD, payload))
    return Envelope(IN_TOTO_PAYLOAD, payload, (EnvelopeSignature(signature),))


def subject_of(payload: bytes) -> Artifact:
    """Return what a verifier would have at hand: the first artifact that the statement has a digest of.

    Raises:
        MalformedError: It is not a statement.
        UsageError: It is about nothing that has a digest.
    """
    for subject in Statement.parse(payload).subjects:
        if subject.digests:
            return Artifact({digest.algorithm: bytes.fromhex(digest.hex) for digest in subject.digests})
    raise UsageError("the statement is about nothing: none of its subjects has a digest")
