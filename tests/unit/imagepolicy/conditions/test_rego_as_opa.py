"""Where the interpreter of Rego and OPA differ: modules are rewritten so that the answer is that of OPA."""

import json

import pytest

from cosignpy.errors import ConditionRefused
from cosignpy.imagepolicy.conditions.condition import ConditionInput
from cosignpy.imagepolicy.conditions.load import load_condition
from cosignpy.imagepolicy.conditions.rego import Dialect
from cosignpy.imagepolicy.conditions.rego_negation import ask_before_negating
from cosignpy.imagepolicy.conditions.rego_order import order_values
from cosignpy.imagepolicy.languages import Language
from cosignpy.places import DocumentError, Place

PLACE = Place("policy", 1)
GIVEN = ConditionInput(json.dumps({"score": "5", "number": 5, "name": "web", "names": ["a", "b"]}).encode())


def holds(body: str, head: str = "package sigstore") -> bool:
    condition = load_condition(Language.REGO, f"{head}\nisCompliant {{ {body} }}", PLACE, Dialect.POLICY_CONTROLLER_0)
    try:
        condition.check(GIVEN)
    except ConditionRefused:
        return False
    return True


@pytest.mark.parametrize(
    "body",
    [
        'input.number < "a"',
        "input.score > 7",
        "null < false",
        "false < 0",
        '"a" < []',
        "[] < {}",
        '{"a": 1} < {1}',
        "[1] < [2]",
        "input.number >= 5",
        'urlquery.encode("a b+%20") == "a+b%2B%2520"',
        'concat("", {"b", "a"}) == "ab"',
        'sort({"b", "a"}) == ["a", "b"]',
        "max([1, 2]) == 2",
        "min([1, 2]) == 1",
        "any([false, true])",
        "all(set())",
        "cast_set([1, 1]) == {1}",
        're_match("^w", input.name)',
        "set_diff({1, 2}, {1}) == {2}",
        'trace("x")',
    ],
)
def test_what_holds_for_opa_holds_and_its_negation_does_not(body: str) -> None:
    assert holds(body)
    assert not holds(f"not {body}")


@pytest.mark.parametrize(
    "body",
    [
        "input.absent > 7",
        'startswith(input.absent, "a")',
        'lower(input.absent) == "x"',
        "input.absent + 1 == 2",
        "input.absent != 7",
        "f(input.absent)",
        "to_number(input.name) == 1",
        "count(input.number) == 1",
        '[1] < ["a"]',
        'sort([1, "a"]) == []',
        "[1] < [1, 2]",
        "{1} < {2}",
        "any(input.absent)",
    ],
)
def test_nothing_follows_from_what_is_not_there_or_fails(body: str) -> None:
    head = 'package sigstore\nf(x) { x == "b" }'
    assert not holds(body, head)
    assert not holds(f"not {body}", head)


@pytest.mark.parametrize("body", ["not input.absent", "not input.absent == 7", "not input.number > 7", 'not f("a")'])
def test_what_is_not_so_is_not(body: str) -> None:
    assert holds(body, 'package sigstore\nf(x) { x == "b" }')


def test_a_function_that_fails_in_another_rule_leaves_one_that_holds() -> None:
    assert holds("to_number(input.name) == 1 }\nisCompliant { true")


def test_every_item_at_once_is_not_negated() -> None:
    assert holds('some i; not input.names[i] == "c"')
    with pytest.raises(DocumentError, match="var _ is unsafe"):
        holds('not input.names[_] == "c"')


def test_functions_of_version_0_are_none_of_version_1() -> None:
    text = "package sigstore\nimport rego.v1\nisCompliant if any([true])"
    with pytest.raises(DocumentError, match="there is no function any"):
        load_condition(Language.REGO, text, PLACE, Dialect.POLICY_CONTROLLER_0)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("x := [y < 3 | y := 1; y > 1]", "x := [less(y , 3) | y := 1; more(y , 1)]"),
        ("x if {\n a <\n 3\n b > 1 +\n 2\n}", "x if {\n less(a ,\n 3)\n more(b , 1 +\n 2)\n}"),
        ("x if { {1} | s <= {2} }", "x if { not_more({1} | s , {2}) }"),
        ("x if { not a[_] + 1 >= -5 with input as {} }", "x if { not not_less(a[_] + 1 , -5) with input as {} }"),
        ("x if count(y) > 0", "x if more(count(y) , 0)"),
        ("x if { xs[i < 2] > 3 }", "x if { more(xs[less(i , 2)] , 3) }"),
        ("a < b", "less(a , b)"),
    ],
)
def test_comparisons_are_calls(text: str, written: str) -> None:
    assert order_values(text, PLACE).replace("data.cosignpy_order.", "") == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("x if not f(a)", "x if { defined([a]); not f(a) }"),
        ("x if not f(a) with input as 1\ny := 1", "x if { defined([a]); not f(a) with input as 1 }\ny := 1"),
        ("x if {\n not f(a,\n b) # c\n}", "x if {\n defined([a,  b]); not f(a,\n b) # c\n}"),
        ("x if {\n not a <\n b\n}", "x if {\n defined([a, b]); not a <\n b\n}"),
        ("x if { not a == count(b); c }", "x if { defined([count(b)]); not a == count(b); c }"),
        ("x := [y | not f(y); z]", "x := [y | defined([y]); not f(y); z]"),
        ("x if { not a.b(1).c }", "x if { defined([a.b(1).c]); not a.b(1).c }"),
        ("x if { not (a) }", "x if { defined([(a)]); not (a) }"),
        ("x if { not g() }", "x if { not g() }"),
        ("x if not deny", "x if not deny"),
    ],
)
def test_arguments_are_asked_for_before_they_are_negated(text: str, written: str) -> None:
    assert ask_before_negating(text, PLACE).replace("data.cosignpy_order.", "") == written
