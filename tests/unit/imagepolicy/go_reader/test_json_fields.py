"""Types as `encoding/json` (Go 1.24, `decode.go`) reads them."""

from typing import Any, Final

import pytest

from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.go_reader.go_scalars import OCTETS, TIME, URL, decode_octets
from cosignpy.imagepolicy.go_reader.json_fields import (
    ANYTHING,
    FLAG,
    INTEGER,
    TEXT,
    GoType,
    Pointer,
    Slice,
    Struct,
    TextMap,
)

INNER: Final = Struct({"a": TEXT, "b": TEXT}, strict=True)
OUTER: Final = Struct({"name": TEXT, "inner": INNER, "maybe": Pointer(INNER), "many": Slice(INNER), "map": TextMap()})
ZERO: Final[dict[str, Any]] = {"name": "", "inner": {"a": "", "b": ""}, "maybe": None, "many": [], "map": {}}


def read(kind: GoType, found: Any) -> Any:
    return kind.read(found, kind.zero(), "field")


@pytest.mark.parametrize(
    ("found", "meaning"),
    [
        ({}, {}),
        (None, {}),
        ({"unknown": 1}, {}),
        ({"Name": "x"}, {"name": "x"}),
        ({"NAME": "x"}, {"name": "x"}),
        ({"name": None, "inner": None, "maybe": None, "many": None, "map": None}, {}),
        ({"NAME": "x", "name": "y"}, {"name": "y"}),  # the order is that of sorted names
        ({"name": "y", "namE": "x"}, {"name": "y"}),
        ({"NAME": "x", "name": None}, {"name": "x"}),
        ({"inner": {"a": "1"}}, {"inner": {"a": "1", "b": ""}}),
        ({"INNER": {"a": "1"}, "inner": {"b": "2"}}, {"inner": {"a": "1", "b": "2"}}),
        ({"maybe": {}}, {"maybe": {"a": "", "b": ""}}),
        ({"MAYBE": {"a": "1"}, "maybe": {"b": "2"}}, {"maybe": {"a": "1", "b": "2"}}),
        ({"MAYBE": {"a": "1"}, "maybe": None}, {}),
        ({"many": [{"a": "1"}, None]}, {"many": [{"a": "1", "b": ""}, {"a": "", "b": ""}]}),
        ({"MANY": [{"a": "1"}, {}], "many": [{"b": "2"}]}, {"many": [{"a": "1", "b": "2"}]}),
        ({"map": {"x": "1", "y": None}}, {"map": {"x": "1", "y": ""}}),
        ({"MAP": {"x": "1"}, "map": {"y": "2"}}, {"map": {"x": "1", "y": "2"}}),
    ],
)
def test_structs(found: Any, meaning: dict[str, Any]) -> None:
    assert read(OUTER, found) == ZERO | meaning


def test_characters_of_other_scripts_fold_by_themselves() -> None:
    assert Struct({"kiss": TEXT}).field_of("\u212ai\u017f\u017f") == "kiss"  # the Kelvin sign, and long s
    assert Struct({"kiss": TEXT}).field_of("ki\u00df") is None


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([], "cannot unmarshal array into Go struct field field of type struct"),
        ({"name": True}, "cannot unmarshal bool into Go struct field field.name of type string"),
        ({"name": 1}, "cannot unmarshal number into Go struct field field.name of type string"),
        ({"inner": {"c": 1}}, 'unknown field "c"'),
        ({"inner": "x"}, "cannot unmarshal string into Go struct field field.inner of type struct"),
        ({"maybe": 1.5}, "cannot unmarshal number into Go struct field field.maybe of type struct"),
        ({"many": {}}, "cannot unmarshal object into Go struct field field.many of type slice"),
        ({"map": []}, "cannot unmarshal array into Go struct field field.map of type map"),
        ({"map": {"x": 1}}, "cannot unmarshal number into Go struct field field.map of type string"),
    ],
)
def test_other_types_are_refused(found: Any, why: str) -> None:
    with pytest.raises(MalformedError) as raised:
        read(OUTER, found)
    assert why in raised.value.why


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (TEXT, ["", "x"], [1, True, []]),
        (FLAG, [True, False], ["true", 0]),
        (INTEGER, [0, -(1 << 63), (1 << 63) - 1], [1.5, "1", True, 1 << 63]),
        (OCTETS, ["", "aGk=", "aG\nk="], ["aGk", "*", 1, "\u00e4"]),
        (TIME, ["2026-11-30T10:00:00Z", "2026-11-30T10:00:00.5+01:00"], ["2026-11-30", "2026-13-30T10:00:00Z", 1]),
        (URL, ["", "https://a.example/b?c#d"], ["http://[", 1]),
        (ANYTHING, [1, "x", {"a": []}], []),
    ],
)
def test_scalars(kind: GoType, right: list[Any], wrong: list[Any]) -> None:
    for each in right:
        assert read(kind, each) == each
    for each in wrong:
        with pytest.raises(MalformedError):
            read(kind, each)


@pytest.mark.parametrize(("kind", "empty"), [(OCTETS, ""), (TIME, None), (URL, ""), (ANYTHING, None)])
def test_null_empties_what_reads_itself(kind: GoType, empty: Any) -> None:
    assert kind.read(None, "before", "field") == empty


@pytest.mark.parametrize("kind", [TEXT, FLAG, INTEGER])
def test_null_leaves_plain_types_alone(kind: GoType) -> None:
    assert kind.read(None, "before", "field") == "before"


def test_octets() -> None:
    assert decode_octets("aG\r\nk=", "octets") == b"hi"
