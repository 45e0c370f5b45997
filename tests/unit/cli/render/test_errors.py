"""Errors as people read them."""

import pytest

from cosignpy.cli.render.errors import MOST_REJECTIONS, explain_error
from cosignpy.errors import ClaimMismatch, NoMatchingSignatures, Rejection


def test_what_is_of_another_type_does_not_hide_the_wanted_one(capsys: pytest.CaptureFixture[str]) -> None:
    others = [Rejection(f"bundle {n}", ClaimMismatch("predicate type", "x:a", "x:b")) for n in range(MOST_REJECTIONS)]
    wanted = Rejection("bundle wanted", ClaimMismatch("builder id", "alice", "mallory"))
    explain_error(NoMatchingSignatures("app", (*others, wanted)))
    lines = capsys.readouterr().err.splitlines()
    assert lines[1].startswith("  bundle wanted: ")
    assert lines[2].startswith("  bundle 0: ")
    assert "  and 1 more; --output json lists them" in lines
