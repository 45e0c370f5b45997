"""Conditions in CUE: the verdicts of the policy controller, with the program that its library is made for."""

import os
from pathlib import Path

import pytest

from tests.interop import peers
from tests.support import vectors
from tests.support.policy_verdicts import IN_CUE, recorded, verdict


@vectors.NEEDED
@pytest.mark.parametrize("name", IN_CUE)
def test_the_verdict_is_that_of_the_policy_controller(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(peers.path("cue")).parent
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert verdict(name) == recorded(name)
