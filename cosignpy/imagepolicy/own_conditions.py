"""Conditions on single fields of an attestation: how they are written, and what they are evaluated as."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from cosignpy.core.encoding import JsonValue, parse_json
from cosignpy.core.policy.identity import MAX_PATTERN
from cosignpy.documents import Node, Word
from cosignpy.imagepolicy.fields import Fields, read_text
from cosignpy.imagepolicy.model import FieldCondition

if TYPE_CHECKING:
    from cosignpy.imagepolicy.conditions.inline import Comparison, InlineCondition

MAX_CONDITIONS: Final = 100
"""Of one attestation; each is looked for in each statement."""
MAX_CHOICES: Final = 1000
"""Values of `in`."""

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?")
"""A number of JSON, without an exponent."""
_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "false": False}


def parse_field_condition(node: Node) -> FieldCondition:
    """Parse a condition on a field.

    Raises:
        DocumentError: No path, no comparison or several, or one with something that it does not compare.
    """
    fields = Fields.read(node, ("field", *_OPERANDS))
    comparison = fields.only_one(*_OPERANDS)
    condition = FieldCondition(node.place, fields.required("field"), comparison, _OPERANDS[comparison](fields))
    fields.parsed("matches" if comparison == "matches" else "field", lambda _: build_condition(condition))
    return condition


def build_condition(written: FieldCondition) -> "InlineCondition":
    """Return what evaluates a condition.

    Raises:
        MalformedError: The path, or the pattern, is none.
    """
    from cosignpy.imagepolicy.conditions import inline  # brings patterns along, which few policies need

    comparisons: Mapping[str, Callable[..., Comparison]] = {
        "equals": inline.Equals,
        "in": lambda choices: inline.OneOf(tuple(choices)),
        "matches": inline.Matches,
        "exists": inline.Exists,
        "atLeast": inline.AtLeast,
        "atMost": inline.AtMost,
    }
    path = inline.FieldPath.parse(written.path)
    return inline.InlineCondition(written.place, path, comparisons[written.comparison](written.operand))


def read_scalar(node: Node) -> JsonValue:
    """Return a number or a boolean as it is written, and everything else as a text.

    Raises:
        DocumentError: It is no single word, or one that YAML reads in different ways.
    """
    if isinstance(node, Word) and node.plain:
        if _NUMBER.fullmatch(node.text):
            return parse_json(node.text.encode(), what="number")
        if node.text in _BOOLEANS:
            return _BOOLEANS[node.text]
    return read_text(node)


def _read_choices(fields: Fields) -> JsonValue:
    choices = fields.items("in", read_scalar, MAX_CHOICES)
    if not choices:
        raise fields.error("in", "has no values", "nothing is one of them")
    return list(choices)


def _read_number(name: str) -> Callable[[Fields], JsonValue]:
    def read(fields: Fields) -> JsonValue:
        found = read_scalar(fields.members[name])
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise fields.error(name, "is no number", "write it without quotation marks, as in 7.5")
        return found

    return read


def _read_pattern(fields: Fields) -> JsonValue:
    text = fields.required("matches")
    if len(text) > MAX_PATTERN:
        raise fields.error("matches", f"{len(text)} characters", f"{MAX_PATTERN} at the most")
    return text


_OPERANDS: Final[Mapping[str, Callable[[Fields], JsonValue]]] = {
    "equals": lambda fields: read_scalar(fields.members["equals"]),
    "in": _read_choices,
    "matches": _read_pattern,
    "exists": lambda fields: fields.flag("exists"),
    "atLeast": _read_number("atLeast"),
    "atMost": _read_number("atMost"),
}
"""The comparisons, and what each compares with."""
