"""Rego of version 0 becomes version 1, line by line; what is version 1 already stays, and nothing is guessed."""

import pytest

from cosignpy.imagepolicy.conditions.rego_module import read_module
from cosignpy.imagepolicy.conditions.rego_tokens import Kind, tokenize
from cosignpy.places import DocumentError, Place

PLACE = Place("policy.rego", 1)
HEAD = "package signature\n"

OLD = {
    "allow { input.a == 1 }": "allow if { input.a == 1 }",
    "allow\n{ true }": "allow\nif { true }",
    "allow = x { x := 1 }": "allow = x if { x := 1 }",
    "allow := {1, 2} { true }": "allow := {1, 2} if { true }",
    'allow = {"a": 1} { true }': 'allow = {"a": 1} if { true }',
    "f(x) = y { y := x }": "f(x) = y if { y := x }",
    "f({x}) { true }": "f({x}) if { true }",
    "allow { 1 } else = 2 { 2 }\nelse { 3 }": "allow if { 1 } else = 2 if { 2 }\nelse if { 3 }",
    "deny[why] { why := 1 }": "deny contains why if { why := 1 }",
    'deny[{"a": [1]}] { true }': 'deny contains {"a": [1]} if { true }',
    "codes[k] = v { k := 1; v := 2 }": "codes[k] = v if { k := 1; v := 2 }",
    "a.b { true }": "a.b if { true }",
    "allow { not false } # { not a body }": "allow if { not false } # { not a body }",
    'allow { "{" == `}` }': 'allow if { "{" == `}` }',
    "a { true }; b { true }": "a if { true }; b if { true }",
    "deny[x] { x := 1 }\ndefault deny = false": "deny contains x if { x := 1 }\n   ",
    "default deny = false\ndeny[x] {\n x := 1 }": "   \ndeny contains x if {\n x := 1 }",
    "default allow = false\nallow { true }": "default allow = false\nallow if { true }",
    'allow { input.a == "\\u00e4\\/" }': 'allow if { input.a == "ä/" }',
    "import future.keywords.in\nallow { 1 in [1] }": "import future.keywords.in\nallow if { 1 in [1] }",
    "import input.predicate as p\nallow { p }": "import input.predicate as p\nallow if { p }",
}

NEW = [
    "import rego.v1\n\nallow if { input.a == 1 }",
    "allow if input.a == 1\nother if input.b",
    "allow if input.a in {1, 2}\nallow if {\n\tfalse\n}",
    "allow if {\n  input.a\n} else := 2 if {\n  input.b\n}\nelse := 3",
    "allow := 1 if input.a ==\n  2",
    'deny contains why if { why := "x" }',
    'deny contains "x"',
    "codes[k] := v if { k := 1; v := 2 }",
    "codes[k] if { k := 1 }",
    "xs := {x | some x in input.xs}",
    "xs := [1,\n  2]",
    "allow if every x in input.xs { x > 1 }",
    "allow if { true }\r\n",
    "import data.evidence\nallow if { evidence.a }",
    "limit := 1.5e3 ; allow if { limit > 0 }",
]


@pytest.mark.parametrize(("old", "new"), OLD.items())
def test_heads_of_version_0_are_rewritten(old: str, new: str) -> None:
    assert read_module(HEAD + old, PLACE).text == HEAD + new


@pytest.mark.parametrize("text", [*NEW, *OLD.values()])
def test_what_is_version_1_is_left_alone(text: str) -> None:
    if "default deny" not in text:
        assert read_module(HEAD + text, PLACE).text == HEAD + text


@pytest.mark.parametrize("text", [*OLD, *NEW])
def test_tokens_together_are_the_text(text: str) -> None:
    if "\\u" not in text:
        assert "".join(token.text for token in tokenize(text, PLACE)) == text


REFUSED = {
    "": ("no package", 1),
    "allow { true }": ("no package before it", 1),
    HEAD + "allow { true": ("{ is not closed", 2),
    HEAD + "allow { true ]": ("] closes nothing", 2),
    HEAD + "\nallow } ": ("} closes nothing", 3),
    HEAD + 'allow { "a\n }': ("not understood at '\"a'", 2),
    HEAD + "allow { `a\n }": ("not understood at '`a'", 2),
    HEAD + "allow { 01 }": ("not understood at '01 }'", 2),
    HEAD + "allow @ { true }": ("not understood at '@ { true }'", 2),
    HEAD + 'allow { $"{x}" }': ("not understood at '$\"{x}\" }'", 2),
    HEAD + 'allow { "\\q" }': ('"\\q" is no text', 2),
    HEAD + 'allow { "\\ud800" }': ('"\\ud800" is no text', 2),
    HEAD + "allow { true } { false }": ("{ after the body of a rule is not understood", 2),
    HEAD + 'deny["x"]': ("deny[...] without a body has two meanings", 2),
    HEAD + "a.b[c] { c := 1 }": ("a: a set of several names is not understood", 2),
    HEAD + "a[b][c] { c := 1 }": ("a: a set of several names is not understood", 2),
    HEAD + "import data.other": ("import data.other: there is nothing to import", 2),
    HEAD + "\n{ true }": ("a rule does not begin with {", 3),
    HEAD + "not allow": ("a rule does not begin with not", 2),
    HEAD + 'allow { not data["evidence"].a }': ("of data there is nothing else", 2),
    HEAD + 'allow {\n x := "evidence"; not data[x].a }': ("of data there is nothing else", 3),
    HEAD + "allow { not data.evidences.a }": ("of data there is nothing else", 2),
    HEAD + "allow { x := data }": ("of data there is nothing else", 2),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_is_not_understood_is_refused_by_its_line(text: str, why: tuple[str, int]) -> None:
    with pytest.raises(DocumentError) as caught:
        read_module(text, PLACE)
    assert (str(caught.value).removeprefix(f"policy.rego:{why[1]}: "), caught.value.line) == why


def test_a_module_says_what_it_has_and_what_it_calls() -> None:
    body = " f(1)\n data.signature.f(2)\n count([1])\n http.send({})\n"
    module = read_module(f"{HEAD}default allow = false\nallow {{\n{body}}}\nf(x) {{ not (x) }}", PLACE)
    assert module.package == "signature"
    assert module.rules == {"allow": 2, "f": 9}
    assert module.calls == {"count": 6, "http.send": 7}
    assert not module.reads_evidence


def test_a_module_says_that_it_reads_evidence() -> None:
    assert read_module(HEAD + "allow { data.evidence.key }", PLACE).reads_evidence


def test_lines_are_counted_from_where_the_text_begins() -> None:
    with pytest.raises(DocumentError) as caught:
        read_module("package signature\nallow @", Place("team.yaml", 40, "spec.policy.data"))
    assert caught.value.line == 41


def test_a_default_without_a_name_is_left_to_the_compiler() -> None:
    assert read_module(HEAD + "default", PLACE).rules == {"": 2}


def test_raw_texts_and_comments_count_their_lines() -> None:
    found = tokenize("`a\nb` # c\nd", PLACE)
    assert [(token.kind, token.line) for token in found if not token.is_silent] == [(Kind.RAW, 1), (Kind.NAME, 3)]


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("allow { input.a.b == 1; input.c[_].d }", {("a", "b"), ("c",)}),
        ("allow { x := input; x.a }", {()}),
        ("import input.a as p\nallow { p.b }", {("a",)}),
        ('allow { input["a"] }', {()}),
        ("allow { x := {}; x.input.b; x.data }", set()),
        ("allow { true } # input.a", set()),
        ("allow { input . a }", {()}),
        ("allow { input.a. b }", {("a",)}),
        ('allow { "input.a"; `input.a` }', set()),
    ],
)
def test_a_module_says_what_it_reads_of_the_document(text: str, reads: set[tuple[str, ...]]) -> None:
    assert read_module(HEAD + text, PLACE).reads == reads


@pytest.mark.parametrize(
    ("call", "looks"),
    [
        ("count([1])", False),
        ("is_null(1)", False),
        ("object.get({}, 1, 2)", False),
        ('json.unmarshal("1")', False),
        ('contains("a", "b")', False),  # others stand in
        ('regex.match("a", "b")', True),
        ('contains("a", "b"); regex.match("a", "b")', True),
        ('contains("a", "b"); json.unmarshal("1")', True),
    ],
)
def test_a_module_says_whether_it_looks_into_texts(call: str, looks: object) -> None:
    assert read_module(f"{HEAD}allow {{ {call} }}", PLACE).looks_into_texts is looks


def test_others_stand_in_where_a_module_finds_something_in_texts() -> None:
    written = f'{HEAD}allow {{ contains("a\\n", `"`) }}'
    found = read_module(written, PLACE)
    assert found.finds_in_texts
    assert 'contains("a\ue00a", "\ue022")' in found.text
    assert read_module(f'{HEAD}f(x) {{ lower(x) == "a" }}\nallow {{ f("A") }}', PLACE).finds_in_texts
    assert not read_module(f'{HEAD}allow {{ count("a") == 1 }}', PLACE).finds_in_texts


@pytest.mark.parametrize(
    "text",
    [
        "allow { input.a[x]; x := 1 }\n" * 8_000,
        f"allow {{ {'a = 1; ' * 30_000} }}",
        f"allow {{ {'input.a.b.c.d; ' * 15_000} }}",
    ],
    ids=["rules", "names", "documents"],
)
def test_a_long_text_is_read_at_once(text: str) -> None:
    """No rule or name is compared with all others: that would take minutes."""
    assert read_module(HEAD + text, PLACE).rules == {"allow": 2}
