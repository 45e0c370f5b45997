"""The decision over an image: all policies about it have to pass, each by one of its authorities.

Nothing is read here: what an authority says of the image is asked of whoever calls. What decided stays visible, so that
a decision can be explained.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

from cosignpy.errors import CosignError, DeadlineExceeded, PolicyRefused
from cosignpy.imagepolicy.model import Action, Authority, ImagePolicyDocument, Mode, Static
from cosignpy.imagepolicy.requirements import refuse_unsupported
from cosignpy.imagepolicy.workloads import Workload, is_about
from cosignpy.values import value

Verify: TypeAlias = Callable[[Authority], object]
"""Returns what shows that an authority vouches for the image, or raises why it does not."""


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


@value
class PolicyVerdict:
    """What one policy said, and what each of its authorities did."""

    policy: ImagePolicyDocument
    outcome: Outcome
    authorities: tuple[AuthorityVerdict, ...]

    @property
    def decisive(self) -> AuthorityVerdict | None:
        """The authority that vouched for the image; None where none did."""
        return next((each for each in self.authorities if each.outcome is Outcome.PASSED), None)

    @property
    def errors(self) -> tuple[CosignError, ...]:
        """Why none did; empty where one did."""
        if self.outcome is Outcome.PASSED:
            return ()
        found = tuple([each.error for each in self.authorities if each.error is not None])
        return found or (PolicyRefused(self.policy.name, "has no authority, so that no image passes"),)

    @property
    def clause(self) -> str:
        """The path of what decided, as the document has it."""
        passed = self.decisive
        return "spec.authorities" if passed is None else passed.authority.place.key


@value
class ImageDecision:
    """What became of an image, and by which policies."""

    image: str
    outcome: Outcome
    policies: tuple[PolicyVerdict, ...]

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
        return tuple(found) or (uncovered(self.image),)

    @property
    def warnings(self) -> tuple[CosignError, ...]:
        """What policies in warn mode would have refused it for, or that no policy is about it."""
        found = [error for each in self.policies if each.outcome is Outcome.WARNED for error in each.errors]
        nobody = self.outcome is Outcome.WARNED and not self.policies
        return (uncovered(self.image),) if nobody else tuple(found)


def uncovered(image: str) -> PolicyRefused:
    """Build the error about an image that no policy is about."""
    hint = "a policy is about full names that a glob in spec.images describes, and with spec.match about workloads only"
    return PolicyRefused("", f"no policy is about {image}", hint)


@value
class Subject:
    """An image as it is named, and the workload that runs it, if there is one."""

    image: str
    workload: Workload | None = None


def decide_image(
    subject: Subject, policies: Iterable[ImagePolicyDocument], verify: Verify, no_match: NoMatch = NoMatch.DENY
) -> ImageDecision:
    """Decide over an image by all policies that are about it.

    Raises:
        DocumentError: A policy demands what cannot be shown.
        MalformedError: The image is no reference.
        DeadlineExceeded: There was no time to ask all authorities.
    """
    about = [each for each in policies if is_about(each, subject.workload) and each.covers(subject.image)]
    verdicts = tuple([decide_policy(policy, verify) for policy in about])
    return ImageDecision(subject.image, combine(verdicts, no_match), verdicts)


def combine(verdicts: Sequence[PolicyVerdict], no_match: NoMatch) -> Outcome:
    """Return what all policies together say: one that refuses is enough, and one that warns for a warning."""
    if not verdicts:
        return _UNMATCHED[no_match]
    found = {each.outcome for each in verdicts}
    return next(each for each in (Outcome.REFUSED, Outcome.WARNED, Outcome.PASSED) if each in found)


def decide_policy(policy: ImagePolicyDocument, verify: Verify) -> PolicyVerdict:
    """Ask the authorities of a policy until one passes, those that answer without looking first.

    Raises:
        DocumentError: The policy demands what cannot be shown.
        DeadlineExceeded: There was no time to ask all authorities.
    """
    refuse_unsupported(policy)
    found: dict[int, AuthorityVerdict] = {}
    numbered = sorted(enumerate(policy.authorities), key=lambda each: not isinstance(each[1].signer, Static))
    passed = False
    for number, authority in numbered:
        found[number] = AuthorityVerdict(authority, Outcome.NOT_ASKED) if passed else _ask(policy, authority, verify)
        passed = passed or found[number].outcome is Outcome.PASSED
    failed = Outcome.WARNED if policy.mode is Mode.WARN else Outcome.REFUSED
    verdicts = tuple([found[number] for number in sorted(found)])
    return PolicyVerdict(policy, Outcome.PASSED if passed else failed, verdicts)


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
