"""What people are told: the policy controller's first lines, and what to do."""

import pytest

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.webhook.answer import Finding
from cosignpy.webhook.messages import (
    ADVICE,
    MAX_DETAILS,
    MAX_MESSAGE,
    MAX_WARNING,
    MAX_WARNINGS,
    clean,
    clean_lines,
    cut,
    describe,
    describe_path,
    describe_refusals,
    fit_warnings,
    name_policy,
)
from cosignpy.webhook.verdicts import Cause, ImageVerdict, PolicyAnswer
from tests.support.admission import DIGEST, OTHER, PINNED, TAGGED, passed, refused

PATH = ("spec", "containers", 0, "image")
SECOND = ("spec", "containers", 1, "image")
UNSIGNED = "signature key validation failed for authority alice for IMG: no signatures found"


def uncovered(image: str = PINNED) -> ImageVerdict:
    return ImageVerdict(image, DIGEST, Outcome.REFUSED, cause=Cause.UNCOVERED, problem="no policy is about it")


def unresolved(image: str = TAGGED, cause: Cause = Cause.UNREACHABLE, problem: str = "it is away") -> ImageVerdict:
    return ImageVerdict(image, "", Outcome.REFUSED, cause=cause, problem=problem)


def told(*findings: Finding) -> list[str]:
    return describe_refusals(findings).split("\n")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (PATH, "spec.containers[0].image"),
        (("spec", "jobTemplate", "spec", "template", "spec", "initContainers", 2, "image"),
         "spec.jobTemplate.spec.template.spec.initContainers[2].image"),
        (("spec", "volumes", 1, "image", "reference"), "spec.volumes[1].image.reference"),
    ],
)  # fmt: skip
def test_a_path_is_written_as_kubernetes_does(path: tuple[str | int, ...], text: str) -> None:
    assert describe_path(path) == text


def test_an_image_without_a_policy() -> None:
    assert told(Finding(PATH, PINNED, uncovered())) == [
        "validation failed: no matching policies: spec.containers[0].image",
        PINNED,
        f"What to do: {ADVICE[Cause.UNCOVERED]}.",
    ]


def test_an_image_that_a_policy_refuses() -> None:
    assert told(Finding(PATH, TAGGED, refused(TAGGED, why=UNSIGNED))) == [
        "validation failed: failed policy: keys: spec.containers[0].image",
        f"{TAGGED}@{DIGEST} {UNSIGNED}",
        f"What to do: {ADVICE[Cause.POLICY]}.",
    ]


def test_reasons_of_several_authorities_are_joined_by_blanks() -> None:
    answer = PolicyAnswer("keys", "team", Outcome.REFUSED, reasons=("one", "two"))
    verdict = ImageVerdict(PINNED, DIGEST, Outcome.REFUSED, (answer,), Cause.POLICY)
    lines = told(Finding(PATH, PINNED, verdict))
    assert lines[:2] == ["validation failed: failed policy: team/keys: spec.containers[0].image", f"{PINNED} one two"]


def test_one_message_about_several_places_names_all_of_them() -> None:
    lines = told(Finding(PATH, PINNED, refused()), Finding(SECOND, PINNED, refused()), Finding(PATH, PINNED, refused()))
    assert lines[0] == "validation failed: failed policy: keys: spec.containers[0].image, spec.containers[1].image"
    assert len(lines) == 3


def test_messages_are_sorted_by_themselves_and_by_their_details() -> None:
    second = f"registry.example/shop/api@{OTHER}"
    both = ImageVerdict(
        PINNED,
        DIGEST,
        Outcome.REFUSED,
        (PolicyAnswer("p2", "", Outcome.REFUSED, reasons=("no",)), PolicyAnswer("p1", "", Outcome.REFUSED)),
        Cause.POLICY,
    )
    lines = told(Finding(PATH, PINNED, both), Finding(SECOND, second, refused(second, OTHER, "p2", "no")))
    assert lines[:-1] == [
        "validation failed: failed policy: p1: spec.containers[0].image",
        f"{PINNED} ",
        "failed policy: p2: spec.containers[1].image",
        f"{second} no",
        "failed policy: p2: spec.containers[0].image",
        f"{PINNED} no",
    ]


def test_policies_that_pass_or_warn_are_not_told_of_in_a_refusal() -> None:
    answers = (
        PolicyAnswer("good", "", Outcome.PASSED),
        PolicyAnswer("mild", "", Outcome.WARNED, reasons=("unsigned",)),
        PolicyAnswer("bad", "", Outcome.REFUSED, reasons=("unsigned",)),
    )
    verdict = ImageVerdict(PINNED, DIGEST, Outcome.REFUSED, answers, Cause.POLICY)
    assert [line for line in told(Finding(PATH, PINNED, verdict)) if "policy:" in line] == [
        "validation failed: failed policy: bad: spec.containers[0].image"
    ]
    assert told(Finding(PATH, PINNED, passed())) == ["validation failed: "]


def test_a_tag_without_a_digest_is_told_with_the_reason() -> None:
    assert told(Finding(PATH, TAGGED, unresolved())) == [
        f"validation failed: invalid value: {TAGGED} must be an image digest: spec.containers[0].image",
        "it is away",
        f"What to do: {ADVICE[Cause.UNREACHABLE]}.",
    ]


def test_a_name_that_is_none_is_told_as_the_policy_controller_does() -> None:
    lines = told(Finding(PATH, "a b", unresolved("a b", Cause.IMAGE_NAME, "why")))
    assert lines[:2] == ["validation failed: could not parse reference: a b: spec.containers[0].image", "why"]


def test_an_image_that_nobody_could_decide_over() -> None:
    verdict = ImageVerdict(PINNED, DIGEST, Outcome.REFUSED, cause=Cause.TRUST, problem="nobody is believed")
    assert told(Finding(PATH, PINNED, verdict))[:2] == [
        "validation failed: could not be decided over: spec.containers[0].image",
        f"{PINNED} nobody is believed",
    ]


def test_each_cause_has_something_to_do() -> None:
    assert set(ADVICE) == set(Cause)
    lines = told(*[Finding(PATH, TAGGED, unresolved(cause=cause)) for cause in Cause])
    said = [line.removeprefix("What to do: ").rstrip(".") for line in lines if line.startswith("What to do: ")]
    assert said == [advice.rstrip(".") for advice in ADVICE.values()]


def test_an_advice_that_ends_with_dots_gets_no_other() -> None:
    lines = told(Finding(PATH, "a b", unresolved("a b", Cause.IMAGE_NAME, "no")))
    assert lines[-1].endswith(" or better registry/repository@sha256:...")


def test_what_people_write_does_not_reach_a_terminal_as_it_is() -> None:
    lines = told(Finding(PATH, "a\nb\x1b[2J", unresolved("a\nb\x1b[2J", Cause.IMAGE_NAME, "no\x07")))
    assert lines[:2] == [
        "validation failed: could not parse reference: a�b�[2J: spec.containers[0].image",
        "no�",
    ]
    assert (clean("a\tb\n\ud800\u2028"), clean_lines("a\nb\t")) == ("a�b���", "a\nb�")
    assert name_policy(PolicyAnswer("a\nb", "", Outcome.PASSED)) == "a�b"


def test_messages_have_an_end() -> None:
    assert (cut("abcdef", 6), cut("abcdefg", 6)) == ("abcdef", "abc...")
    many = [Finding(("spec", "containers", n, "image"), f"a{n}", unresolved(problem="x" * 9999)) for n in range(100)]
    found = describe_refusals(many)
    assert len(found) == MAX_MESSAGE
    assert len(describe_refusals(many[:1]).split("\n")[1]) == MAX_DETAILS


def test_warnings_are_lines() -> None:
    assert fit_warnings(["one\ntwo", "", "  three ", "one"]) == ("one", "two", "three")
    assert fit_warnings(["a\tb\x1b"]) == ("a�b�",)
    assert fit_warnings([]) == ()


def test_warnings_are_cut_as_the_api_server_would() -> None:
    assert fit_warnings(["x" * 300]) == ("x" * 300,)
    assert fit_warnings(["x" * (MAX_WARNINGS - 1), "y"]) == ("x" * (MAX_WARNINGS - 1), "y")
    long, short = fit_warnings(["x" * MAX_WARNINGS, "y"])
    assert (len(long), long[-3:], short) == (MAX_WARNING, "...", "y")


def test_warnings_that_are_too_many_are_left_out_and_the_last_says_so() -> None:
    found = fit_warnings([f"{number:04d}" + "x" * 252 for number in range(20)])
    assert found[-1] == "5 more warnings were left out"
    assert len(found) == 16
    assert sum(map(len, found)) <= MAX_WARNINGS
    exact = fit_warnings([f"{number:04d}" + "x" * 252 for number in range(16)])
    assert (len(exact), sum(map(len, exact))) == (16, MAX_WARNINGS)


def test_an_image_with_a_digest_is_not_told_to_have_one() -> None:
    verdict = ImageVerdict(PINNED, "", Outcome.REFUSED, cause=Cause.TIMEOUT, problem="too slow")
    (message, *_details) = describe([Finding(("spec", "containers", 0, "image"), PINNED, verdict)], Outcome.REFUSED)
    assert message == "could not be decided over: spec.containers[0].image"
