"""What `policy lint` says of conditions: read where they stand, and nothing where they can be."""

from typing import Final

import pytest

from cosignpy.core.trust.problems import Severity
from cosignpy.documents import Place
from cosignpy.errors import ConditionRefused, CosignError, FileError, MalformedError
from cosignpy.imagepolicy.conditions.condition import Condition, ConditionInput
from cosignpy.imagepolicy.lint import lint_policies
from cosignpy.imagepolicy.model import ImagePolicyDocument, PolicyText
from tests.support.image_policies import KEYLESS, parsed

TEXT: Final = {"type": "cue", "data": "a: 1"}
ATTESTED: Final = {
    "attestations": [{"name": "a", "predicateType": "https://example.com/a", "policy": TEXT}],
    **KEYLESS,
}
REMOTE: Final = {"type": "cue", "remote": {"url": "https://example.com/a.cue", "sha256sum": "a" * 64}}


class Holds:
    """A condition that can be read."""

    def check(self, given: ConditionInput) -> tuple[str, ...]:
        del given
        return ()


def found(policy: ImagePolicyDocument, error: CosignError | None) -> list[tuple[Severity, str, str]]:
    read: list[PolicyText] = []

    def load(text: PolicyText) -> Condition:
        read.append(text)
        if error is not None:
            raise error
        return Holds()

    problems = lint_policies([policy], load=load)
    assert [text.data for text in read] == ["a: 1"]
    return [(each.severity, each.place, each.why) for each in problems]


@pytest.mark.parametrize(
    ("policy", "place"),
    [
        (parsed(ATTESTED), "team.yaml:14: spec.authorities[0].attestations[0].policy.data"),
        (parsed(KEYLESS, policy=TEXT), "team.yaml:15: spec.policy.data"),
    ],
)
def test_a_condition_that_cannot_be_read(policy: ImagePolicyDocument, place: str) -> None:
    assert found(policy, None) == []
    for error in (MalformedError("cue", "no"), ConditionRefused("team", "no")):
        assert found(policy, error) == [(Severity.ERROR, place, f"never holds: {error}")]
    file, _, key = place.split(":")
    elsewhere = f"{file}:99:{key}"
    assert found(policy, Place(file, 99).error("no")) == [(Severity.ERROR, elsewhere, "never holds: no")]


def test_a_condition_that_nobody_here_can_read() -> None:
    ((severity, _, why),) = found(parsed(ATTESTED), FileError("cue", "is not there", "install it"))
    assert (severity, why) == (Severity.WARNING, "cannot be looked at here: cue: is not there (install it)")
    ((_, _, why),) = found(parsed(ATTESTED), FileError("cue", "is not there"))
    assert why == "cannot be looked at here: cue: is not there"


def test_texts_that_are_elsewhere_and_conditions_that_nobody_reads_are_left_out() -> None:
    assert lint_policies([parsed(KEYLESS, policy=REMOTE)], load=lambda _: pytest.fail("read")) == ()
    assert lint_policies([parsed(ATTESTED)]) == ()
