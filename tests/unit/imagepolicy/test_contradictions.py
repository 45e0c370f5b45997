"""Comparisons of one field that never hold together: each differs in one thing from those that may."""

import pytest

from cosignpy.imagepolicy.conditions.inline import AtLeast, AtMost, Comparison, Equals, Exists, Matches, OneOf
from cosignpy.imagepolicy.contradictions import contradict

NEVER: list[tuple[Comparison, ...]] = [
    (Equals(1), Equals(2)),
    (Equals(1), Equals("1")),
    (Equals("a"), OneOf(("b", "c"))),
    (OneOf(("a", "b")), OneOf(("c",))),
    (OneOf(("a", "b")), Matches("[c-z]")),
    (Equals(6), AtLeast(7)),
    (Equals("8"), AtLeast(7)),
    (OneOf((1, 9)), AtLeast(2), AtMost(8)),
    (AtLeast(7), AtMost(6)),
    (AtLeast(1), AtMost(9), AtLeast(10)),
    (Matches("a"), AtMost(1)),
    (Exists(wanted=False), Exists()),
    (Exists(wanted=False), Equals(1)),
]
PERHAPS: list[tuple[Comparison, ...]] = [
    (Equals(1), Equals(1.0)),
    (Equals("a"), OneOf(("a", "c"))),
    (OneOf(("a", "b")), OneOf(("b",))),
    (OneOf(("a", "d")), Matches("[c-z]")),
    (Equals(7), AtLeast(7)),
    (OneOf((1, 8)), AtLeast(2), AtMost(8)),
    (AtLeast(7), AtMost(7)),
    (AtLeast(7),),
    (AtMost(7),),
    (Matches("a"), Matches("b")),
    (Exists(), Equals(1)),
    (Exists(), Exists()),
    (Exists(wanted=False), Exists(wanted=False)),
]


@pytest.mark.parametrize("comparisons", NEVER)
def test_these_never_hold_together(comparisons: tuple[Comparison, ...]) -> None:
    assert contradict(comparisons)
    assert contradict(comparisons[::-1])


@pytest.mark.parametrize("comparisons", PERHAPS)
def test_these_may_hold_together(comparisons: tuple[Comparison, ...]) -> None:
    assert not contradict(comparisons)
    assert not contradict(comparisons[::-1])
