"""Verdicts as they are told: what is settled without looking at an image, and what is made of workers' answers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from cosignpy.errors import CosignError, PolicyRefused
from cosignpy.imagepolicy.decision import (
    ImageDecision,
    NoMatch,
    Outcome,
    PolicyVerdict,
    combine,
    decide_policy,
    uncovered,
)
from cosignpy.imagepolicy.model import Authority, Mode
from cosignpy.values import replace, value
from cosignpy.webhook.engine.causes import cause_of_decision
from cosignpy.webhook.engine.matching import Group
from cosignpy.webhook.engine.messages import Decided, Said
from cosignpy.webhook.engine.names import ImageName
from cosignpy.webhook.engine.said import describe, explain, explain_error
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.ports import CompiledPolicy
from cosignpy.webhook.verdicts import Cause, ImageVerdict, Kept, PolicyAnswer

_ORDER: Final = (Outcome.REFUSED, Outcome.WARNED, Outcome.PASSED)
_UNCOVERED: Final = {NoMatch.DENY: Outcome.REFUSED, NoMatch.WARN: Outcome.WARNED, NoMatch.ALLOW: Outcome.PASSED}


@value
class Preface:
    """What is true before anybody looks: policies that cannot be read, or that there is none about the image."""

    outcome: Outcome = Outcome.PASSED
    answers: tuple[PolicyAnswer, ...] = ()
    cause: Cause | None = None
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it adds nothing."""
        return self.outcome is Outcome.PASSED and not self.answers


NOTHING: Final = Preface()


def preface(group: Group, image: str, live: LiveSettings) -> Preface:
    """Say what is true before anybody looks at an image."""
    covered = group.is_covered or (live.namespaced_policies_cover and bool(group.policies or group.broken))
    if covered and not group.broken:
        return NOTHING
    answers = tuple([_broken(each) for each in group.broken])
    outcome = Outcome.PASSED if covered else _UNCOVERED[live.no_match_policy]
    outcome = worst([outcome, *(each.outcome for each in answers)])
    if answers:
        return Preface(outcome, answers, Cause.CONFIGURATION, "; ".join(each.reasons[0] for each in answers))
    if outcome is Outcome.PASSED:
        return NOTHING
    return Preface(outcome, (), Cause.UNCOVERED, explain_error(uncovered(image)))


def _broken(policy: CompiledPolicy) -> PolicyAnswer:
    outcome = Outcome.WARNED if policy.document.mode is Mode.WARN else Outcome.REFUSED
    why = f"the policy {policy.document.name} cannot be used, and refuses all images: {policy.problem}"
    return PolicyAnswer(policy.document.name, policy.namespace, outcome, "", (why,))


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Return what several outcomes are together."""
    return next(each for each in _ORDER if each in outcomes)


def settle(group: Group, name: ImageName, image: str, before: Preface) -> ImageVerdict | None:
    """Return the verdict that no image has to be looked at for; None where one has to be."""
    if before.outcome is Outcome.REFUSED or not group.policies:
        return ImageVerdict(
            image, name.digest, before.outcome, before.answers, before.cause, before.problem, datetime.now(UTC)
        )
    if group.is_static and _is_plain(group, name):
        return add_preface(before, _decide_static(group, name, image))
    if not name.digest:
        problem = f"{image} must be an image digest; name it by its digest, or have the webhook pin tags"
        return refuse(image, "", Cause.IMAGE_NAME, problem)
    return None


def _is_plain(group: Group, name: ImageName) -> bool:
    """Tell whether policies are about the name itself, and not only about the plain spelling of its registry."""
    return len(name.spellings) == 1 or all(each.document.covers_full(name.name) for each in group.policies)


def add_preface(before: Preface, verdict: ImageVerdict) -> ImageVerdict:
    """Return a verdict with what was true before anybody looked."""
    if before.is_empty:
        return verdict
    outcome = worst([before.outcome, verdict.outcome])
    mine = outcome is verdict.outcome and verdict.cause is not None
    return replace(
        verdict,
        outcome=outcome,
        policies=(*before.answers, *verdict.policies),
        cause=verdict.cause if mine else before.cause,
        problem=verdict.problem if mine else before.problem,
    )


def refuse(image: str, digest: str, cause: Cause, problem: str) -> ImageVerdict:
    """Return a verdict that refuses an image since nothing could be decided."""
    return ImageVerdict(image, digest, Outcome.REFUSED, (), cause, problem, datetime.now(UTC))


def read_decided(decided: Decided, group: Group, image: str, digest: str) -> ImageVerdict:
    """Return the verdict that a worker's answer is."""
    moment = datetime.fromtimestamp(decided.moment, UTC) if decided.moment else datetime.now(UTC)
    cause = Cause(decided.cause) if decided.cause else None
    answers = _answers(decided.said, group.policies)
    return ImageVerdict(image, digest, Outcome(decided.outcome), answers, cause, decided.problem, moment)


def in_grace(verdict: ImageVerdict, image: str, why: str) -> ImageVerdict:
    """Return a verdict that had its time, for an image whose registry is away."""
    decided = verdict.decided_at.isoformat(timespec="seconds") if verdict.decided_at is not None else "before"
    problem = f"decided {decided} and not anew: {why}"
    return replace(verdict, image=image, kept=Kept.GRACE, problem=problem)


def _decide_static(group: Group, name: ImageName, image: str) -> ImageVerdict:
    try:
        verdicts = tuple([_ask(each) for each in group.policies])
    except CosignError as error:
        return refuse(image, name.digest, Cause.CONFIGURATION, explain_error(error))
    decision = ImageDecision(name.name, combine(verdicts, NoMatch.DENY), verdicts)
    said = _answers(describe(decision, name.name, [each.document for each in group.policies]), group.policies)
    cause, problem = cause_of_decision(decision), explain(decision)
    return ImageVerdict(image, name.digest, decision.outcome, said, cause, problem, datetime.now(UTC))


def _ask(policy: CompiledPolicy) -> PolicyVerdict:
    def nobody(authority: Authority) -> object:
        raise PolicyRefused(policy.document.name, f"nobody asks the authority {authority.name}")

    return decide_policy(policy.document, nobody)


def _answers(said: Sequence[Said], policies: Sequence[CompiledPolicy]) -> tuple[PolicyAnswer, ...]:
    return tuple([_answer(each, policies[each.policy]) for each in said])


def _answer(said: Said, policy: CompiledPolicy) -> PolicyAnswer:
    name, outcome = policy.document.name, Outcome(said.outcome)
    return PolicyAnswer(name, policy.namespace, outcome, said.authority, said.reasons, said.evidence)
