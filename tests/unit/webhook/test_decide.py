"""The decision over an object: admitted only where every image passes, or where refusals do not count."""

from http import HTTPStatus

import pytest

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.values import replace
from cosignpy.webhook.answer import (
    Answer,
    Denial,
    Finding,
    LeftToValidation,
    NothingToDecide,
    Passed,
    PatchOperation,
    Skip,
)
from cosignpy.webhook.decide import MAX_ANNOTATION, Pin, code_of, decide, patch, refuse, skip
from cosignpy.webhook.live_settings import Enforcement
from cosignpy.webhook.verdicts import Cause, ImageVerdict, Kept, PolicyAnswer
from tests.support.admission import DIGEST, OTHER, PINNED, TAGGED, passed, refused

PATH = ("spec", "containers", 0, "image")


def finding(verdict: ImageVerdict, number: int = 0) -> Finding:
    return Finding(("spec", "containers", number, "image"), verdict.image, verdict)


def warned(image: str = PINNED) -> ImageVerdict:
    answer = PolicyAnswer("mild", "", Outcome.WARNED, reasons=("unsigned",))
    return ImageVerdict(image, DIGEST, Outcome.WARNED, (answer,), Cause.POLICY)


def failed(cause: Cause) -> ImageVerdict:
    return ImageVerdict(PINNED, DIGEST, Outcome.REFUSED, cause=cause, problem="it failed")


def denial(answer: Answer) -> Denial:
    assert isinstance(answer.outcome, Denial)
    assert not answer.allowed
    return answer.outcome


@pytest.mark.parametrize("enforcement", Enforcement)
def test_an_image_that_passes_is_admitted_whatever_refusals_mean(enforcement: Enforcement) -> None:
    answer = decide([finding(passed())], enforcement)
    assert answer.outcome == Passed((finding(passed()),), enforcement)
    assert (answer.allowed, answer.warnings, answer.patch) == (True, (), ())
    assert answer.annotations == {
        "verdict": "admitted",
        "images": f"{PINNED} {DIGEST}",
        "policies": "keys=passed",
        "evidence": OTHER,
        "decided": "fresh",
    }


def test_one_image_that_is_refused_is_enough_for_a_denial() -> None:
    answer = decide([finding(passed()), finding(refused(), 1)], Enforcement.DENY)
    found = denial(answer)
    assert (found.code, found.reason) == (HTTPStatus.FORBIDDEN, "Forbidden")
    assert found.message.startswith("validation failed: failed policy: keys: spec.containers[1].image\n")
    assert answer.annotations["verdict"] == "refused"
    assert answer.annotations["cause"] == "policy-denied"
    assert answer.annotations["policies"] == "keys=passed, keys=refused"


def test_refusals_that_warn_are_told_and_admitted() -> None:
    answer = decide([finding(refused())], Enforcement.WARN)
    assert answer.allowed
    assert answer.warnings[:2] == ("failed policy: keys: spec.containers[0].image", f"{PINNED} no signatures")
    assert answer.warnings[2].startswith("What to do: ")
    assert answer.annotations["verdict"] == "admitted in spite of refusals: warn"


def test_refusals_that_are_only_recorded_are_in_the_audit_event_alone() -> None:
    answer = decide([finding(refused())], Enforcement.AUDIT)
    assert (answer.allowed, answer.warnings) == (True, ())
    assert answer.annotations["verdict"] == "admitted in spite of refusals: audit"
    assert answer.annotations["cause"] == "policy-denied"


def test_what_policies_warn_of_is_told_whatever_else_happens() -> None:
    lines = ("failed policy: mild: spec.containers[0].image", f"{PINNED} unsigned")
    assert decide([finding(warned())], Enforcement.DENY).warnings == lines
    assert decide([finding(warned())], Enforcement.DENY).allowed
    both = decide([finding(warned()), finding(refused(), 1)], Enforcement.DENY)
    assert (both.allowed, both.warnings) == (False, lines)
    mixed = replace(refused(), policies=(*refused().policies, *warned().policies))
    assert decide([finding(mixed)], Enforcement.DENY).warnings == lines


def test_an_image_without_a_policy_may_be_warned_of() -> None:
    verdict = ImageVerdict(PINNED, DIGEST, Outcome.WARNED, cause=Cause.UNCOVERED, problem="no policy is about it")
    answer = decide([finding(verdict)], Enforcement.DENY)
    assert (answer.allowed, answer.warnings) == (True, ("no matching policies: spec.containers[0].image", PINNED))


@pytest.mark.parametrize(
    ("causes", "code", "reason"),
    [
        ([Cause.POLICY], 403, "Forbidden"),
        ([Cause.UNCOVERED], 403, "Forbidden"),
        ([Cause.NOT_FOUND], 403, "Forbidden"),
        ([Cause.CREDENTIALS], 403, "Forbidden"),
        ([Cause.IMAGE_NAME], 400, "BadRequest"),
        ([Cause.TRUST], 500, "InternalError"),
        ([Cause.CONFIGURATION], 500, "InternalError"),
        ([Cause.UNREACHABLE], 503, "ServiceUnavailable"),
        ([Cause.TIMEOUT], 503, "ServiceUnavailable"),
        ([Cause.TIMEOUT, Cause.POLICY], 403, "Forbidden"),
        ([Cause.TIMEOUT, Cause.IMAGE_NAME], 400, "BadRequest"),
        ([Cause.UNREACHABLE, Cause.TRUST], 500, "InternalError"),
    ],
)
def test_the_status_says_whether_to_try_again(causes: list[Cause], code: int, reason: str) -> None:
    found = denial(decide([finding(failed(cause)) for cause in causes], Enforcement.DENY))
    assert (found.code, found.reason) == (code, reason)


def test_each_cause_has_a_status() -> None:
    for cause in Cause:
        assert code_of([finding(failed(cause))]) >= HTTPStatus.BAD_REQUEST
    assert code_of([finding(replace(refused(), cause=None))]) == HTTPStatus.FORBIDDEN


def test_how_old_a_verdict_is_stands_in_the_audit_event() -> None:
    kept = [finding(replace(passed(), kept=each), number) for number, each in enumerate(Kept)]
    assert decide(kept, Enforcement.DENY).annotations["decided"] == "grace"
    assert decide(kept[:2], Enforcement.DENY).annotations["decided"] == "remembered"


def test_annotations_are_bounded_and_in_one_line() -> None:
    many = [finding(replace(passed(), image=f"image-{number}\n"), number) for number in range(500)]
    found = decide(many, Enforcement.DENY).annotations
    assert len(found["images"]) == MAX_ANNOTATION
    assert all("\n" not in text for text in found.values())


def test_an_admission_with_a_refusal_in_it_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="about to be admitted"):
        Passed((finding(refused()),), Enforcement.DENY)


def test_where_there_is_nothing_to_decide_it_is_said_why() -> None:
    answer = skip(Skip.DELETION)
    assert answer.outcome == NothingToDecide(Skip.DELETION)
    assert (answer.allowed, answer.annotations) == (True, {"verdict": "skipped: deletion"})


def test_what_was_not_looked_at_is_refused() -> None:
    answer = refuse(HTTPStatus.BAD_REQUEST, "no")
    assert denial(answer) == Denial(400, "BadRequest", "no")
    assert answer.annotations == {"verdict": "refused"}


def test_a_patch_tests_what_it_replaces() -> None:
    answer = patch([Pin(("spec", "a/b~c", 0, "image"), TAGGED, f"{TAGGED}@{DIGEST}")])
    assert answer.outcome == LeftToValidation()
    assert answer.patch == (
        PatchOperation("test", "/spec/a~1b~0c/0/image", TAGGED),
        PatchOperation("replace", "/spec/a~1b~0c/0/image", f"{TAGGED}@{DIGEST}"),
    )
    assert answer.annotations == {"pinned": f"{TAGGED}@{DIGEST}"}
    assert patch([]) == Answer(LeftToValidation())
