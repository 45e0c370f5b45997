"""Conditions in CUE: the verdicts of the policy controller, with the program that its library is made for."""

import json
import os
from pathlib import Path

import pytest

from cosignpy.errors import ConditionRefused
from cosignpy.imagepolicy.conditions.condition import Absent, ConditionInput
from cosignpy.imagepolicy.conditions.cue import load_cue
from cosignpy.places import Place
from tests.interop import peers
from tests.support import vectors
from tests.support.policy_verdicts import IN_CUE, recorded, verdict


@vectors.NEEDED
@pytest.mark.parametrize("name", IN_CUE)
def test_the_verdict_is_that_of_the_policy_controller(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(peers.path("cue")).parent
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert verdict(name) == recorded(name)


@pytest.mark.parametrize("absent", Absent)
@pytest.mark.parametrize(
    "beside",
    [
        {},
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"$schema": "https://json-schema.org/draft/2020-12/schema"},
        {"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "components": {"schemas": {}}},
    ],
)
def test_a_document_that_looks_like_a_schema_is_judged_as_a_document(
    beside: dict[str, object], absent: Absent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(peers.path("cue")).parent))
    condition = load_cue("predicate: score: >7", Place("policy.cue", 1), absent)
    good, bad = (json.dumps({**beside, "predicate": {"score": score}}).encode() for score in (8, 5))
    assert condition.check(ConditionInput(good)) == ()
    with pytest.raises(ConditionRefused, match="out of bound >7"):
        condition.check(ConditionInput(bad))
