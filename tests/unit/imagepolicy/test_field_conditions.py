"""Conditions on fields as policies write them, over documents: what is not there in one item may be in another."""

from typing import Any, Final

import pytest

from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.errors import ConditionRefused
from cosignpy.imagepolicy.conditions.condition import ConditionInput
from cosignpy.imagepolicy.model import FieldCondition
from cosignpy.imagepolicy.own_conditions import build_condition
from tests.support.image_policies import BY_KEY, own

NOTHING: Final = [{}, {"items": []}, {"items": "x"}, {"items": {"waiver": 1}}, {"items": [{}, {"other": 1}]}, []]


def written(condition: dict[str, Any]) -> FieldCondition:
    attestation = {"name": "a", "predicateType": "https://a", "conditions": [condition]}
    (found,) = own({**BY_KEY, "attestations": [attestation]}).authorities[0].attestations[0].conditions
    return found


def holds(condition: dict[str, Any], document: JsonValue) -> bool:
    try:
        build_condition(written(condition)).check(ConditionInput(encode_json(document)))
    except ConditionRefused:
        return False
    return True


@pytest.mark.parametrize("document", NOTHING)
@pytest.mark.parametrize("path", ["items[*].waiver", "items[0].waiver", "items[1].waiver.of"])
def test_a_field_that_is_nowhere_is_not_there(path: str, document: JsonValue) -> None:
    assert holds({"field": path, "exists": False}, document)
    assert not holds({"field": path, "exists": True}, document)


@pytest.mark.parametrize("document", [{"items": [{}, {"waiver": 1}]}, {"items": [{"waiver": None}, {}]}])
def test_a_field_that_is_in_one_item_is_there_and_not_in_all(document: JsonValue) -> None:
    assert not holds({"field": "items[*].waiver", "exists": False}, document)
    assert not holds({"field": "items[*].waiver", "exists": True}, document)


def test_a_field_that_is_in_all_items_is_there() -> None:
    both: JsonValue = {"items": [{"waiver": 1}, {"waiver": 2}]}
    assert holds({"field": "items[*].waiver", "exists": True}, both)
    assert not holds({"field": "items[*].waiver", "exists": False}, both)
    assert not holds({"field": "items[1].waiver", "exists": False}, both)
    assert holds({"field": "items[2].waiver", "exists": False}, both)


def test_what_is_no_document_holds_for_no_field() -> None:
    with pytest.raises(ConditionRefused):
        build_condition(written({"field": "a", "exists": False})).check(ConditionInput(b"{"))
