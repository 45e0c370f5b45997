"""Switches between our verdicts and the policy controller's: each turns one thing, and each is documented."""

import re
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.predicates.types import accepted_predicate_types
from cosignpy.documents import DocumentError, Place
from cosignpy.errors import ConditionRefused
from cosignpy.imagepolicy.attestations import accepted_types
from cosignpy.imagepolicy.conduct import OURS, POLICY_CONTROLLER, Conduct
from cosignpy.imagepolicy.decision import Outcome, Subject, decide_policy, select_policies
from cosignpy.imagepolicy.languages import Language
from cosignpy.imagepolicy.model import Attestation, ImagePolicyDocument, PolicyText
from cosignpy.operations.policy_conditions import ImageConditions, load_policy_text
from cosignpy.values import fields_of, replace
from tests.support.image_policies import PASS, parsed
from tests.support.memory_repository import MemoryRepository
from tests.support.signed import IMAGE

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "policy-tester.md"
PLACE: Final = Place("policy.yaml", 1)
REGO: Final = "package sigstore\nisCompliant { not input.spec }"


def text(data: str) -> PolicyText:
    return PolicyText(PLACE, Language.REGO, data)


def test_ours_are_the_defaults_and_the_policy_controllers_the_opposites() -> None:
    for name in fields_of(Conduct):
        assert (getattr(OURS, name), getattr(POLICY_CONTROLLER, name)) == (True, False)
    assert parsed(PASS).conduct == OURS


def test_every_switch_is_documented() -> None:
    section = PAGE.read_text().partition("## Where the verdicts are others")[2]
    assert re.findall(r"^\| `([a-z_0-9]+)` \|", section, re.MULTILINE) == list(fields_of(Conduct))


def test_what_is_not_at_hand_is_a_mistake_or_a_failure() -> None:
    policy = replace(parsed(PASS), policy=PolicyText(PLACE, Language.CUE))
    with pytest.raises(DocumentError, match="is not at hand"):
        decide_policy(policy, lambda _: None)
    found = decide_policy(replace(policy, conduct=Conduct(absent_refused=False)), lambda _: None, None, lambda *_: None)
    assert found.outcome is Outcome.PASSED


def conclude(policy: ImagePolicyDocument) -> None:
    ImageConditions(MemoryRepository(), lambda: IMAGE).conclude(policy, ())


def test_a_condition_about_a_workload_that_there_is_not() -> None:
    policy = replace(parsed(PASS), policy=replace(text(REGO), include_spec=True))
    with pytest.raises(ConditionRefused, match="there is none"):
        conclude(policy)
    conclude(replace(policy, conduct=Conduct(absent_refused=False)))


def test_rego_of_version_1() -> None:
    written = "package sigstore\nisCompliant if { true }"
    load_policy_text(text(written))
    with pytest.raises(DocumentError, match="no keyword of version 0"):
        load_policy_text(replace(text(written), rego_1=False))


def test_types_of_attestations() -> None:
    named = Attestation(PLACE, "m", "slsaprovenance")
    assert accepted_types(named) == accepted_predicate_types("slsaprovenance")
    assert accepted_types(replace(named, types=("https://a.example/v1",))) == ("https://a.example/v1",)


def test_globs_are_about_the_full_name_where_one_is_given() -> None:
    policy = parsed(PASS, images=[{"glob": "https://**"}])
    named = Subject("https://registry.example/app", full_name="https://registry.example/app:latest")
    assert select_policies(named, [policy]) == (policy,)
    assert select_policies(replace(named, full_name="registry.example/app:latest"), [policy]) == ()
