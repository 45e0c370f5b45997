"""Strict JSON: what parsers disagree on is refused, and refused in time."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cosignpy.core.encoding import (
    MAX_INTEGER,
    MAX_JSON_DEPTH,
    JsonObject,
    JsonValue,
    encode_canonical_json,
    encode_json,
    parse_json,
)
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support import vectors

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"null", None),
        (b" [1, 2.5, -0, true] ", [1, 2.5, 0, True]),
        ('{"ä":"😀"}'.encode(), {"ä": "😀"}),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\\ud83d"', r"\ud83d"),
        (b'{"a":{"b":1},"b":{"a":1}}', {"a": {"b": 1}, "b": {"a": 1}}),
    ],
)
def test_json_is_read(raw: bytes, value: JsonValue) -> None:
    assert parse_json(raw, what="test") == value


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b'{"a":1,"a":1}', "duplicate key 'a'"),
        (b'{"b":{"a":1,"c":2,"a":3}}', "duplicate key 'a'"),
        (rb'{"a":1,"\u0061":2}', "duplicate key 'a'"),
        (b"NaN", "NaN is not a number in JSON"),
        (b"[Infinity]", "Infinity is not a number in JSON"),
        (b"-Infinity", "-Infinity is not a number in JSON"),
        (b"1e999", "1e999 is not a number in JSON"),
        (b"-1e999", "-1e999 is not a number in JSON"),
        (b"\xff", "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\xc0\xaf"', "not UTF-8"),
        (b"{}".decode().encode("utf-16"), "not UTF-8"),
        (rb'"\ud800"', r"'\ud800' is not Unicode"),
        (rb'{"\uDFFF":1}', r"'\udfff' is not Unicode"),
        (rb'"\ude00\ud83d"', r"'\ude00\ud83d' is not Unicode"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b"", "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b"{'a':1}", "not valid JSON"),
        (b'{"a":1,}', "not valid JSON"),
        (b"01", "not valid JSON"),
        (b"+1", "not valid JSON"),
        (b"1_000", "not valid JSON"),
        ("\N{ARABIC-INDIC DIGIT FIVE}".encode(), "not valid JSON"),
        (b'"\n"', "not valid JSON"),
        (b"1" * 5000, "not valid JSON"),
        (b"// nothing\n{}", "not valid JSON"),
    ],
)
def test_what_parsers_disagree_on_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_json(raw, what="test")
    assert (refused.value.what, refused.value.why) == ("test", why)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_limited_to_the_level(opening: bytes, closing: bytes) -> None:
    def nested(levels: int) -> bytes:
        return opening * levels + b"1" + closing * levels

    parse_json(nested(MAX_JSON_DEPTH), what="test")
    for levels in (MAX_JSON_DEPTH + 1, 50_000):
        with pytest.raises(LimitExceeded) as refused:
            parse_json(nested(levels), what="test")
        assert refused.value.what == "test"


def test_a_repeated_key_among_many_is_named_at_once() -> None:
    """Counting each of n keys in a list of n would take a minute here and days for a bundle of 100 MiB."""
    many = b",".join(b'"%d":0' % number for number in range(100_000))
    with pytest.raises(MalformedError) as refused:
        parse_json(b"{" + many + b',"99999":1}', what="test")
    assert refused.value.why == "duplicate key '99999'"


@pytest.mark.parametrize("raw", [b"-1", b"true", b"1.0", b"1e3", b'"1"', b"null", b"[]", b"%d" % (MAX_INTEGER + 1)])
def test_an_integer_is_a_natural_number_of_63_bits(raw: bytes) -> None:
    assert JsonObject.parse(b'{"size":%d}' % MAX_INTEGER, what="test").integer("size") == MAX_INTEGER
    assert JsonObject.parse(b'{"size":0}', what="test").integer("size") == 0
    with pytest.raises(MalformedError) as refused:
        JsonObject.parse(b'{"size":' + raw + b"}", what="test").integer("size")
    assert refused.value.why.startswith("size: ")


def test_a_document_must_be_an_object() -> None:
    for raw in (b"[]", b"null", b'"{}"'):
        with pytest.raises(MalformedError) as refused:
            JsonObject.parse(raw, what="test")
        assert refused.value.why == "expected a JSON object"


DOCUMENT = JsonObject.parse(
    b'{"text":"t","number":1,"null":null,"map":{"a":"b"},"mixed":{"a":1},"list":[{"x":1},{"y":"z"}],"words":["a","b"],'
    b'"b64":"YWI=","odd":[{},1]}',
    what="test",
)


def test_members_are_read_by_type() -> None:
    assert "text" in DOCUMENT
    assert "null" not in DOCUMENT
    assert DOCUMENT.text("text") == DOCUMENT.optional_text("text") == "t"
    assert (DOCUMENT.optional_text("null"), DOCUMENT.optional_text("absent", "default")) == ("", "default")
    assert DOCUMENT.b64("b64") == b"ab"
    assert DOCUMENT.string_map("map") == {"a": "b"}
    assert DOCUMENT.string_map("null") == {}
    assert DOCUMENT.optional_child("null") is None
    assert DOCUMENT.child("map").members == {"a": "b"}
    assert [item.path for item in DOCUMENT.children("list", most=2)] == ["list[0].", "list[1]."]
    assert DOCUMENT.texts("words", most=2) == ["a", "b"]
    assert DOCUMENT.children("absent", most=0) == []


def test_a_wrong_member_is_named_with_its_path() -> None:
    wrong: dict[str, Callable[[], object]] = {
        "text: expected an object": lambda: DOCUMENT.child("text"),
        "text: expected an array": lambda: DOCUMENT.texts("text", most=1),
        "number: expected a string": lambda: DOCUMENT.text("number"),
        "null: missing": lambda: DOCUMENT.text("null"),
        "absent: missing": lambda: DOCUMENT.child("absent"),
        "mixed.a: expected a string": lambda: DOCUMENT.string_map("mixed"),
        "text: expected an object ": lambda: DOCUMENT.string_map("text"),
        "odd[1]: of the wrong type": lambda: DOCUMENT.children("odd", most=2),
        "list[0]: of the wrong type": lambda: DOCUMENT.texts("list", most=2),
        "list[1].y: expected an integer": lambda: DOCUMENT.children("list", most=2)[1].integer("y"),
        "map.a: unknown field": lambda: JsonObject({"a": 1}, "test", "map.").refuse_unknown("b"),
    }
    for why, read in wrong.items():
        with pytest.raises(MalformedError) as refused:
            read()
        assert (refused.value.what, refused.value.why) == ("test", why.strip())


def test_an_array_over_its_limit_is_refused() -> None:
    with pytest.raises(LimitExceeded) as refused:
        DOCUMENT.texts("words", most=1)
    assert refused.value.what == "test"


def test_encoding_keeps_the_order_and_the_text() -> None:
    assert encode_json({"b": [1, None, True], "a": "ü<&>\n"}) == '{"b":[1,null,true],"a":"ü<&>\\n"}'.encode()


def test_text_that_is_not_unicode_is_refused_not_raised_raw() -> None:
    with pytest.raises(MalformedError) as refused:
        encode_json({"annotation": "\udcff"})
    assert refused.value.what == "text"


@pytest.mark.parametrize("value", [2**53, float("nan"), float("inf"), "\ud800", {"\ud800": 1}, object()])
def test_what_rfc8785_cannot_express_is_refused(value: JsonValue) -> None:
    with pytest.raises(MalformedError) as refused:
        encode_canonical_json(value)
    assert refused.value.what == "canonical JSON"


@vectors.NEEDED
@pytest.mark.parametrize("source", vectors.files("jcs/input/*.json"), ids=lambda path: path.name)
def test_canonical_json_is_that_of_the_rfc_authors(source: Path) -> None:
    expected = vectors.path(f"jcs/output/{source.name}").read_bytes()
    assert encode_canonical_json(parse_json(source.read_bytes(), what=source.name)) == expected
