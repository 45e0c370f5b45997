"""Conditions of whole policies: which text they are, and what they are about."""

from typing import Any, Final, NoReturn

import pytest

from cosignpy.core.digest import Digest
from cosignpy.documents import DocumentError
from cosignpy.errors import ConditionRefused
from cosignpy.imagepolicy.attestations import first_line
from cosignpy.imagepolicy.decision import AuthorityVerdict, Outcome
from cosignpy.imagepolicy.model import ImagePolicyDocument, PolicyText
from cosignpy.operations.policy_conditions import ImageConditions, load_policy_text
from tests.support.image_policies import FAIL, FILE, PASS, parsed
from tests.support.memory_repository import MemoryRepository

HOLDS: Final = "package sigstore\nisCompliant { input.authorityMatches.a.static }\n"


def never() -> NoReturn:
    raise AssertionError


def conditioned(data: str = HOLDS, **flags: Any) -> ImagePolicyDocument:
    policy = {"type": "rego", "data": data, **flags}
    return parsed({"name": "a", **PASS}, {"name": "b", **FAIL}, policy=policy)


def text_of(policy: ImagePolicyDocument) -> PolicyText:
    assert policy.policy is not None
    return policy.policy


def conclude(policy: ImagePolicyDocument, *outcomes: Outcome) -> None:
    pairs = zip(policy.authorities, outcomes, strict=True)
    verdicts = [AuthorityVerdict(authority, outcome) for authority, outcome in pairs]
    ImageConditions(MemoryRepository(), never).conclude(policy, verdicts)


def test_only_those_who_passed_are_in_it() -> None:
    conclude(conditioned(), Outcome.PASSED, Outcome.REFUSED)
    with pytest.raises(ConditionRefused):
        conclude(conditioned(), Outcome.REFUSED, Outcome.PASSED)


def test_a_policy_without_a_condition_concludes_nothing() -> None:
    conclude(parsed(PASS), Outcome.PASSED)


@pytest.mark.parametrize("flag", ["includeSpec", "includeObjectMeta", "includeTypeMeta"])
def test_a_condition_about_a_workload_needs_one(flag: str) -> None:
    with pytest.raises(ConditionRefused) as caught:
        conclude(conditioned(**{flag: True}), Outcome.PASSED, Outcome.REFUSED)
    assert (caught.value.why.partition(":")[0], caught.value.file) == (flag, FILE)


def test_what_does_not_compile_is_told_of_by_its_line() -> None:
    policy = conditioned("package sigstore\nisCompliant {\n  input.\n}\n")
    with pytest.raises(DocumentError) as caught:
        load_policy_text(text_of(policy))
    place = text_of(policy).text_place
    assert place is not None
    assert caught.value.file == FILE
    assert place.line < caught.value.line <= place.line + 4


def test_the_same_text_in_two_places_has_two_places() -> None:
    first, second = conditioned(), parsed(PASS, policy={"type": "rego", "data": HOLDS})
    assert load_policy_text(text_of(first)) is load_policy_text(text_of(conditioned()))
    assert load_policy_text(text_of(first)) is not load_policy_text(text_of(second))


def test_where_the_first_line_of_a_text_stands() -> None:
    several, one = text_of(conditioned()), text_of(conditioned("package sigstore"))
    assert several.text_place is not None
    assert one.text_place is not None
    assert first_line(several).line == several.text_place.line + 1
    assert first_line(one).line == one.text_place.line


def test_digests_are_asked_for_where_configurations_are() -> None:
    asked: list[str] = []

    def digest() -> Digest:
        asked.append("digest")
        raise ConditionRefused("", "nobody knows")

    policy = conditioned(fetchConfigFile=True)
    with pytest.raises(ConditionRefused):
        ImageConditions(MemoryRepository(), digest).conclude(policy, ())
    assert asked == ["digest"]
