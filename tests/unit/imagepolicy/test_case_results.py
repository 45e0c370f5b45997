"""What became of a case: each result differs in one thing from what was expected."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.documents import Place
from cosignpy.errors import (
    CosignError,
    MalformedError,
    NoMatchingSignatures,
    NoSignatures,
    NoSuchTag,
    Rejection,
    SignatureMismatch,
    Unreachable,
)
from cosignpy.imagepolicy.case_results import CaseResult, Difference, find_matches, judge
from cosignpy.imagepolicy.cases import Case, Verdict
from cosignpy.imagepolicy.decision import ImageDecision, Subject, decide_image
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument
from tests.support.image_policies import BY_KEY, FAIL, PASS, own, parsed

IMAGE = "ghcr.io/team/app:1"
DIGEST = Digest.of(b"")
UNREACHABLE = Unreachable("registry", "https://ghcr.io", None, "refused")
UNMATCHED = NoMatchingSignatures(IMAGE, (Rejection("bundle", SignatureMismatch("not made by this key")),))
WARNS = parsed(FAIL, mode="warn")


def case(verdict: Verdict | None = None, because: str = "", **more: object) -> Case:
    return Case(Place("a.test.yaml", 3), IMAGE, "", verdict, because, **more)  # type: ignore[arg-type]


def decided(*policies: ImagePolicyDocument, error: CosignError | None = None) -> ImageDecision:
    def verify(_authority: Authority) -> object:
        if error is not None:
            raise error
        return "evidence"

    return decide_image(Subject(IMAGE), policies, verify)


def judged(wanted: Case, outcome: ImageDecision | CosignError) -> CaseResult:
    return judge(wanted, ("team",), DIGEST, outcome)


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [(parsed(BY_KEY), Verdict.ADMITTED), (WARNS, Verdict.WARNED), (parsed(FAIL), Verdict.REFUSED)],
)
@pytest.mark.parametrize("expected", list(Verdict))
def test_a_verdict_is_the_one_that_is_expected_or_another(
    policy: ImagePolicyDocument, verdict: Verdict, expected: Verdict
) -> None:
    found = judged(case(expected), decided(policy))
    assert (found.verdict, found.passed) == (verdict, expected is verdict)
    assert [(each.what, each.expected, each.found[0]) for each in found.differences] == (
        [] if found.passed else [("verdict", expected, verdict)]
    )


@pytest.mark.parametrize(
    ("because", "holds"),
    [
        ("spec.authorities", True),
        ("spec.authorities[0]", True),
        ("team: spec.authorities[0]", True),
        ("not made by this key", True),
        ("no matching signatures", True),
        ("spec.authorities[1]", False),
        ("other: spec.authorities[0]", False),
        ("spec", False),
        ("not made by that key", False),
    ],
)
def test_a_refusal_has_the_reason_that_is_expected(because: str, holds: bool) -> None:
    found = judged(case(Verdict.REFUSED, because), decided(parsed(BY_KEY), error=UNMATCHED))
    assert [each.what for each in found.differences] == ([] if holds else ["because"])


def test_what_admits_is_the_clause_that_passed() -> None:
    outcome = decided(parsed(BY_KEY, {"name": "second", **PASS}))
    assert judged(case(Verdict.ADMITTED, "spec.authorities[1]"), outcome).passed
    assert not judged(case(Verdict.ADMITTED, "spec.authorities[0]"), outcome).passed


def test_a_policy_that_passes_is_no_reason_for_a_refusal() -> None:
    outcome = decided(parsed(PASS), parsed(FAIL, name="other"))
    assert judged(case(Verdict.REFUSED, "other: spec.authorities"), outcome).passed
    assert not judged(case(Verdict.REFUSED, "team: spec.authorities[0]"), outcome).passed


def test_a_warning_has_reasons_too() -> None:
    assert judged(case(Verdict.WARNED, "disallowed by static policy"), decided(WARNS)).passed


@pytest.mark.parametrize("error", [UNREACHABLE, NoSuchTag(IMAGE)])
@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("mode", ["enforce", "warn"])
def test_what_could_not_be_looked_at_fails_whatever_is_expected(
    error: CosignError, verdict: Verdict, mode: str
) -> None:
    found = judged(case(verdict), decided(parsed(BY_KEY, mode=mode), error=error))
    assert (found.verdict, found.undecided) == (None, error)
    assert found.differences == (Difference("verdict", verdict, ("none", str(error))),)


def test_an_unsigned_image_is_a_refusal() -> None:
    assert judged(case(Verdict.REFUSED), decided(parsed(BY_KEY), error=NoSignatures(IMAGE))).passed


def test_a_refusal_that_needs_no_registry_counts_beside_one_that_does() -> None:
    outcome = decided(parsed(BY_KEY), parsed(FAIL, name="other"), error=UNREACHABLE)
    assert judged(case(Verdict.REFUSED, "disallowed"), outcome).passed


def test_what_ended_before_a_decision_is_none() -> None:
    error = MalformedError("image", "none")
    assert judged(case(Verdict.REFUSED), error).undecided is error


@pytest.mark.parametrize(
    ("expected", "found", "shown"),
    [(DIGEST, DIGEST, None), (Digest.of(b"a"), DIGEST, str(DIGEST)), (DIGEST, None, "nobody looked")],
)
def test_the_digest_is_the_one_that_is_expected(expected: Digest, found: Digest | None, shown: str | None) -> None:
    result = judge(case(Verdict.ADMITTED, digest=expected), (), found, decided(parsed(PASS)))
    assert [each.found for each in result.differences] == ([] if shown is None else [(shown,)])


@pytest.mark.parametrize(
    ("expected", "found", "passed"),
    [
        (("a", "b"), ("b", "a"), True),
        ((), (), True),
        (("a",), (), False),
        ((), ("a",), False),
        (("a",), ("a", "b"), False),
    ],
)
def test_the_policies_about_an_image_are_all_that_are_expected(
    expected: tuple[str, ...], found: tuple[str, ...], passed: bool
) -> None:  # fmt: skip
    result = CaseResult(case(matches=expected), matches=found)
    assert result.passed is passed
    assert [each.found for each in result.differences] == ([] if passed else [(", ".join(found) or "none",)])


def test_policies_about_an_image_are_found_by_name_without_those_about_workloads() -> None:
    about = parsed(PASS, name="b"), parsed(PASS, name="a")
    pods = parsed(PASS, name="c", match=[{"version": "v1", "resource": "pods"}])
    elsewhere = parsed(PASS, name="d", images=[{"glob": "quay.io/**"}])
    assert find_matches(case(), [*about, pods, elsewhere]) == ("a", "b")


def test_policies_about_a_file_are_found_by_its_name_without_folders() -> None:
    wheels = own(PASS, name="wheels", images=[], files=[{"glob": "*.whl"}])
    place = Place("a.test.yaml", 3)
    assert find_matches(Case(place, file="dist/app.whl"), [wheels, parsed(PASS)]) == ("wheels",)
    assert find_matches(Case(place, file="dist.whl/app"), [wheels]) == ()
