"""Conditions that are made: they hold for what Kyverno's would hold for, as the policy controller reads Rego."""

import json
from typing import Any

import pytest

from cosignpy.errors import ConditionRefused
from cosignpy.imagepolicy.conditions.condition import ConditionInput
from cosignpy.imagepolicy.convert.rego import (
    bounds,
    certificate_says,
    counts,
    equals,
    field_of,
    is_one_of,
    matches,
    module,
)
from cosignpy.imagepolicy.languages import Language
from cosignpy.imagepolicy.model import PolicyText
from cosignpy.operations.policy_conditions import load_policy_text
from cosignpy.places import Place

FIELD = field_of("a.b")


def holds(conditions: tuple[str, ...], document: Any) -> bool:
    text = PolicyText(Place("made", 1), Language.REGO, module(conditions), rego_1=False)
    try:
        load_policy_text(text).check(ConditionInput(json.dumps(document).encode()))
    except ConditionRefused:
        return False
    return True


@pytest.mark.parametrize(
    ("conditions", "good", "bad"),
    [
        ((equals(FIELD, 'x"y'),), ['x"y'], ["x", 7, None]),
        ((equals(FIELD, 7),), [7], ["7", 8]),
        ((equals(FIELD, True),), [True], ["true", False]),
        ((is_one_of(FIELD, ["a", 7]),), ["a", 7], ["7", "b"]),
        ((matches(FIELD, r"^a\.b.*$"),), ["a.bc"], ["axbc", "xa.b", 7]),
        (bounds(FIELD, ">=", 7.5), [7.5, 8], [7, "9", None]),
        (bounds(FIELD, "<=", 0), [0, -1], [1, "-1", False]),
        ((*bounds(FIELD, ">=", 1), *bounds(FIELD, "<=", 3)), [2], [0, 4]),
    ],
)
def test_what_holds(conditions: tuple[str, ...], good: list[Any], bad: list[Any]) -> None:
    assert [holds(conditions, {"predicate": {"a": {"b": each}}}) for each in good] == [True] * len(good)
    assert [holds(conditions, {"predicate": {"a": {"b": each}}}) for each in bad] == [False] * len(bad)
    assert not holds(conditions, {"predicate": {"a": {}}})


def test_authorities_are_counted() -> None:
    passed = {name: {"signatures": [{"id": "x"}]} for name in ("a", "b", "c")}
    assert counts(1) == ()
    assert holds(counts(2), {"authorityMatches": passed})
    assert not holds(counts(4), {"authorityMatches": passed})


def test_one_certificate_says_all() -> None:
    """Two signatures that say one thing each are not one that says both."""
    demanded = certificate_says("a", {"githubWorkflowRef": "main", "githubWorkflowTrigger": "push"})
    ref, trigger = {"githubWorkflowRef": "main"}, {"githubWorkflowTrigger": "push"}
    assert holds(demanded, {"authorityMatches": {"a": {"signatures": [{}, {**ref, **trigger}]}}})
    assert not holds(demanded, {"authorityMatches": {"a": {"signatures": [ref, trigger]}}})
    assert not holds(demanded, {"authorityMatches": {"b": {"signatures": [{**ref, **trigger}]}}})
