"""Decide over an image by the policies that are about it, with what is found of its signatures."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Reference, Tag
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.errors import CosignError
from cosignpy.imagepolicy.attestations import VerifiedAttestations
from cosignpy.imagepolicy.attested import match_wanted
from cosignpy.imagepolicy.authority_trust import select_trusted_root
from cosignpy.imagepolicy.controller_refusals import accepted_forms, keep_named_hash, refuse_authority
from cosignpy.imagepolicy.decision import ImageDecision, NoMatch, Subject, decide_image
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument, Source
from cosignpy.imagepolicy.requirements import build_image_policy
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.operations.expand import Scope, select_subjects
from cosignpy.operations.parallel import DEFAULT_WORKERS
from cosignpy.operations.policy_conditions import ImageConditions
from cosignpy.operations.ports import ManifestSource, TrustSource
from cosignpy.operations.prefixed_tags import PrefixedTags
from cosignpy.operations.stored_forms import select_forms
from cosignpy.operations.verify_image import VerifyImage, verify_image
from cosignpy.values import record, value

if TYPE_CHECKING:
    from cosignpy.core.trust.trusted_root import TrustedRoot

OpenSource: TypeAlias = Callable[[Source | None], ManifestSource]
"""Opens where an authority has signatures looked up; None is where they are looked up otherwise."""


@value
class VerifyByPolicies:
    """Which image (`name` as it was written, which globs are about), and by which policies.

    `target` is looked up once an authority has to look at signatures. `moment` stands in for the time of signing where
    a policy waives all who would vouch for one. `workload` runs the image, where one does. `full_name` is what globs
    are about, where the name was read by another grammar.
    """

    name: str
    target: Digest | Tag
    policies: tuple[ImagePolicyDocument, ...]
    moment: datetime
    no_match: NoMatch = NoMatch.DENY
    workers: int = DEFAULT_WORKERS
    workload: Workload | None = None
    full_name: str = ""


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
    conditions = ImageConditions(image, subject.resolve, request.workload)

    def verify(authority: Authority) -> VerifiedImage | VerifiedAttestations:
        refuse_authority(authority, request.name)
        policy = build_image_policy(authority, request.moment)
        digest = subject.resolve()
        pinned = f"{Reference.parse(request.name).name}@{digest}"
        wanted = VerifyImage(pinned, digest, policy, request.workers)
        place = _prefixed(signatures(authority.source), authority.source)
        stored = select_forms(place, accepted_forms(authority))
        found = verify_image(wanted, image, stored, AuthorityTrust(authority, trust))
        return match_wanted(authority, pinned, keep_named_hash(authority, found), conditions.load)

    named = Subject(request.name, request.workload, subject.resolve, request.full_name)
    decision = decide_image(named, request.policies, verify, request.no_match, conditions.conclude)
    return DecidedImage(subject.digest, decision)


def _prefixed(place: ManifestSource, source: Source | None) -> ManifestSource:
    prefix = source.tag_prefix if source is not None else None
    return PrefixedTags(place, prefix) if prefix else place


@value
class AuthorityTrust:
    """Whom one authority believes."""

    authority: Authority
    otherwise: TrustSource

    def trusted_root(self) -> "TrustedRoot":
        """Return what the authority names, and who is believed otherwise for the rest.

        Raises:
            CosignError: It cannot be had.
        """
        return select_trusted_root(self.authority, self.otherwise.trusted_root)


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
