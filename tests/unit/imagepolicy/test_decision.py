"""The decision: any authority of a policy, all policies of an image, and which clause it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from cosignpy.documents import DocumentError
from cosignpy.errors import (
    ConditionRefused,
    CosignError,
    DeadlineExceeded,
    MalformedError,
    NoSignatures,
    PolicyRefused,
    SignatureMismatch,
)
from cosignpy.imagepolicy.decision import (
    AuthorityVerdict,
    ImageDecision,
    NoMatch,
    Outcome,
    Subject,
    decide_image,
    decide_policy,
)
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument
from cosignpy.imagepolicy.workloads import Workload
from tests.support.image_policies import BY_KEY, FAIL, KEYLESS, PASS, parsed

IMAGE: Final = "ghcr.io/team/app:1"
EVIDENCE: Final = "evidence"
PASSED: Final = Outcome.PASSED
REFUSED: Final = Outcome.REFUSED
WARNED: Final = Outcome.WARNED
NOT_ASKED: Final = Outcome.NOT_ASKED


class Answers:
    """Says of each authority, by name, what it is told to; remembers who was asked."""

    def __init__(self, **errors: CosignError) -> None:
        self.errors = errors
        self.asked: list[str] = []

    def __call__(self, authority: Authority) -> object:
        self.asked.append(authority.name)
        if authority.name in self.errors:
            raise self.errors[authority.name]
        return EVIDENCE


def called(name: str, authority: Mapping[str, Any] = BY_KEY) -> dict[str, Any]:
    return {"name": name, **authority}


def no(name: str) -> CosignError:
    return NoSignatures(name)


def outcomes(policy: ImagePolicyDocument, answers: Answers) -> list[Outcome]:
    return [each.outcome for each in decide_policy(policy, answers).authorities]


def test_one_authority_that_passes_is_enough_and_the_next_is_not_asked() -> None:
    answers = Answers(a=no("a"))
    found = decide_policy(parsed(called("a"), called("b", KEYLESS), called("c")), answers)
    assert found.outcome is PASSED
    assert [each.outcome for each in found.authorities] == [REFUSED, PASSED, NOT_ASKED]
    assert answers.asked == ["a", "b"]
    assert found.decisive is found.authorities[1]
    assert found.decisive.evidence == EVIDENCE
    assert (found.clause, found.errors) == ("spec.authorities[1]", ())
    assert found.authorities[0].error is answers.errors["a"]


def test_where_none_passes_every_reason_is_kept() -> None:
    answers = Answers(a=no("a"), b=SignatureMismatch("b"))
    found = decide_policy(parsed(called("a"), called("b")), answers)
    assert (found.outcome, found.decisive, found.clause) == (REFUSED, None, "spec.authorities")
    assert found.errors == (answers.errors["a"], answers.errors["b"])


def test_no_authority_refuses() -> None:
    found = decide_policy(parsed(), Answers())
    assert found.outcome is REFUSED
    (error,) = found.errors
    assert isinstance(error, PolicyRefused)
    assert (error.policy, error.why) == ("team", "has no authority, so that no image passes")


def test_a_static_pass_asks_nobody() -> None:
    answers = Answers()
    found = decide_policy(parsed(called("a"), PASS), answers)
    assert found.outcome is PASSED
    assert [each.outcome for each in found.authorities] == [NOT_ASKED, PASSED]
    assert (answers.asked, found.clause) == ([], "spec.authorities[1]")


@pytest.mark.parametrize(
    ("message", "why"), [("not here", "disallowed by static policy: not here"), ("", "disallowed by static policy")]
)
def test_a_static_fail_says_why(message: str, why: str) -> None:
    (error,) = decide_policy(parsed({"static": {"action": "fail", "message": message}}), Answers()).errors
    assert isinstance(error, PolicyRefused)
    assert str(error) == f"policy team: {why}"


def test_a_static_fail_takes_nothing_from_the_others() -> None:
    assert outcomes(parsed(FAIL, called("a")), Answers()) == [REFUSED, PASSED]


def test_warn_mode_admits_with_the_reasons() -> None:
    answers = Answers(a=no("a"))
    found = decide_image(Subject(IMAGE), [parsed(called("a"), mode="warn")], answers)
    assert (found.outcome, found.is_admitted) == (WARNED, True)
    assert (found.errors, found.warnings) == ((), (answers.errors["a"],))
    assert decide_image(Subject(IMAGE), [parsed(called("b"), mode="warn")], answers).outcome is PASSED


@pytest.mark.parametrize(
    ("modes", "failing", "outcome"),
    [
        (("enforce", "enforce"), "", PASSED),
        (("enforce", "enforce"), "b", REFUSED),
        (("enforce", "warn"), "b", WARNED),
        (("warn", "enforce"), "b", REFUSED),
        (("warn", "enforce"), "ab", REFUSED),
        (("warn", "warn"), "ab", WARNED),
    ],
)
def test_all_policies_have_to_pass(modes: tuple[str, str], failing: str, outcome: Outcome) -> None:
    answers = Answers(**{name: no(name) for name in failing})
    policies = [parsed(called(name), name=name, mode=mode) for name, mode in zip("ab", modes, strict=True)]
    found = decide_image(Subject(IMAGE), policies, answers)
    assert found.outcome is outcome
    assert found.is_admitted is (outcome is not REFUSED)
    assert answers.asked == ["a", "b"]
    enforced = [name for name, mode in zip("ab", modes, strict=True) if mode == "enforce" and name in failing]
    warned = [name for name, mode in zip("ab", modes, strict=True) if mode == "warn" and name in failing]
    assert found.errors == tuple(answers.errors[name] for name in enforced)
    assert found.warnings == tuple(answers.errors[name] for name in warned)


def test_policies_about_other_images_are_not_asked() -> None:
    answers = Answers(a=no("a"))
    elsewhere = parsed(called("a"), images=[{"glob": "quay.io/**"}])
    found = decide_image(Subject(IMAGE), [elsewhere, parsed(called("b"), name="here")], answers)
    assert (found.outcome, answers.asked) == (PASSED, ["b"])
    assert [each.policy.name for each in found.policies] == ["here"]


@pytest.mark.parametrize(
    ("no_match", "outcome", "errors", "warnings"),
    [(NoMatch.DENY, REFUSED, 1, 0), (NoMatch.WARN, WARNED, 0, 1), (NoMatch.ALLOW, PASSED, 0, 0)],
)
def test_an_image_that_no_policy_is_about(no_match: NoMatch, outcome: Outcome, errors: int, warnings: int) -> None:
    elsewhere = parsed(PASS, images=[{"glob": "quay.io/**"}])
    found = decide_image(Subject(IMAGE), [elsewhere], Answers(), no_match)
    assert found == ImageDecision(IMAGE, outcome, ())
    assert (len(found.errors), len(found.warnings)) == (errors, warnings)
    for error in (*found.errors, *found.warnings):
        assert str(error) == f"no policy is about {IMAGE}"


def test_without_being_told_an_image_that_no_policy_is_about_is_refused() -> None:
    assert decide_image(Subject(IMAGE), [], Answers()).outcome is REFUSED


def test_no_time_left_is_no_answer() -> None:
    with pytest.raises(DeadlineExceeded):
        decide_image(Subject(IMAGE), [parsed(called("a"), called("b"))], Answers(a=DeadlineExceeded(1)))


def test_what_cannot_be_shown_is_refused_and_not_left_out() -> None:
    unknown = {"key": {"secretRef": {"name": "x"}}}
    with pytest.raises(DocumentError) as caught:
        decide_image(Subject(IMAGE), [parsed(PASS, unknown)], Answers())
    assert caught.value.key == "spec.authorities[1].key.secretRef"


CONDITION: Final = {"type": "cue", "data": "a: 1"}


def test_a_condition_that_nobody_evaluates_does_not_hold() -> None:
    found = decide_image(Subject(IMAGE), [parsed(PASS, policy=CONDITION)], Answers())
    assert found.outcome is Outcome.REFUSED
    assert (found.policies[0].clause, found.policies[0].decisive) == ("spec.policy", None)


@dataclass
class Concluding:
    """Answers for conditions of policies, and notes over whom they were asked."""

    error: CosignError | None = None
    asked: list[tuple[Outcome, ...]] = field(default_factory=list)

    def __call__(self, policy: ImagePolicyDocument, verdicts: Sequence[AuthorityVerdict]) -> None:
        assert policy.policy is not None
        self.asked.append(tuple(each.outcome for each in verdicts))
        if self.error is not None:
            raise self.error


def test_a_condition_is_about_all_authorities() -> None:
    policy, concluding = parsed(PASS, called("a"), called("b"), policy=CONDITION), Concluding()
    found = decide_image(Subject(IMAGE), [policy], Answers(b=no("b")), conclude=concluding)
    assert found.outcome is Outcome.PASSED
    assert concluding.asked == [(Outcome.PASSED, Outcome.PASSED, Outcome.REFUSED)]


@pytest.mark.parametrize(("mode", "outcome"), [("enforce", Outcome.REFUSED), ("warn", Outcome.WARNED)])
def test_a_condition_that_does_not_hold_refuses_whoever_passed(mode: str, outcome: Outcome) -> None:
    error = ConditionRefused("team", "it does not hold")
    found = decide_image(
        Subject(IMAGE), [parsed(PASS, mode=mode, policy=CONDITION)], Answers(), conclude=Concluding(error)
    )
    assert (found.outcome, found.policies[0].errors) == (outcome, (error,))
    assert found.policies[0].clause == "spec.policy"


def test_a_condition_is_not_asked_where_nobody_passes() -> None:
    concluding = Concluding()
    assert not decide_image(
        Subject(IMAGE), [parsed(FAIL, policy=CONDITION)], Answers(), conclude=concluding
    ).is_admitted
    assert concluding.asked == []


def test_there_was_no_time_for_a_condition() -> None:
    with pytest.raises(DeadlineExceeded):
        decide_image(
            Subject(IMAGE), [parsed(PASS, policy=CONDITION)], Answers(), conclude=Concluding(DeadlineExceeded(1))
        )


@pytest.mark.parametrize(
    ("workload", "about"),
    [(Workload("", "v1", "pods"), True), (Workload("apps", "v1", "deployments"), False), (None, False)],
)
def test_a_policy_with_matches_is_about_its_workloads_only(workload: Workload | None, about: bool) -> None:
    policy = parsed(PASS, match=[{"version": "v1", "resource": "pods"}])
    assert decide_image(Subject(IMAGE, workload), [policy], Answers()).is_admitted is about


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(MalformedError):
        decide_image(Subject("Not a name"), [parsed(PASS)], Answers())


@pytest.mark.parametrize("image", ["GHCR.io/team/app:1", "ghcr.io:443/team/app:1"])
def test_another_name_of_a_registry_is_no_way_around_what_is_about_it(image: str) -> None:
    strict = parsed(FAIL, name="strict", images=[{"glob": "ghcr.io/team/**"}])
    lenient = parsed(PASS, name="lenient")
    assert not decide_image(Subject(IMAGE), [strict, lenient], Answers()).is_admitted
    found = decide_image(Subject(image), [strict, lenient], Answers(), NoMatch.ALLOW)
    assert not found.is_admitted
    (error,) = found.errors
    assert isinstance(error, PolicyRefused)
    assert (error.why, error.hint) == (f"no policy is about {image}", f"they are about {IMAGE}")
    assert decide_image(Subject(image), [lenient], Answers()).is_admitted
    named = parsed(PASS, name="named", images=[{"glob": "GHCR.io/**"}, {"glob": "ghcr.io:443/**"}])
    assert decide_image(Subject(image), [named], Answers()).is_admitted
