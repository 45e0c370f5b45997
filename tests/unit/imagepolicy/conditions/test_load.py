"""Conditions in Rego and CEL: what holds, what does not and why, and what does not compile, by file and line."""

import pytest

from cosignpy.errors import ConditionRefused
from cosignpy.imagepolicy.conditions.condition import ConditionInput
from cosignpy.imagepolicy.conditions.load import MAX_POLICY, begin, load_condition
from cosignpy.imagepolicy.conditions.rego import Dialect
from cosignpy.imagepolicy.languages import Language
from cosignpy.places import DocumentError, Place

PLACE = Place("policy", 1)
STATEMENT = b'{"predicateType": "t", "subject": [{"name": "n"}], "predicate": {"score": 7, "by": "us"}}'
COSIGN = "package signature\n"
CONTROLLER = "package sigstore\n"


def check(language: Language, text: str, dialect: Dialect = Dialect.COSIGN, place: Place = PLACE) -> tuple[str, ...]:
    given = ConditionInput(STATEMENT, b'{"key": {"algorithm": "ecdsa"}}')
    return load_condition(language, text, place, dialect).check(given)


def refused(language: Language, text: str, dialect: Dialect = Dialect.COSIGN) -> str:
    with pytest.raises(ConditionRefused) as caught:
        check(language, text, dialect)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "allow { input.predicate.score == 7 }",
        "import rego.v1\nallow if input.predicate.score == 7",
        'default allow = false\nallow { input.predicateType == "t" }',
        "allow = true",
        "allow { input.predicate.score == 8 } else { true }",
        'allow { data.evidence.key.algorithm == "ecdsa" }',
        "allow { good(input.predicate) }\ngood(p) { p.score > 5 }",
    ],
)
def test_rego_holds(text: str) -> None:
    assert check(Language.REGO, COSIGN + text) == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("allow { input.predicate.score == 8 }", "policy:2: allow is undefined"),
        ("\ndefault allow = false\nallow { false }", "policy:3: allow is false, not true"),
        ('allow := "yes"', 'policy:2: allow is "yes", not true'),
        ("allow := 1", "policy:2: allow is 1, not true"),
        ('allow[why] { why := "x" }', 'policy:2: allow is ["x"], not true'),
        ("allow := null", "policy:2: allow is null, not true"),
        (f'allow := "{"x" * 300}"', f'policy:2: allow is "{"x" * 199}..., not true'),
        ("allow := true\nallow := false", "policy:2: it fails when it is evaluated, or takes too many steps"),
    ],
)
def test_rego_does_not_hold(text: str, why: str) -> None:
    assert refused(Language.REGO, COSIGN + text) == why


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("isCompliant { true }", ()),
        ('isCompliant[r] { r := {"result": true, "warning": "old", "error": "e"} }', ("old",)),
        ('default isCompliant = false\nisCompliant[r] { r := {"result": true} }', ()),
        ('isCompliant[r] { r := {"result": input.predicate.score == x, "error": "e"}; x := [6, 7][_] }', ()),
    ],
)
def test_the_policy_controllers_rego_holds(text: str, warnings: tuple[str, ...]) -> None:
    assert check(Language.REGO, CONTROLLER + text, Dialect.POLICY_CONTROLLER) == warnings


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("isCompliant { false }", "isCompliant is undefined"),
        ("default isCompliant = false", "isCompliant is false, not true"),
        ('isCompliant := "true"', 'isCompliant is "true", not true'),
        ("isCompliant := 1", "isCompliant is 1, not true"),
        ('isCompliant[r] { r := {"result": false, "warning": "w", "error": "the reason"} }', "the reason"),
        ('isCompliant[r] { r := {"result": "true"} }', '{"result":"true"} is no result'),
        ('isCompliant[r] { r := "true" }', '"true" is no result'),
        ('isCompliant := [1, {"result": true}]', "1 is no result"),
        ('isCompliant := [{"Result": true}]', '{"Result":true} is no result'),
        ('isCompliant := [{"result": true, "warning": 1}]', '{"result":true,"warning":1} is no result'),
        ("isCompliant := []", "isCompliant has no result that is true"),
    ],
)
def test_the_policy_controllers_rego_does_not_hold(text: str, why: str) -> None:
    assert refused(Language.REGO, CONTROLLER + text, Dialect.POLICY_CONTROLLER) == f"policy:2: {why}"


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [
        ("package other\nallow { true }", "the package is other", 1),
        (CONTROLLER + "isCompliant { true }", "the package is sigstore", 1),
        (COSIGN + "other { true }", "there is no rule allow", 1),
        (COSIGN + "\nallow { http.send({}) }", "there is no function http.send", 3),
        (COSIGN + "\nallow { not http.send({}) }", "there is no function http.send", 3),
        (COSIGN + "allow {\n print(1) }", "there is no function print", 3),
        (COSIGN + "allow {\n input.a == = 1 }", "Invalid boolean operator", 3),
        (COSIGN + "allow { true", "{ is not closed", 2),
        (COSIGN + "\0", "a character that is none of the language's", 1),
        (" " * (MAX_POLICY + 1), f"{MAX_POLICY + 1} characters", 1),
    ],
)
def test_rego_that_is_not_taken(text: str, why: str, line: int) -> None:
    with pytest.raises(DocumentError) as caught:
        check(Language.REGO, text)
    assert (str(caught.value), caught.value.line) == (f"policy:{line}: {why}", line)


def test_lines_are_those_of_the_file_that_the_text_stands_in() -> None:
    place = Place("team.yaml", 40, "spec.policy.data")
    for text in ("allow {\n input.a == = 1 }", "\nallow { http.send({}) }"):
        with pytest.raises(DocumentError) as caught:
            check(Language.REGO, COSIGN + text, place=place)
        assert caught.value.line == 42


def test_cel_holds() -> None:
    begin(Language.CEL)
    begin(Language.CUE)  # nothing to start
    text = 'predicate.score >= 7 && subject.exists(s, s.name == "n") && evidence.key.algorithm == "ecdsa"'
    assert check(Language.CEL, text) == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("predicate.score > 7", "the expression is false"),
        ("predicate.score", "the expression is neither true nor false"),
        ("'true'", "the expression is neither true nor false"),
        ("predicate.none == 1", "there is no 'none'"),
    ],
)
def test_cel_does_not_hold(text: str, why: str) -> None:
    assert refused(Language.CEL, text) == f"policy:1: {why}"


def test_cel_that_does_not_compile() -> None:
    with pytest.raises(DocumentError) as caught:
        check(Language.CEL, "true &&\n= 1")
    assert caught.value.line == 2
