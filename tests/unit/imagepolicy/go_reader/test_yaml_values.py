"""YAML as sigs.k8s.io/yaml 1.4.0 reads it: words as in `goyaml.v2/resolve.go`, merging and keys as in `decode.go`."""

import pytest

from cosignpy.core.encoding import JsonValue
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.go_reader.yaml_values import MAX_DEPTH, MAX_NODES, MAX_TEXT, read_yaml, resolve, write_number


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        *[(word, True) for word in ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")],
        *[(word, False) for word in ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")],
        *[(word, None) for word in ("", "~", "null", "Null", "NULL")],
        *[(word, word) for word in ("yEs", "tRue", "nULL", "oN", "<<")],
        ("0", 0),
        ("+12", 12),
        ("-12", -12),
        ("1_000", 1000),
        ("010", 8),  # strconv.ParseInt(..., 0, 64)
        ("0o10", 8),
        ("08", 8),  # no octal, and then a float
        ("0x1F", 31),
        ("-0x1f", -31),
        ("0b11", 3),
        ("0x", "0x"),
        ("9223372036854775807", 9223372036854775807),
        ("18446744073709551615", 18446744073709551615),
        ("-9223372036854775809", -9223372036854776000),  # a float by then, as encoding/json spells it
        ("1.5", 1.5),
        ("1.", 1),
        ("2.0", 2),  # encoding/json writes it without the point
        (".5", 0.5),
        ("-.5", -0.5),
        ("1e3", 1000),
        ("1e400", "1e400"),
        (".5e400", ".5e400"),
        (".5e310", ".5e310"),
        (".", "."),
        ("..", ".."),
        ("-", "-"),
        ("_1", "_1"),
        ("1:30", "1:30"),  # no base 60
        ("2001-12-14", "2001-12-14"),  # a time is a text where any type will do
        ("v1", "v1"),
        ("1a", "1a"),
    ],
)
def test_words_without_quotation_marks(word: str, meaning: JsonValue) -> None:
    found = resolve(word)
    assert (type(found), found) == (type(meaning), meaning)


@pytest.mark.parametrize("word", [".inf", "+.Inf", "-.INF", ".nan", ".NaN"])
def test_numbers_that_json_has_not(word: str) -> None:
    with pytest.raises(ValueError, match="unsupported value"):
        resolve(word)
    with pytest.raises(MalformedError, match="unsupported value"):
        read_yaml(f"a: {word}".encode(), "file")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("---\n", None),
        ("a: 'yes'", {"a": "yes"}),
        ('a: "1"', {"a": "1"}),
        ("a: |\n  1\n", {"a": "1\n"}),
        ("a:", {"a": None}),
        ("a: 1\na: 2", {"a": 2}),
        ("y: 1\n1: 2\n1.5: 3\nno: 4", {"true": 1, "1": 2, "1.5": 3, "false": 4}),
        ("- a\n- [b, {c: d}]", ["a", ["b", {"c": "d"}]]),
        ("a: 1\n---\nb: 2", {"a": 1}),
        ("a: 1\n---\nb: ][", {"a": 1}),
        ('{"a": [1, true, null, "x"]}', {"a": [1, True, None, "x"]}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: &x 1\nb: *x\nc: &x 2\nd: *x", {"a": 1, "b": 1, "c": 2, "d": 2}),
        ("\ufeffa: 1", {"a": 1}),
        ("a:\tb\tc \t# d", {"a": "b\tc"}),
        ("a: [1,\t2\n\t]", {"a": [1, 2]}),
        ("a: b\n  \tc", {"a": "b c"}),
        ("a: b\n---\nc", {"a": "b"}),
        (".nan: 1\n+.Inf: 2\n-.INF: 3", {".nan": 1, ".inf": 2, "-.inf": 3}),
        ("a: !!timestamp 2001-12-14", {"a": "2001-12-14"}),
        ("a: &x {k: 1, l: 1}\nb: {<<: *x, k: 2}", {"a": {"k": 1, "l": 1}, "b": {"k": 2, "l": 1}}),
        ("a: &x {k: 1}\nb: {k: 2, <<: *x}", {"a": {"k": 1}, "b": {"k": 1}}),  # what comes later counts
        ("a: &x {k: 1}\nb: &y {k: 2}\nc: {<<: [*x, *y]}", {"a": {"k": 1}, "b": {"k": 2}, "c": {"k": 1}}),
        ("a: {'<<': 1}", {"a": {"<<": 1}}),
        ("a: !!str 1", {"a": "1"}),
        ("a: !!int '1'", {"a": 1}),
        ("a: !!float 1", {"a": 1}),
        ("a: !!bool 'no'", {"a": False}),
        ("a: !!null ''", {"a": None}),
        ("a: !!binary aGk=", {"a": "hi"}),
        ("a: !mine 1", {"a": "1"}),
        ("a: ! 1", {"a": 1}),
        ('a: "\\ud800"', {"a": "\ufffd"}),
    ],
)
def test_documents(text: str, meaning: JsonValue) -> None:
    assert read_yaml(text.encode(), "file") == meaning


@pytest.mark.parametrize(
    "text",
    [
        b"a: [",
        b"\ta: 1",
        b"a: \xff",
        b"a: \x01",
        b"{[a]: b}",
        b"? \n: b",
        b"a: {<<: 1}",
        b"a: {<<: [1]}",
        b"a: *unknown",
        b"a: !!int x",
        b"a: !!int true",
        b"a: !!timestamp x",
        b"a: !!binary '*'",
        b"a: &x [*x]",
        b"[" * (MAX_DEPTH + 1),
        b"a: " + b"x" * MAX_TEXT,
    ],
)
def test_what_is_no_document(text: bytes) -> None:
    with pytest.raises(MalformedError):
        read_yaml(text, "file")


@pytest.mark.parametrize("repeated", ["[*{before}, *{before}]", "{{<<: [*{before}, *{before}]}}"])
def test_aliases_do_not_grow_beyond_a_limit(repeated: str) -> None:
    lines = ["x0: &x0 {k: v}" if "<<" in repeated else "x0: &x0 [v]"]
    lines += [f"x{each}: &x{each} {repeated.format(before=f'x{each - 1}')}" for each in range(1, 20)]
    assert MAX_NODES < 2**20
    with pytest.raises(MalformedError, match="aliasing"):
        read_yaml("\n".join(lines).encode(), "file")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1"),
        (-1, "-1"),
        (1.5, "1.5"),
        (0.1, "0.1"),  # of 32 bits
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (123456.5, "123456.5"),
        (1234567.5, "1.2345675e+06"),
        (1e300, "1e+300"),
    ],
)
def test_numbers_as_texts(number: float, text: str) -> None:
    assert write_number(number) == text
