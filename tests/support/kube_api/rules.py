"""Rules of schemas in CEL (`x-kubernetes-validations`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from cosignpy.values import value
from tests.support.cel.evaluation import EvaluationError
from tests.support.cel.expression import Expression
from tests.support.kube_api.failures import Fault
from tests.support.kube_api.schemas import Schema, show, show_content


@value
class Rule:
    """One rule."""

    expression: Expression
    message: str
    said: Expression | None
    reason: str
    field_path: str
    is_transition: bool


def compile_rules(schema: Schema) -> "Rules":
    """Compile all rules of a schema.

    Raises:
        SyntaxProblem: One is none.
    """
    own = tuple(_compile(each) for each in schema.get("x-kubernetes-validations", ()))
    below = {name: compile_rules(each) for name, each in schema.get("properties", {}).items()}
    items, more = schema.get("items"), schema.get("additionalProperties")
    return Rules(
        own,
        {name: each for name, each in below.items() if not each.is_empty},
        compile_rules(items) if isinstance(items, dict) else None,
        compile_rules(more) if isinstance(more, dict) else None,
    )


def _compile(rule: Mapping[str, Any]) -> Rule:
    said = rule.get("messageExpression")
    expression = Expression(rule["rule"])
    return Rule(
        expression,
        rule.get("message", "") or f"failed rule: {rule['rule'].strip()}",
        Expression(said) if said else None,
        rule.get("reason", "FieldValueInvalid"),
        rule.get("fieldPath", ""),
        "oldSelf" in expression.names,
    )


@value
class Rules:
    """The rules of a schema, and of what is below it."""

    own: tuple[Rule, ...]
    properties: "Mapping[str, Rules]"
    items: "Rules | None"
    more: "Rules | None"

    @property
    def is_empty(self) -> bool:
        """Whether there are none at all."""
        inner = [each for each in (self.items, self.more) if each is not None]
        return not self.own and not self.properties and all(each.is_empty for each in inner)

    def check(self, content: Any, former: Any = None, path: tuple[str | int, ...] = ()) -> Iterator[Fault]:
        """Yield the rules that are broken."""
        for rule in self.own:
            yield from _check(rule, content, former, path)
        if isinstance(content, dict):
            before = former if isinstance(former, dict) else {}
            for name, each in content.items():
                below = self.properties.get(name) or self.more
                if below is not None and each is not None:
                    yield from below.check(each, before.get(name), (*path, name))
        if isinstance(content, list) and self.items is not None:
            for number, each in enumerate(content):
                yield from self.items.check(each, None, (*path, number))


def _check(rule: Rule, content: Any, former: Any, path: tuple[str | int, ...]) -> Iterator[Fault]:
    if rule.is_transition and former is None:
        return
    known = {"self": content} | ({"oldSelf": former} if former is not None else {})
    place = show(list(path))
    try:
        if rule.expression.evaluate(known) is True:
            return
        said = rule.said.evaluate(known) if rule.said is not None else rule.message
    except EvaluationError as error:
        yield Fault(place or "<nil>", _say(content, f"rule evaluation error: {error}"))
        return
    yield Fault(place + rule.field_path, _say(content, said), rule.reason)


def _say(content: Any, why: Any) -> str:
    """Return what is wrong, with contents that are no objects."""
    shown = "" if isinstance(content, dict | list) else f"{show_content(content)}: "
    return f"Invalid value: {shown}{why}"
