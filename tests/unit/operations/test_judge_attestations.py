"""Every attestation that counts, by every condition."""

import json

import pytest

from cosignpy.errors import AttestationsRefused, ConditionRefused
from cosignpy.imagepolicy.conditions.condition import ConditionInput
from cosignpy.operations.judge_attestations import Attestation, judge_attestations
from cosignpy.values import value


@value
class Score:
    """Wants a score; warns of a low one."""

    least: int

    def check(self, given: ConditionInput) -> tuple[str, ...]:
        """Look at the score, and at who gave it."""
        assert given.evidence == b'{"by":"us"}'
        score = json.loads(given.document)["score"]
        if score < self.least:
            raise ConditionRefused("", f"{score} is too low", None, "score", self.least)
        return ("low",) if score == self.least else ()


def attestation(score: int) -> Attestation:
    return Attestation(f"bundle {score}", b'{"score": %d}' % score, {"by": "us"})


def test_warnings_are_those_of_all() -> None:
    found = judge_attestations("app", [attestation(3), attestation(4)], [Score(3), Score(2)])
    assert found == ("low",)


def test_one_that_does_not_satisfy_one_condition_is_enough() -> None:
    with pytest.raises(AttestationsRefused) as caught:
        judge_attestations("app", [attestation(3), attestation(5), attestation(1)], [Score(2), Score(4)])
    assert [str(each) for each in caught.value.rejections] == [
        "bundle 3: score:4: 3 is too low",
        "bundle 1: score:2: 1 is too low",
        "bundle 1: score:4: 1 is too low",
    ]


def test_without_conditions_everything_holds() -> None:
    assert judge_attestations("app", [attestation(0)], []) == ()
