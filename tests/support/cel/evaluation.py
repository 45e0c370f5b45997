"""What expressions are made of: steps that compute a content from the names that are known."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

Names: TypeAlias = Mapping[str, Any]
Step: TypeAlias = Callable[[Names], Any]


class EvaluationError(Exception):
    """An expression has no content."""


class Optional:
    """An optional content."""

    def __init__(self, content: Any = None, *, is_there: bool = True) -> None:
        self.content = content
        self.is_there = is_there

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Optional):
            return False
        return self.is_there == other.is_there and (not self.is_there or equal(self.content, other.content))

    def __hash__(self) -> int:
        return hash(self.is_there)


NOTHING: Final = Optional(is_there=False)
_ESCAPES: Final = {"__dot__": ".", "__dash__": "-", "__slash__": "/", "__underscores__": "__"}


def kind_of(content: Any) -> str:
    """Return the name of a type."""
    names = {bool: "bool", int: "int", float: "double", str: "string", bytes: "bytes", list: "list", dict: "map"}
    return "null_type" if content is None else names.get(type(content), type(content).__name__)


def is_number(content: Any) -> bool:
    """Tell whether it is a number; a truth is none."""
    return isinstance(content, int | float) and not isinstance(content, bool)


def equal(left: Any, right: Any) -> bool:
    """Compare contents; those of different types differ, but for numbers."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(each, right[name]) for name, each in left.items())
    return bool(left == right)


def find(content: Any, name: Any) -> Any:
    """Return a member or an item as an optional content."""
    if isinstance(content, dict):
        if name in content:
            return Optional(content[name])
        plain = unescape(name) if isinstance(name, str) else name
        return Optional(content[plain]) if plain in content else NOTHING
    if isinstance(content, list) and is_number(name):
        return Optional(content[int(name)]) if 0 <= name < len(content) and name == int(name) else NOTHING
    fields = getattr(content, "cel_fields", None)
    if fields is not None and name in fields:
        return Optional(fields[name])
    raise EvaluationError(f"type '{kind_of(content)}' does not support field selection")


def unescape(name: str) -> str:
    """Return the name of a property that expressions cannot name as it is."""
    for escape, sign in _ESCAPES.items():
        name = name.replace(escape, sign)
    return name.removeprefix("__").removesuffix("__") if name.startswith("__") and name.endswith("__") else name


def select(operand: Step, name: str) -> Step:
    """Return the step to a member; of an optional content, an optional member."""

    def step(names: Names) -> Any:
        content = operand(names)
        if isinstance(content, Optional):
            return find(content.content, name) if content.is_there else content
        found = find(content, name)
        if not found.is_there:
            raise EvaluationError(f"no such key: {name}")
        return found.content

    return step


def select_optionally(operand: Step, name: Step) -> Step:
    """Return the step to a member that may be absent."""

    def step(names: Names) -> Any:
        content = operand(names)
        if isinstance(content, Optional):
            return find(content.content, name(names)) if content.is_there else content
        return find(content, name(names))

    return step


def index(operand: Step, place: Step) -> Step:
    """Return the step to an item, or a member by a computed name."""

    def step(names: Names) -> Any:
        content, where = operand(names), place(names)
        if isinstance(content, Optional):
            return find(content.content, where) if content.is_there else content
        found = find(content, where)
        if not found.is_there:
            said = "index out of bounds" if isinstance(content, list) else "no such key"
            raise EvaluationError(f"{said}: {where}")
        return found.content

    return step


def is_there(operand: Step, name: str) -> Step:
    """Return the step that tells whether there is a member."""

    def step(names: Names) -> bool:
        content = operand(names)
        if isinstance(content, Optional):
            return content.is_there and find(content.content, name).is_there
        return bool(find(content, name).is_there)

    return step


def truth(content: Any) -> bool:
    """Return a content that has to be a truth."""
    if not isinstance(content, bool):
        raise EvaluationError("no such overload")
    return content


def either(left: Step, right: Step, *, ends: bool) -> Step:
    """Return the step for `||`, which ends with true, or `&&`: an error counts if the other side decides nothing."""

    def step(names: Names) -> bool:
        try:
            if truth(left(names)) is ends:
                return ends
        except EvaluationError:
            if truth(right(names)) is ends:
                return ends
            raise
        return truth(right(names))

    return step
