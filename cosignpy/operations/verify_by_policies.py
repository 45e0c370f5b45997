"""Decide over an image by the policies that are about it, with what is found of its signatures."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.errors import CosignError
from cosignpy.imagepolicy.decision import ImageDecision, NoMatch, Subject, decide_image
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument, Source
from cosignpy.imagepolicy.requirements import build_image_policy
from cosignpy.operations.expand import Scope, select_subjects
from cosignpy.operations.parallel import DEFAULT_WORKERS
from cosignpy.operations.ports import ManifestSource, TrustSource
from cosignpy.operations.verify_image import VerifyImage, verify_image
from cosignpy.values import record, value

OpenSource: TypeAlias = Callable[[Source | None], ManifestSource]
"""Opens where an authority has signatures looked up; None is where they are looked up otherwise."""


@value
class VerifyByPolicies:
    """Which image (`name` as it was written, which globs are about), and by which policies.

    `target` is looked up once an authority has to look at signatures. `moment` stands in for the time of signing where
    a policy waives all who would vouch for one.
    """

    name: str
    target: Digest | Tag
    policies: tuple[ImagePolicyDocument, ...]
    moment: datetime
    no_match: NoMatch = NoMatch.DENY
    workers: int = DEFAULT_WORKERS


@value
class DecidedImage:
    """What was decided, and over which digest; None where nobody had to look at signatures."""

    digest: Digest | None
    decision: ImageDecision


def verify_by_policies(
    request: VerifyByPolicies, image: ManifestSource, signatures: OpenSource, trust: TrustSource
) -> DecidedImage:
    """Decide over an image; what a policy refuses, or why nothing could be looked at, is in the decision.

    Raises:
        DocumentError: A policy demands what cannot be shown yet.
        MalformedError: The name is no reference.
        DeadlineExceeded: There was no time to look at everything.
    """
    subject = _Subject(image, request.target)

    def verify(authority: Authority) -> VerifiedImage:
        policy = build_image_policy(authority, request.moment)
        wanted = VerifyImage(request.name, subject.resolve(), policy, request.workers)
        return verify_image(wanted, image, signatures(authority.source), trust)

    decision = decide_image(Subject(request.name), request.policies, verify, request.no_match)
    return DecidedImage(subject.digest, decision)


@record
class _Subject:
    """The digest that is meant, looked up once, whatever comes of it."""

    image: ManifestSource
    target: Digest | Tag
    digest: Digest | None = None
    error: CosignError | None = None

    def resolve(self) -> Digest:
        if self.error is not None:
            raise self.error
        if self.digest is None:
            try:
                (self.digest,) = select_subjects(self.image, self.target, Scope.NAMED)
            except CosignError as error:
                self.error = error
                raise
        return self.digest
