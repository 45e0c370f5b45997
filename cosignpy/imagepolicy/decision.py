"""The decision over an image: all policies about it have to pass, each by one of its authorities, or more.

Nothing is read here: what an authority says of the image is asked of whoever calls. What decided stays visible, so that
a decision can be explained.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

from cosignpy.errors import CosignError, DeadlineExceeded, PolicyRefused
from cosignpy.imagepolicy.completeness import refuse_incomplete
from cosignpy.imagepolicy.denial import ReadDigest, Refusal, find_refusal
from cosignpy.imagepolicy.globs import respell
from cosignpy.imagepolicy.model import Action, Authority, ImagePolicyDocument, Mode, Static
from cosignpy.imagepolicy.requirements import refuse_unsupported
from cosignpy.imagepolicy.workloads import Workload, is_about
from cosignpy.values import value

Verify: TypeAlias = Callable[[Authority], object]
"""Returns what shows that an authority vouches for the image, or raises why it does not."""


ABOUT_IMAGES: Final = (
    "a policy is about full names that a glob in spec.images describes, and with spec.match about workloads only"
)
"""Which images a policy is about."""


class NoMatch(StrEnum):
    """What becomes of an image that no policy is about."""

    DENY = "deny"
    WARN = "warn"
    ALLOW = "allow"


class Outcome(StrEnum):
    """What became of a policy, or of an authority."""

    PASSED = "passed"
    WARNED = "warned"
    REFUSED = "refused"
    NOT_ASKED = "not asked"


@value
class AuthorityVerdict:
    """What one authority said: the evidence, or the error; neither where another had decided before."""

    authority: Authority
    outcome: Outcome
    evidence: object = None
    error: CosignError | None = None


Conclude: TypeAlias = "Callable[[ImagePolicyDocument, Sequence[AuthorityVerdict]], None]"
"""Shows that the condition of a policy holds for what its authorities said, or raises why it does not."""


@value
class PolicyVerdict:
    """What one policy said, and what each of its authorities did; nothing where it refuses the image without them."""

    policy: ImagePolicyDocument
    outcome: Outcome
    authorities: tuple[AuthorityVerdict, ...]
    refusal: Refusal | None = None

    @property
    def decisive(self) -> AuthorityVerdict | None:
        """The authority that vouched for the image, the first of several; None where not enough did."""
        return self.passing[0] if self.outcome is Outcome.PASSED and self.passing else None

    @property
    def passing(self) -> tuple[AuthorityVerdict, ...]:
        """The authorities that vouched for the image, be they enough or not."""
        return tuple([each for each in self.authorities if each.outcome is Outcome.PASSED])

    @property
    def errors(self) -> tuple[CosignError, ...]:
        """Why none did; empty where one did."""
        if self.outcome is Outcome.PASSED:
            return ()
        if self.refusal is not None:
            return (self.refusal.error,)
        found = tuple([each.error for each in self.authorities if each.error is not None])
        if self.passing:
            why = f"only {len(self.passing)} of the {self.policy.require} authorities that are needed passed"
            return (PolicyRefused(self.policy.name, why), *found)
        return found or (PolicyRefused(self.policy.name, "has no authority, so that no image passes"),)

    @property
    def clause(self) -> str:
        """The path of what decided, as the document has it."""
        if self.refusal is not None:
            return self.refusal.clause
        if self.policy.require > 1 and self.passing:
            return "spec.require"
        passed = self.decisive
        return "spec.authorities" if passed is None else passed.authority.place.key


@value
class ImageDecision:
    """What became of an image, and by which policies; `hint` says which are about it where none is."""

    image: str
    outcome: Outcome
    policies: tuple[PolicyVerdict, ...]
    hint: str = ABOUT_IMAGES

    @property
    def is_admitted(self) -> bool:
        """Whether the image may be used, perhaps with a warning."""
        return self.outcome is not Outcome.REFUSED

    @property
    def errors(self) -> tuple[CosignError, ...]:
        """Why it is refused: what the policies that count say, or that there is none."""
        if self.outcome is not Outcome.REFUSED:
            return ()
        found = [error for each in self.policies if each.outcome is Outcome.REFUSED for error in each.errors]
        return tuple(found) or (uncovered(self.image, self.hint),)

    @property
    def warnings(self) -> tuple[CosignError, ...]:
        """What policies in warn mode would have refused it for, or that no policy is about it."""
        found = [error for each in self.policies if each.outcome is Outcome.WARNED for error in each.errors]
        nobody = self.outcome is Outcome.WARNED and not self.policies
        return (uncovered(self.image, self.hint),) if nobody else tuple(found)


def uncovered(image: str, hint: str = ABOUT_IMAGES) -> PolicyRefused:
    """Build the error about an image that no policy is about."""
    return PolicyRefused("", f"no policy is about {image}", hint)


@value
class Subject:
    """An image as it is named, the workload that runs it, if there is one, and who finds out its digest.

    `full_name` is what globs are about, where the name was read by another grammar than ours.
    """

    image: str
    workload: Workload | None = None
    digest: ReadDigest | None = None
    full_name: str = ""


def refuse_condition(policy: ImagePolicyDocument, verdicts: Sequence[AuthorityVerdict]) -> None:
    """Refuse the condition of a policy where nobody evaluates it.

    Raises:
        PolicyRefused: Always.
    """
    del verdicts
    raise PolicyRefused(policy.name, "its condition is not evaluated here")


def decide_image(
    subject: Subject,
    policies: Iterable[ImagePolicyDocument],
    verify: Verify,
    no_match: NoMatch = NoMatch.DENY,
    conclude: Conclude = refuse_condition,
) -> ImageDecision:
    """Decide over an image by all policies that are about it.

    One that is named so that a policy about its registry would not count is refused.

    Raises:
        DocumentError: A policy demands what cannot be shown.
        MalformedError: The image is no reference.
        DeadlineExceeded: There was no time to ask all authorities.
    """
    about = select_policies(subject, policies)
    if not subject.full_name and not all(each.covers(subject.image) for each in about):
        return ImageDecision(subject.image, Outcome.REFUSED, (), f"they are about {respell(subject.image)}")
    verdicts = tuple([decide_policy(policy, verify, subject.digest, conclude) for policy in about])
    return ImageDecision(subject.image, combine(verdicts, no_match), verdicts)


def select_policies(subject: Subject, policies: Iterable[ImagePolicyDocument]) -> tuple[ImagePolicyDocument, ...]:
    """Return the policies that are about an image, in their order, and those about the plain name of its registry.

    Raises:
        MalformedError: The image is no reference.
        PolicyRefused: A policy is about labels that are none.
    """
    return tuple([each for each in policies if is_about(each, subject.workload) and _covers(each, subject)])


def _covers(policy: ImagePolicyDocument, subject: Subject) -> bool:
    if subject.full_name:
        return policy.covers_full(subject.full_name)
    return policy.covers(subject.image) or policy.covers(respell(subject.image))


def combine(verdicts: Sequence[PolicyVerdict], no_match: NoMatch) -> Outcome:
    """Return what all policies together say: one that refuses is enough, and one that warns for a warning."""
    if not verdicts:
        return _UNMATCHED[no_match]
    found = {each.outcome for each in verdicts}
    return next(each for each in (Outcome.REFUSED, Outcome.WARNED, Outcome.PASSED) if each in found)


def decide_policy(
    policy: ImagePolicyDocument,
    verify: Verify,
    digest: ReadDigest | None = None,
    conclude: Conclude = refuse_condition,
) -> PolicyVerdict:
    """Ask the authorities of a policy until enough pass, those that answer without looking first.

    Where the policy has a condition all are asked, since that is about all who pass.

    Raises:
        DocumentError: The policy demands what cannot be shown.
        DeadlineExceeded: There was no time to ask all authorities.
    """
    if policy.conduct.absent_refused:
        refuse_unsupported(policy)
        refuse_incomplete(policy)
    failed = Outcome.WARNED if policy.mode is Mode.WARN else Outcome.REFUSED
    refusal = find_refusal(policy.deny, digest)
    if refusal is not None:
        unasked = tuple([AuthorityVerdict(each, Outcome.NOT_ASKED) for each in policy.authorities])
        return PolicyVerdict(policy, failed, unasked, refusal)
    found: dict[int, AuthorityVerdict] = {}
    numbered = sorted(enumerate(policy.authorities), key=lambda each: not isinstance(each[1].signer, Static))
    passed = 0
    for number, authority in numbered:
        enough = passed >= policy.require and policy.policy is None
        found[number] = AuthorityVerdict(authority, Outcome.NOT_ASKED) if enough else _ask(policy, authority, verify)
        passed += found[number].outcome is Outcome.PASSED
    verdicts = tuple([found[number] for number in sorted(found)])
    if passed < policy.require:
        return PolicyVerdict(policy, failed, verdicts)
    refusal = _conclude(policy, verdicts, conclude)
    return PolicyVerdict(policy, Outcome.PASSED if refusal is None else failed, verdicts, refusal)


def _conclude(policy: ImagePolicyDocument, verdicts: Sequence[AuthorityVerdict], conclude: Conclude) -> Refusal | None:
    """Return why the condition of a policy refuses what its authorities let pass; None where it does not."""
    if policy.policy is None:
        return None
    try:
        conclude(policy, verdicts)
    except DeadlineExceeded:
        raise
    except CosignError as error:
        return Refusal(error, policy.policy.place.key)
    return None


def _ask(policy: ImagePolicyDocument, authority: Authority, verify: Verify) -> AuthorityVerdict:
    signer = authority.signer
    if isinstance(signer, Static):
        if signer.action is Action.PASS:
            return AuthorityVerdict(authority, Outcome.PASSED)
        why = "disallowed by static policy" + (f": {signer.message}" if signer.message else "")
        return AuthorityVerdict(authority, Outcome.REFUSED, None, PolicyRefused(policy.name, why))
    try:
        return AuthorityVerdict(authority, Outcome.PASSED, verify(authority))
    except DeadlineExceeded:
        raise
    except CosignError as error:
        return AuthorityVerdict(authority, Outcome.REFUSED, None, error)


_UNMATCHED: Final = {NoMatch.DENY: Outcome.REFUSED, NoMatch.WARN: Outcome.WARNED, NoMatch.ALLOW: Outcome.PASSED}
