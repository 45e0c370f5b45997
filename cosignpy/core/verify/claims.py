"""Claims: the signed bytes must speak of this image, as a signature, with the annotations asked for."""

from collections.abc import Mapping

from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonValue
from cosignpy.core.intoto import COSIGN_SIGN_V1, Statement, Subject
from cosignpy.core.oci.simple_signing import PAYLOAD_TYPE, SimpleSigningPayload
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.verify.evidence import SignatureFormat, SignedClaim
from cosignpy.core.verify.predicate import verify_predicate
from cosignpy.errors import ClaimMismatch


def verify_statement_claims(envelope: Envelope, image: Digest, policy: ImagePolicy) -> SignedClaim:
    """Check an in-toto statement: predicate type, what is said of provenance, subject digest, annotations.

    Raises:
        MalformedError: Not a statement.
        ClaimMismatch: Another predicate type, another image, other provenance, or other annotations.
    """
    statement, payload = verify_predicate(envelope, policy.predicate), envelope.payload
    subject = _select_subject(statement, image, policy.annotations)
    return SignedClaim(SignatureFormat.BUNDLE, statement.predicate_type, payload, subject.name, subject.annotations)


def _select_subject(statement: Statement, image: Digest, annotations: Mapping[str, str]) -> Subject:
    """Return the first subject that is this image and has the annotations: one image may be named several times."""
    failure: ClaimMismatch | None = None
    for subject in statement.subjects:
        if image in subject.digests:
            try:
                _verify_annotations(subject.annotations, annotations)
            except ClaimMismatch as error:
                failure = failure or error
            else:
                return subject
    if failure is not None:
        raise failure
    found = ", ".join(str(digest) for subject in statement.subjects for digest in subject.digests)
    raise ClaimMismatch("image digest", str(image), found or "absent")


def verify_simple_signing_claims(payload: bytes, image: Digest, policy: ImagePolicy) -> SignedClaim:
    """Check a legacy payload: `critical.type`, manifest digest, annotations.

    Raises:
        MalformedError: Not a simple-signing payload.
        ClaimMismatch: Another type, another image, or other annotations; or an attestation is wanted.
    """
    rule = policy.predicate
    if isinstance(rule, PredicateTypeIs) and rule.wanted != COSIGN_SIGN_V1:
        raise ClaimMismatch("predicate type", rule.wanted, "absent")
    found = SimpleSigningPayload.parse(payload)
    if found.type != PAYLOAD_TYPE:
        raise ClaimMismatch("critical.type", PAYLOAD_TYPE, found.type)
    if found.digest != image:
        raise ClaimMismatch("image digest", str(image), str(found.digest))
    _verify_annotations(found.optional, policy.annotations)
    return SignedClaim(SignatureFormat.LEGACY, found.type, payload, found.docker_reference, found.optional)


def _verify_annotations(signed: Mapping[str, JsonValue], wanted: Mapping[str, str]) -> None:
    """Every annotation asked for must be signed with an equal value; more may be there."""
    for name, value in wanted.items():
        if signed.get(name) != value:
            raise ClaimMismatch(f"annotation {name}", value, str(signed.get(name, "absent")))
