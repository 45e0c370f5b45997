"""Policies, images and verdicts recorded from the real policy controller's tester: the same verdicts, or a reason.

The images are signed and attested in memory, and looked at as `policy verify` does it.
"""

import pytest

from cosignpy.errors import UsageError
from tests.support import vectors
from tests.support.policy_tester import CASES
from tests.support.policy_verdicts import IN_CUE, OTHERS, STRICTER, decide, recorded, verdict


@vectors.NEEDED
@pytest.mark.parametrize("name", [name for name in CASES if name not in IN_CUE])
def test_the_verdict_is_that_of_the_policy_controller(name: str) -> None:
    found = verdict(name)
    if name in STRICTER:
        assert found in {"invalid", "error"}
    elif name in OTHERS:
        assert found == OTHERS[name][0] != recorded(name)
    else:
        assert found == recorded(name)


@vectors.NEEDED
@pytest.mark.parametrize("name", IN_CUE)
def test_nothing_passes_a_condition_in_cue_where_there_is_no_program(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    found = decide(name).decision
    assert not found.is_admitted
    assert [type(error) for error in found.errors] == [UsageError]


@vectors.NEEDED
def test_every_case_that_differs_is_there() -> None:
    assert {*STRICTER, *OTHERS} <= set(CASES)
    assert len(CASES) - len({*STRICTER, *OTHERS}) == 114
