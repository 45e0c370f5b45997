"""Verify the signatures of an image against a policy."""

from collections.abc import Sequence

from cosignpy.core.digest import Digest
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.verify.evidence import VerifiedImage, VerifiedSignature
from cosignpy.errors import (
    CosignError,
    NoMatchingSignatures,
    NoSignatures,
    Rejection,
    RemoteError,
    TransparencyRequired,
)
from cosignpy.operations.candidates import find_candidates
from cosignpy.operations.parallel import DEFAULT_WORKERS, run_parallel
from cosignpy.operations.ports import ManifestSource
from cosignpy.values import value


@value
class VerifyImage:
    """Which image (pinned to a digest; `name` is for messages), by which policy, how many reads at once."""

    name: str
    digest: Digest
    policy: ImagePolicy
    workers: int = DEFAULT_WORKERS


def verify_image(request: VerifyImage, image: ManifestSource, signatures: ManifestSource) -> VerifiedImage:
    """Show that enough of the policy's keys signed the image.

    `signatures` is where signatures are looked up (COSIGN_REPOSITORY); `image` is asked only when nothing
    was found there, to tell an unsigned image from one that does not exist.

    Raises:
        NoSignatures: The image has none.
        NoSuchTag: There is no such image.
        NoMatchingSignatures: It has some, too few of them satisfy the policy; each reason is in the error.
        TransparencyRequired: The policy demands a log entry.
        RemoteError: The registry failed, and what was read does not suffice.
    """
    candidates = find_candidates(signatures, request.digest)
    if not candidates:
        image.fetch_manifest(request.digest)
        raise NoSignatures(request.name, "sign it with: cosignpy sign --key KEY " + request.name)
    outcomes = run_parallel(lambda candidate: candidate.verify(request.policy), candidates, request.workers)
    verified: list[VerifiedSignature] = []
    rejections: list[Rejection] = []
    for candidate, outcome in zip(candidates, outcomes, strict=True):
        if isinstance(outcome.error, CosignError):
            rejections.append(Rejection(candidate.location, outcome.error))
        else:
            verified.append(outcome.unwrap())
    _verify_threshold(request, verified, rejections)
    # By key as they were given: the order of a registry's list is that of digests, which is to say none.
    verified.sort(key=lambda signature: request.policy.keys.index(signature.key))
    return VerifiedImage(request.digest, tuple(verified), tuple(rejections))


def _verify_threshold(
    request: VerifyImage, verified: Sequence[VerifiedSignature], rejections: Sequence[Rejection]
) -> None:
    """Count different keys: the same key twice is one signer."""
    signers = {signature.key for signature in verified}
    if len(signers) >= request.policy.threshold:
        return
    for rejection in rejections:
        if isinstance(rejection.error, RemoteError | TransparencyRequired):
            raise rejection.error
    why = "no matching signatures"
    if signers:
        why = f"only {len(signers)} of the {request.policy.threshold} signers demanded"
    raise NoMatchingSignatures(request.name, tuple(rejections), why)
