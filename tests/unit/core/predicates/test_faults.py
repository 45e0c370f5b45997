"""Bad JSON that people hand in: each differs from good JSON by one thing, and line and field are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosignpy.core.encoding import MAX_JSON_DEPTH, encode_json
from cosignpy.core.predicates.statement import Predicate, parse_statement, parse_with_line
from cosignpy.errors import InvalidPredicate, LimitExceeded, MalformedError

GOOD = """
{
  "name": "app \\\\u00e4 \\ud83d\\ude00",
  "list": [1, {"a": "]}",
    "b": [true, -1.5e3]}],
  "last": {"a": null}
}
"""


def reason(raw: bytes) -> MalformedError | None:
    try:
        parse_with_line(raw, "text")
    except MalformedError as error:
        return error
    return None


def refuse(text: str) -> InvalidPredicate:
    with pytest.raises(InvalidPredicate) as refused:
        Predicate.parse(text.encode("utf-8", "surrogateescape"))
    return refused.value


def test_what_is_well_formed_is_read() -> None:
    assert Predicate.parse(GOOD.encode()).content["last"] == {"a": None}


@pytest.mark.parametrize(
    ("good", "bad", "line", "field", "why"),
    [
        ('"last"', '"name"', 6, "name", "duplicate key 'name'"),
        ('"last"', '"\\u006eame"', 6, "name", "duplicate key 'name'"),
        ('"b"', '"a"', 5, "list[1].a", "duplicate key 'a'"),
        ("-1.5e3", "NaN", 5, "list[1].b[1]", "NaN is not a number in JSON"),
        ("-1.5e3", "-Infinity", 5, "list[1].b[1]", "-Infinity is not a number in JSON"),
        ("-1.5e3", "1e999", 5, "list[1].b[1]", "1e999 is not a number in JSON"),
        ("-1.5e3", "1" * 5000, 5, "list[1].b[1]", "not valid JSON"),
        ("-1.5e3", "01", 5, "", "not JSON: expecting ',' delimiter"),
        ("-1.5e3", "'a'", 5, "", "not JSON: expecting value"),
        ('"]}",', '"]}"', 5, "", "not JSON: expecting ',' delimiter"),
        ("null", "\udcff", 6, "", "not UTF-8"),
        ("app", "app \\\\ \\ud83d", 3, "", "'\\ud83d' is not Unicode"),
        ("]}", "\\ude00", 4, "", "'\\ude00' is not Unicode"),
    ],
)
def test_one_fault_is_told_with_its_place(good: str, bad: str, line: int, field: str, why: str) -> None:
    error = refuse(GOOD.replace(good, bad, 1))
    assert (error.line, error.field, error.why, error.hint) == (line, field, why, None)


def test_what_is_refused_as_a_whole_has_no_field() -> None:
    assert (refuse("\n NaN").line, refuse("\n NaN").field) == (2, "")


@pytest.mark.parametrize("opening", ['{"a":\n', "[\n"])
def test_the_line_on_which_it_is_too_deep(opening: str) -> None:
    closing = "]" if opening[0] == "[" else "}"
    for depth in (MAX_JSON_DEPTH, 100_000):
        text = '{"b": "{[", "a":' + opening * depth + "1" + closing * depth + "}"
        with pytest.raises(LimitExceeded, match=rf"line {MAX_JSON_DEPTH}: nested deeper than 64 levels"):
            Predicate.parse(text.encode())


@pytest.mark.parametrize(
    "text",
    ["---\na: 1\n", "a: 1\n", "# comment\n\nbuilder.id: x\n", "- a\n", "bomFormat:\n  a\n"],
)
def test_yaml_is_told(text: str) -> None:
    assert "yq" in str(refuse(text).hint)


@pytest.mark.parametrize("text", ["", "a", "<bom>", "{a: 1}", "http//x"])
def test_what_is_neither_is_not_called_yaml(text: str) -> None:
    assert refuse(text).hint is None


def test_a_statement_is_told_like_a_predicate() -> None:
    with pytest.raises(InvalidPredicate) as refused:
        parse_statement(b'{"_type": "https://in-toto.io/Statement/v1",\n"predicate": {"a": 1, "a": 2}}')
    assert (refused.value.line, refused.value.field) == (2, "predicate.a")


def test_what_is_well_formed_and_no_statement_stays_as_it_is() -> None:
    with pytest.raises(MalformedError, match="_type: missing") as refused:
        parse_statement(b"{}")
    assert not isinstance(refused.value, InvalidPredicate)
    many = encode_json({"_type": "https://in-toto.io/Statement/v1", "subject": [{}] * 10_000, "predicateType": "x:y"})
    with pytest.raises(LimitExceeded, match=r"^in-toto statement is over the limit: subject has 10000 items"):
        parse_statement(many)


@given(st.text('{}[]:,"\\u0dD8e1 aN\n\t', max_size=40))
def test_nothing_but_a_reason_leaves(text: str) -> None:
    """Whatever the strict parser refuses is explained, and nothing else happens."""
    found = reason(text.encode())
    assert not isinstance(found, InvalidPredicate) or 1 <= found.line <= text.count("\n") + 1


PIECES = st.sampled_from(["NaN", "1e999", '{"a":1,"a":2}', '"\\ud800"', "1", '{"b":[]}', "[[1]]", '"x"'])


@given(st.recursive(PIECES, lambda below: st.lists(below, max_size=4).map(lambda them: f"[{','.join(them)}]")))
def test_a_fault_anywhere_is_found(text: str) -> None:
    raw = f'{{"x":{text}}}'.encode()
    bad = any(piece in text for piece in ("NaN", "1e999", '"a":2', "ud800"))
    assert isinstance(reason(raw), InvalidPredicate) is bad
