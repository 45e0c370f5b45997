"""Selectors of labels, and what `LabelSelectorAsSelector` of apimachinery takes for a mistake."""

from typing import Any

import pytest

from cosignpy.documents import Place
from cosignpy.errors import PolicyRefused
from cosignpy.imagepolicy.go_reader.selectors import MISTAKE, convert_match
from cosignpy.imagepolicy.go_reader.typed import Fields
from cosignpy.imagepolicy.matches import Match
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.imagepolicy.workloads import Workload, is_about

PLACE = Place("policy.yaml", 1)
POD = Workload("", "v1", "pods", {"app": "web"})


def convert(**selector: Any) -> Match:
    match = {"group": "", "version": "v1", "resource": "pods", "selector": selector}
    return convert_match(PLACE, Fields.of(match))


def about(match: Match, workload: Workload = POD) -> bool:
    return is_about(ImagePolicyDocument(PLACE, "p", (), match=(match,)), workload)


@pytest.mark.parametrize(
    ("requirement", "answer"),
    [
        ({"key": "app", "operator": "In", "values": ["web", ""]}, True),
        ({"key": "app", "operator": "In", "values": ["api"]}, False),
        ({"key": "app", "operator": "NotIn", "values": ["web"]}, False),
        ({"key": "other", "operator": "NotIn", "values": ["web"]}, True),
        ({"key": "app", "operator": "Exists", "values": []}, True),
        ({"key": "app", "operator": "DoesNotExist"}, False),
        ({"key": "a.example/app", "operator": "DoesNotExist"}, True),
    ],
)
def test_requirements(requirement: dict[str, Any], answer: bool) -> None:
    assert about(convert(matchExpressions=[requirement])) is answer


def test_labels() -> None:
    assert about(convert(matchLabels={"app": "web"}))
    assert not about(convert(matchLabels={"app": "api"}))
    assert about(convert())
    assert about(convert_match(PLACE, Fields.of({"version": "*", "resource": "pods", "selector": None})))


@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": {"a b": "x"}},
        {"matchLabels": {"": "x"}},
        {"matchLabels": {"/app": "x"}},
        {"matchLabels": {"A_/app": "x"}},
        {"matchLabels": {"a" * 64: "x"}},
        {"matchLabels": {f"{'a' * 254}/app": "x"}},
        {"matchLabels": {"app": "a b"}},
        {"matchLabels": {"app": "-"}},
        {"matchExpressions": [{"key": "app", "operator": "in", "values": ["web"]}]},
        {"matchExpressions": [{"key": "app", "operator": "In", "values": []}]},
        {"matchExpressions": [{"key": "app", "operator": "Exists", "values": ["web"]}]},
        {"matchExpressions": [{"key": "", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a b"]}]},
    ],
)
def test_a_mistake_is_found_by_a_workload_of_the_kind(selector: dict[str, Any]) -> None:
    match = convert(**selector)
    assert match.mistake == MISTAKE
    assert not about(match, Workload("apps", "v1", "deployments"))
    with pytest.raises(PolicyRefused, match=MISTAKE):
        about(match)
