"""Verify the signatures of an image against a policy, or the attestations about it where the policy wants those."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cosignpy.core.digest import Digest
from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.oci.attachment_tags import AttachmentKind
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.threshold import count_satisfied
from cosignpy.core.verify.evidence import VerifiedImage, VerifiedSignature
from cosignpy.errors import (
    ClaimMismatch,
    CosignError,
    NoMatchingSignatures,
    NoSignatures,
    Rejection,
    RemoteError,
    TransparencyRequired,
)
from cosignpy.operations.candidates import Candidate, find_candidates
from cosignpy.operations.parallel import DEFAULT_WORKERS, run_parallel
from cosignpy.operations.ports import ManifestSource, TrustSource
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.core.verify.bundle import Trust
    from cosignpy.operations.beside import Beside


@value
class _Sought:
    """What is looked for, in the words of people, and how they come to have some."""

    kind: AttachmentKind
    what: str
    advice: str


_SIGNATURES: Final = _Sought(AttachmentKind.SIGNATURE, "signatures", "sign it with: cosignpy sign --key KEY")
_ATTESTATIONS: Final = _Sought(
    AttachmentKind.ATTESTATION, "attestations", "attest it with: cosignpy attest --predicate FILE --type TYPE"
)


@value
class VerifyImage:
    """Which image (pinned to a digest; `name` is for messages), by which policy, how many reads at once.

    `beside` is what is given in place of what signatures hold themselves.
    """

    name: str
    digest: Digest
    policy: ImagePolicy
    workers: int = DEFAULT_WORKERS
    beside: "Beside | None" = None


def verify_image(
    request: VerifyImage, image: ManifestSource, signatures: ManifestSource, trust: TrustSource | None = None
) -> VerifiedImage:
    """Show that enough of the policy's signers signed the image.

    `signatures` is where signatures are looked up (COSIGN_REPOSITORY); `image` is asked only when nothing
    was found there, to tell an unsigned image from one that does not exist. `trust` says which logs and authorities
    to believe, and is asked only where the policy wants more than a key.

    Raises:
        NoSignatures: The image has none.
        NoSuchTag: There is no such image.
        NoMatchingSignatures: It has some, too few of them satisfy the policy; each reason is in the error.
        TransparencyRequired: The policy demands more than a key, and there is no trusted root.
        RemoteError: The registry failed, and what was read does not suffice.
    """
    sought = _ATTESTATIONS if request.policy.wants_attestation else _SIGNATURES
    candidates = find_candidates(signatures, request.digest, sought.kind)
    if not candidates:
        image.fetch_manifest(request.digest)
        raise NoSignatures(request.name, f"{sought.advice} {request.name}", sought.what)
    return verify_candidates(request, candidates, trust)


def verify_candidates(
    request: VerifyImage, candidates: Sequence[Candidate], trust: TrustSource | None = None
) -> VerifiedImage:
    """Show that enough of the policy's signers made some of these signatures, wherever they were found.

    Raises:
        NoMatchingSignatures: Too few of them satisfy the policy; each reason is in the error.
        TransparencyRequired: The policy demands more than a key, and there is no trusted root.
        RemoteError: The registry failed, and what was read does not suffice.
    """
    believed = None if trust is None or request.policy.asks_a_key_alone else _read(trust, request.beside)
    outcomes = run_parallel(lambda candidate: candidate.verify(request.policy, believed), candidates, request.workers)
    verified: list[VerifiedSignature] = []
    rejections: list[Rejection] = []
    for candidate, outcome in zip(candidates, outcomes, strict=True):
        if isinstance(outcome.error, CosignError):
            rejections.append(Rejection(candidate.location, outcome.error))
        else:
            verified.append(outcome.unwrap())
    _verify_threshold(request, verified, rejections)
    # By key as they were given: the order of a registry's list is that of digests, which is to say none.
    if request.policy.identities is None:
        verified.sort(key=lambda signature: request.policy.keys.index(signature.key))
    return VerifiedImage(request.digest, tuple(verified), tuple(rejections))


def _read(trust: TrustSource, beside: "Beside | None") -> "Trust":
    from cosignpy.operations.beside import Beside  # not needed by who verifies by a key alone

    return (beside or Beside()).trust(trust.trusted_root())


def _verify_threshold(
    request: VerifyImage, verified: Sequence[VerifiedSignature], rejections: Sequence[Rejection]
) -> None:
    """Count different keys, or rules about identities that different signers satisfy."""
    signers = _count(request.policy, verified)
    if signers >= request.policy.threshold:
        return
    for rejection in rejections:
        if isinstance(rejection.error, RemoteError | TransparencyRequired):
            raise rejection.error
    if request.policy.wants_attestation and not signers:
        _refuse_other_types(request, rejections)
    why = f"no matching {_ATTESTATIONS.what if request.policy.wants_attestation else _SIGNATURES.what}"
    if signers:
        why = f"only {signers} of the {request.policy.threshold} signers demanded"
    raise NoMatchingSignatures(request.name, tuple(rejections), why)


def _refuse_other_types(request: VerifyImage, rejections: Sequence[Rejection]) -> None:
    """Say of which types the attestations are, in cosign's words, where that is all that is wrong with them.

    Raises:
        NoMatchingSignatures: It is.
    """
    from cosignpy.core.predicates.types import suggest_type  # not needed where something passes

    errors = [rejection.error for rejection in rejections]
    others = [error for error in errors if isinstance(error, ClaimMismatch) and error.claim == "predicate type"]
    if not others or len(others) < len(errors):
        return
    found = list(dict.fromkeys(error.found for error in others))
    attested = [each for each in found if each != COSIGN_SIGN_V1] or found
    why = f"none of the attestations matched the predicate type: {others[0].wanted}, found: {', '.join(attested)}"
    raise NoMatchingSignatures(request.name, tuple(rejections), why, suggest_type(found, others[0].wanted))


def _count(policy: ImagePolicy, verified: Sequence[VerifiedSignature]) -> int:
    if policy.identities is None:
        return len({signature.key for signature in verified})
    certificates = [signature.proof.certificate for signature in verified if signature.proof is not None]
    return count_satisfied(policy.rules, [one.identity for one in certificates if one is not None])
