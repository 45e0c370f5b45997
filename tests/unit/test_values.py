import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError
from typing import Any, ClassVar

import pytest

from cosignpy.values import field, fields_of, record, replace, value

MANY = 200
"""Instances after which a class has an `__init__` of its own."""


@value
class Point:
    """A point."""

    UNIT: ClassVar[int] = 1
    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list, compare=False)
    secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("negative")

    @property
    def sum(self) -> int:
        return self.x + self.y


@value
class Point3(Point):
    """A point in space."""

    z: int = 9


@value
class Other:
    """Not a point."""

    x: int
    y: int = 0


def test_fields_are_set_by_position_and_name_with_their_defaults() -> None:
    point = Point(1, y=2)
    assert (point.x, point.y, point.tags, point.secret, point.sum) == (1, 2, [], "", 3)
    assert Point(1).tags is not Point(1).tags


def test_all_fields_can_be_given_by_position_or_by_name() -> None:
    by_position, by_name = Point3(1, 2, ["a"], "b", 3), Point3(z=3, secret="b", tags=["a"], y=2, x=1)
    for point in (by_position, by_name):
        assert (point.x, point.y, point.tags, point.secret, point.z) == (1, 2, ["a"], "b", 3)
    for positional, named in [((-1, 0, [], "", 0), {}), ((), {"x": -1, "y": 0, "tags": [], "secret": "", "z": 0})]:
        with pytest.raises(ValueError, match="negative"):
            Point3(*positional, **named)


REFUSED: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((), {"y": 1}),
    ((1, 2, [], "", 5), {}),
    ((1,), {"x": 1}),
    ((1,), {"nothing": 1}),
]


@pytest.mark.parametrize(
    ("positional", "named"),
    REFUSED,
    ids=["none", "not all", "too many", "twice", "unknown"],
)
def test_arguments_that_do_not_fit_are_refused(positional: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Point(*positional, **named)


def test_a_value_is_checked_when_it_is_made_also_by_replacing() -> None:
    with pytest.raises(ValueError, match="negative"):
        Point(-1)
    with pytest.raises(ValueError, match="negative"):
        replace(Point(1), x=-1)


def test_equality_is_by_type_and_compared_fields() -> None:
    assert Point(1, 2, ["a"]) == Point(1, 2, ["b"])
    assert hash(Point(1, 2, ["a"])) == hash(Point(1, 2, ["b"]))
    assert Point(1, 2) != Point(1, 3)
    assert Point(1) != Other(1)
    assert Point(1) != (1, 0, [], "")


def test_the_repr_leaves_out_what_it_is_told_to() -> None:
    assert repr(Point(1, secret="s3cret")) == "Point(x=1, y=0, tags=[])"


def test_values_do_not_change_and_have_no_other_attributes() -> None:
    point = Point(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del point.x
    with pytest.raises(FrozenInstanceError):
        point.w = 2  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")


def test_copies_are_equal() -> None:
    point = Point(1, 2, ["a"], "s")
    assert replace(point, y=5) == Point(1, 5, secret="s")
    assert dataclasses.replace(point, y=5) == Point(1, 5, secret="s")  # type: ignore[type-var]
    assert copy.copy(point) == copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point


def test_fields_are_inherited_and_matched_in_order() -> None:
    point = Point3(1, 2, z=3)
    assert (point.x, point.y, point.z) == (1, 2, 3)
    match point:
        case Point3(x, y):
            assert (x, y) == (1, 2)


@record
class Trouble(Exception):
    """An error."""

    where: str
    hint: str | None = None


@record
class DeepTrouble(Trouble):
    """A worse error."""

    depth: int = 0


def test_a_record_has_the_fields_of_its_bases_and_changes() -> None:
    trouble = DeepTrouble("here", depth=3)
    trouble.hint = "there"
    assert (trouble.where, trouble.hint, trouble.depth) == ("here", "there", 3)
    assert trouble != DeepTrouble("here", "there", 3)
    with pytest.raises(TypeError):
        DeepTrouble()  # type: ignore[call-arg]


def test_fields_are_known_of_values_and_records_only() -> None:
    assert list(fields_of(DeepTrouble)) == ["where", "hint", "depth"]
    assert list(fields_of(Other)) == ["x", "y"]
    assert fields_of(int) == fields_of(3) == {}


def test_a_class_that_is_used_often_gets_its_own_init_and_behaves_as_before() -> None:
    for _ in range(MANY):
        assert (Point(1).y, Point3(1, z=2).z) == (0, 2)
    assert Point.__init__ is not Point3.__init__ is not Other.__init__
    test_fields_are_set_by_position_and_name_with_their_defaults()
    test_all_fields_can_be_given_by_position_or_by_name()
    test_a_value_is_checked_when_it_is_made_also_by_replacing()
    test_copies_are_equal()
    test_fields_are_inherited_and_matched_in_order()
    for positional, named in REFUSED:
        test_arguments_that_do_not_fit_are_refused(positional, named)
