"""Expressions of Kubernetes as our API server for tests evaluates them."""

from typing import Any

import pytest

from tests.support.cel.evaluation import EvaluationError
from tests.support.cel.expression import Expression
from tests.support.cel.tokens import SyntaxProblem

POD: dict[str, Any] = {
    "metadata": {"name": "a", "labels": {"tier": "front"}},
    "spec": {"containers": [{"name": "c0", "image": "app@sha256:1"}, {"name": "c1"}]},
}
KNOWN = {"object": POD, "oldObject": None, "n": 3, "texts": ["a", "b"]}


@pytest.mark.parametrize(
    "text",
    [
        "has(object.spec) && !has(object.spec.volumes)",
        "object.spec.containers.all(c, has(c.name))",
        "object.spec.containers.exists(c, !has(c.image))",
        "object.spec.containers.exists_one(c, c.name == 'c1')",
        "object.spec.containers.filter(c, has(c.image)).map(c, c.image) == ['app@sha256:1']",
        "object.spec.containers.map(c, has(c.image), c.name) == ['c0']",
        "object.spec.?volumes.orValue([]).size() == 0",
        "object.metadata.?labels[?'tier'].orValue('') == 'front'",
        "object.?spec.?containers[?5].?image.hasValue() == false",
        "object.metadata.labels.all(k, k.startsWith('t'))",
        "texts.all(i, t, texts[i] == t)",
        "object.missing == 1 || true",
        "!(object.missing == 1 && false)",
        "n > 2 ? n < 4 : false",
        "n in [1, 2, 3] && !('x' in object.metadata.labels)",
        "1 == 1.0 && true != null && '1' != 1",
        "-7 / 2 == -3 && -7 % 2 == -1 && 2 + 3 * 4 == 14",
        "cel.bind(m, n + 1, m * m) == 16",
        "'a,b'.split(',') == texts && texts.join('-') == 'a-b'",
        "'Ab'.lowerAscii() == 'ab' && 'abc'.substring(1) == 'bc' && 'abc'.indexOf('c') == 2",
        "'app@sha256:1'.matches('@sha256:[0-9]+$') && 'x1y2'.findAll('[0-9]') == ['1', '2']",
        "'%s has %d'.format(['it', 3]) == 'it has 3'",
        "duration('1h30m') > duration('5400s') == false",
        "timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')",
        "{'a': 1, ?'b': optional.none()} == {'a': 1}",
        "type(n) == int && string(n) == '3' && int('4') == 4",
        "optional.of(2).optMap(x, x + 1).value() == 3",
        "sets.contains([1, 2], [2]) && !sets.intersects([1], [2])",
        r"'tab\t' == 'tab	' && r'\d' == '\\d'",
    ],
)
def test_what_is_true(text: str) -> None:
    assert Expression(text).evaluate(KNOWN) is True


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("object.missing", "no such key: missing"),
        ("oldObject.spec", "type 'null_type' does not support field selection"),
        ("texts[2]", "index out of bounds: 2"),
        ("'a' + 1 == 'b'", "no such overload"),
        ("1 / 0", "division by zero"),
        ("9223372036854775807 + 1", "integer overflow"),
        ("object.missing || false", "no such key: missing"),
        ("optional.none().value()", "optional.none() dereference"),
        ("nothing", "no such attribute: nothing"),
        ("'a' && true", "no such overload"),
    ],
)
def test_what_has_no_content(text: str, why: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        Expression(text).evaluate(KNOWN)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    "text", ["object.(", "1 +", "has(object)", "'a", "foo(1)", "object.unheardOf()", "a b", "[1, 2", "a.all(x)", "#"]
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(SyntaxProblem):
        Expression(text)


def test_names_that_are_not_known() -> None:
    assert Expression("self.x + [1].map(i, i)[0]").names == {"self"}
    with pytest.raises(SyntaxProblem, match="undeclared reference to 'params'"):
        Expression("params.x", frozenset({"object"}))
