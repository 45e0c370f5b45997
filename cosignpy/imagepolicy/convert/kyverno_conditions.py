"""Conditions of Kyverno on attestations in Rego."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.core.encoding import JsonValue
from cosignpy.documents import Node
from cosignpy.imagepolicy.convert.findings import constant, read
from cosignpy.imagepolicy.convert.keys import anchor
from cosignpy.imagepolicy.convert.rego import bounds, equals, field_of, is_one_of, matches
from cosignpy.imagepolicy.fields import Fields
from cosignpy.imagepolicy.own_conditions import MAX_CHOICES, MAX_CONDITIONS, read_scalar

_PATH: Final = re.compile(r"\{\{\s*(?P<path>[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*)\s*\}\}")
_WRITE: Final = "write the condition in Rego, in `policy` of the attestation"
_PLAIN: Final = "a path of names with dots between them, as in {{ builder.id }}"


def convert_conditions(node: Node) -> tuple[str, ...]:
    """Return an item of `conditions` in Rego: all of `all`, and `any` where it has one.

    Raises:
        DocumentError: One cannot be said.
    """
    fields = read(node, ("all", "any"))
    any_of = fields.items("any", _convert, MAX_CONDITIONS)
    if len(any_of) > 1:
        raise fields.error("any", "several of which one has to hold cannot be converted", _WRITE)
    return tuple([line for some in (*fields.items("all", _convert, MAX_CONDITIONS), *any_of) for line in some])


def _convert(node: Node) -> tuple[str, ...]:
    fields = read(node, ("key", "operator", "value", "message"))
    match = _PATH.fullmatch(fields.required("key").strip())
    if match is None:
        raise fields.error("key", "cannot be converted", _PLAIN)
    operator = fields.required("operator")
    if operator not in _OPERATORS:
        raise fields.error(
            "operator", f"{operator} cannot be converted", f"allowed: {', '.join(_OPERATORS)}; or {_WRITE}"
        )
    if "value" not in fields:
        raise fields.error("value", "missing")
    constant(fields.members["value"])
    return _OPERATORS[operator](fields, field_of(match["path"]))


def _equals(fields: Fields, field: str) -> tuple[str, ...]:
    content = read_scalar(fields.members["value"])
    return (
        matches(field, anchor(content))
        if _has_wildcard(content) and isinstance(content, str)
        else equals(field, content),
    )


def _one_of(fields: Fields, field: str) -> tuple[str, ...]:
    choices = fields.items("value", read_scalar, MAX_CHOICES)
    if not choices or any(_has_wildcard(each) for each in choices):
        raise fields.error("value", "cannot be converted", "a list of values without * and ?")
    return (is_one_of(field, choices),)


def _bound(operator: str) -> Callable[[Fields, str], tuple[str, ...]]:
    def convert(fields: Fields, field: str) -> tuple[str, ...]:
        content = read_scalar(fields.members["value"])
        if isinstance(content, bool) or not isinstance(content, int | float):
            raise fields.error("value", "is no number", "quantities and durations cannot be converted")
        return bounds(field, operator, content)

    return convert


def _has_wildcard(content: JsonValue) -> bool:
    return isinstance(content, str) and ("*" in content or "?" in content)


_OPERATORS: Final[Mapping[str, Callable[[Fields, str], tuple[str, ...]]]] = {
    "Equal": _equals,
    "Equals": _equals,
    "In": _one_of,
    "AnyIn": _one_of,
    "GreaterThanOrEquals": _bound(">="),
    "LessThanOrEquals": _bound("<="),
}
