"""Conditions on single fields: what is not there, or is of another type, never passes for what is wanted."""

from typing import Any

import pytest

from cosignpy.errors import ConditionRefused, MalformedError
from cosignpy.imagepolicy.conditions.condition import ConditionInput
from cosignpy.imagepolicy.conditions.inline import (
    MAX_STEPS,
    AtLeast,
    AtMost,
    Comparison,
    Equals,
    Exists,
    FieldPath,
    InlineCondition,
    Matches,
    OneOf,
)
from cosignpy.places import Place

DOCUMENT = (
    b'{"predicate": {"score": 7, "one": 1.0, "yes": true, "no": null, "by": "team@example.com", "tags": ["a", "b"],'
    b' "labels": {"a.b": "c"}, "empty": [], "deps": [{"uri": "x"}, {"uri": "y"}], "map": {"k": [1, {"l": 2}]}}}'
)


def condition(path: str, wanted: Comparison) -> InlineCondition:
    return InlineCondition(Place("team.yaml", 7), FieldPath.parse(path), wanted)


HOLDS: list[tuple[str, Comparison]] = [
    ("predicate.score", Equals(7)),
    ("predicate.score", Equals(7.0)),
    ("predicate.one", Equals(1)),
    ("predicate.yes", Equals(wanted=True)),
    ("predicate.no", Equals(None)),
    ("predicate.tags", Equals(["a", "b"])),
    ("predicate.map", Equals({"k": [1, {"l": 2}]})),
    ("predicate.tags[1]", Equals("b")),
    ('predicate.labels["a.b"]', Equals("c")),
    ("predicate.tags[*]", OneOf(("a", "b"))),
    ("predicate.deps[*].uri", Matches("[xy]")),
    ("predicate.by", Matches("[a-z]+@example\\.com")),
    ("predicate.by", OneOf(("team@example.com", 1))),
    ("predicate.by", Exists()),
    ("predicate.no", Exists()),
    ("predicate.absent", Exists(wanted=False)),
    ("absent.score", Exists(wanted=False)),
    ("predicate.tags[5]", Exists(wanted=False)),
    ("predicate.deps[*].name", Exists(wanted=False)),
    ("predicate.score", AtLeast(7)),
    ("predicate.score", AtLeast(6.5)),
    ("predicate.score", AtMost(7)),
]
REFUSED: list[tuple[str, Comparison, str]] = [
    ("predicate.score", Equals(8), "predicate.score is 7, not 8"),
    ("predicate.score", Equals("7"), 'predicate.score is 7, not "7"'),
    ("predicate.one", Equals(wanted=True), "predicate.one is 1.0, not true"),
    ("predicate.yes", Equals(1), "predicate.yes is true, not 1"),
    ("predicate.tags", Equals(["a"]), 'predicate.tags is ["a","b"], not ["a"]'),
    ("predicate.map", Equals({"k": [1, {"l": 3}]}), 'predicate.map is {"k":[1,{"l":2}]}, not {"k":[1,{"l":3}]}'),
    ("predicate.labels", Equals({"a": "c"}), 'predicate.labels is {"a.b":"c"}, not {"a":"c"}'),
    ("predicate.tags[*]", Equals("a"), 'predicate.tags[1] is "b", not "a"'),
    ("predicate.score", OneOf((1, "x")), 'predicate.score is 7, none of 1, "x"'),
    ("predicate.by", Matches("example"), 'predicate.by is "team@example.com", which example does not describe'),
    ("predicate.score", Matches("7"), "predicate.score is 7, no text"),
    ("predicate.by", Exists(wanted=False), "predicate.by is there"),
    ("predicate.tags[1]", Exists(wanted=False), "predicate.tags[1] is there"),
    ("predicate.deps[*].uri", Exists(wanted=False), "predicate.deps[*].uri is there"),
    ("predicate.absent", Exists(), "there is no predicate.absent"),
    ("predicate.absent", Equals(None), "there is no predicate.absent"),
    ("predicate.score.deep", Equals(1), "there is no predicate.score.deep"),
    ("predicate.tags[2]", Equals("c"), "there is no predicate.tags[2]"),
    ("predicate.by[0]", Equals("t"), "there is no predicate.by[0]"),
    ("predicate.empty[*]", Equals("a"), "predicate.empty is no list with items"),
    ("predicate.by[*]", Equals("a"), "predicate.by is no list with items"),
    ("predicate.deps[*].name", Equals("a"), "there is no predicate.deps[0].name"),
    ("predicate.score", AtLeast(8), "predicate.score is 7, less than 8"),
    ("predicate.score", AtMost(6), "predicate.score is 7, more than 6"),
    ("predicate.yes", AtLeast(0), "predicate.yes is true, no number"),
    ("predicate.by", AtMost(1), 'predicate.by is "team@example.com", no number'),
]


@pytest.mark.parametrize(("path", "wanted"), HOLDS)
def test_a_field_is_what_is_wanted(path: str, wanted: Comparison) -> None:
    assert condition(path, wanted).check(ConditionInput(DOCUMENT)) == ()


@pytest.mark.parametrize(("path", "wanted", "why"), REFUSED)
def test_a_field_is_not_what_is_wanted(path: str, wanted: Comparison, why: str) -> None:
    with pytest.raises(ConditionRefused) as caught:
        condition(path, wanted).check(ConditionInput(DOCUMENT))
    assert str(caught.value) == f"team.yaml:7: {why}"


def test_what_is_long_is_shown_in_part() -> None:
    with pytest.raises(ConditionRefused) as caught:
        condition("a", Equals(1)).check(ConditionInput(b'{"a": "%s"}' % (b"x" * 1000)))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("document", [b"", b"[", b'{"a": NaN}', b'{"a": 1, "a": 1}', b"[" * 100_000, b"\xff"])
def test_what_is_no_strict_json_is_refused(document: bytes) -> None:
    with pytest.raises(ConditionRefused):
        condition("a", Exists(wanted=False)).check(ConditionInput(document))


STEPS: dict[str, tuple[Any, ...]] = {
    "a": ("a",),
    "a.b[0][*].c": ("a", "b", 0, None, "c"),
    'a["b.c"].d': ("a", "b.c", "d"),
    "$x._type.a-b/c@d": ("$x", "_type", "a-b/c@d"),
    "[0]": (0,),
}


@pytest.mark.parametrize("text", STEPS)
def test_paths(text: str) -> None:
    assert FieldPath.parse(text).steps == STEPS[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".a",
        "a..b",
        "a.",
        "a[",
        "a[-1]",
        "a[01]",
        "a[b]",
        'a["b]',
        'a["\\q"]',
        "a b",
        "a[0]b",
        "a" + ".b" * MAX_STEPS,
    ],
)
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(MalformedError):
        FieldPath.parse(text)


def test_what_is_no_pattern() -> None:
    with pytest.raises(MalformedError):
        Matches("(")
