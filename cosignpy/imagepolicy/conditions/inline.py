"""Conditions on single fields of a document, for those who need no language: pure, and without anything to install.

A field is named by its path: `predicate.runDetails.builder.id`, `subject[0].name`, `predicate.packages[*].license` for
all items of a list, `predicate.labels["a.b"]` for names with dots. A field that is not there never satisfies anything
but `exists: false`; of several that `[*]` names, each has to, and there has to be one.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import re2

from cosignpy.core.encoding import JsonValue, encode_json, parse_json
from cosignpy.errors import ConditionRefused, CosignError, MalformedError
from cosignpy.imagepolicy.conditions.condition import ConditionInput
from cosignpy.places import Place
from cosignpy.values import value

MAX_STEPS: Final = 64
"""Names of a path; documents do not nest as deep."""

Step: TypeAlias = str | int | None
"""A member, an item, or all items."""

_STEP: Final = re.compile(
    r'\.?(?P<name>[A-Za-z_$@][A-Za-z0-9_$@/-]*)|\[(?P<index>0|[1-9][0-9]{0,8})\]|\[(?P<all>\*)\]|\[(?P<quoted>"(?:[^"\\]|\\.)+")\]'
)


@value
class FieldPath:
    """Where a field is."""

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> "FieldPath":
        """Parse a path.

        Raises:
            MalformedError: It is none.
        """
        steps, position = list[Step](), 0
        while position < len(text):
            found = _STEP.match(text, position)
            if found is None or (found.group().startswith(".") and not steps) or _runs_on(found, steps):
                raise MalformedError("path of a field", f"{text!r}: not understood at {text[position:]!r}")
            steps.append(_read_step(found))
            position = found.end()
        if not 0 < len(steps) <= MAX_STEPS:
            raise MalformedError("path of a field", f"{text!r} has {len(steps)} names, 1 to {MAX_STEPS} are read")
        return cls(text, tuple(steps))

    def find(self, document: JsonValue) -> Iterator[tuple[str, JsonValue]]:
        """Find what is there, each with its own path.

        Raises:
            LookupError: A field is not there.
        """
        return _find(document, self.steps, "")

    def is_in(self, document: JsonValue) -> bool:
        """Tell whether anything is there, in one item of a list or another."""
        return _is_in(document, self.steps)


def _runs_on(found: "re.Match[str]", steps: list[Step]) -> bool:
    """Tell whether a name follows what is before it without a dot."""
    return bool(steps) and found["name"] is not None and not found.group().startswith(".")


def _read_step(found: "re.Match[str]") -> Step:
    if found["index"] is not None:
        return int(found["index"])
    if found["quoted"] is not None:
        try:
            return str(json.loads(found["quoted"]))
        except ValueError as error:
            raise MalformedError("path of a field", f"{found['quoted']} is no name") from error
    return found["name"]


def _find(document: JsonValue, steps: tuple[Step, ...], path: str) -> Iterator[tuple[str, JsonValue]]:
    if not steps:
        yield path, document
        return
    step, rest = steps[0], steps[1:]
    if step is None:
        if not isinstance(document, list) or not document:
            raise LookupError(f"{path} is no list with items")
        for number, item in enumerate(document):
            yield from _find(item, rest, f"{path}[{number}]")
        return
    if isinstance(step, int):
        here = f"{path}[{step}]"
        if not isinstance(document, list) or step >= len(document):
            raise LookupError(f"there is no {here}")
        yield from _find(document[step], rest, here)
        return
    here = f"{path}.{step}".lstrip(".")
    if not isinstance(document, Mapping) or step not in document:
        raise LookupError(f"there is no {here}")
    yield from _find(document[step], rest, here)


def _is_in(document: JsonValue, steps: tuple[Step, ...]) -> bool:
    if not steps:
        return True
    step, rest = steps[0], steps[1:]
    if step is None:
        return isinstance(document, list) and any(_is_in(item, rest) for item in document)
    if isinstance(step, int):
        return isinstance(document, list) and step < len(document) and _is_in(document[step], rest)
    return isinstance(document, Mapping) and step in document and _is_in(document[step], rest)


@value
class Equals:
    """The field is exactly this: of the same type, too."""

    wanted: JsonValue

    def explain(self, found: JsonValue) -> str:
        """Say what is wrong; nothing where nothing is."""
        return "" if _same(found, self.wanted) else f"is {_show(found)}, not {_show(self.wanted)}"


@value
class OneOf:
    """The field is one of these."""

    wanted: tuple[JsonValue, ...]

    def explain(self, found: JsonValue) -> str:
        """Say what is wrong; nothing where nothing is."""
        if any(_same(found, each) for each in self.wanted):
            return ""
        return f"is {_show(found)}, none of {', '.join(_show(each) for each in self.wanted)}"


@value
class Matches:
    """The field is a text, and the pattern (RE2) describes all of it."""

    pattern: str

    def __post_init__(self) -> None:
        options = re2.Options()
        options.log_errors = False
        try:
            re2.compile(self.pattern, options)
        except re2.error as error:
            raise MalformedError("pattern", f"{self.pattern!r} is no RE2 pattern") from error

    def explain(self, found: JsonValue) -> str:
        """Say what is wrong; nothing where nothing is."""
        if not isinstance(found, str):
            return f"is {_show(found)}, no text"
        if re2.fullmatch(self.pattern, found):
            return ""
        return f"is {_show(found)}, which {self.pattern} does not describe"


@value
class Exists:
    """The field is there, whatever it is; or is not."""

    wanted: bool = True


@value
class AtLeast:
    """The field is a number, and not smaller."""

    limit: int | float

    def explain(self, found: JsonValue) -> str:
        """Say what is wrong; nothing where nothing is."""
        return _compare(found, lambda number: number >= self.limit, f"less than {self.limit}")


@value
class AtMost:
    """The field is a number, and not larger."""

    limit: int | float

    def explain(self, found: JsonValue) -> str:
        """Say what is wrong; nothing where nothing is."""
        return _compare(found, lambda number: number <= self.limit, f"more than {self.limit}")


Comparison: TypeAlias = Equals | OneOf | Matches | Exists | AtLeast | AtMost


@value
class InlineCondition:
    """One field, and what it has to be."""

    place: Place
    field: FieldPath
    wanted: Comparison

    def check(self, given: ConditionInput) -> tuple[str, ...]:
        """Return no warnings: there are none.

        Raises:
            ConditionRefused: The field is something else, or not there.
        """
        try:
            document = parse_json(given.document, what="document")
        except CosignError as error:
            raise self._refused(str(error)) from error
        self.check_parsed(document)
        return ()

    def check_parsed(self, document: JsonValue) -> None:
        """Show that it holds for a document that was parsed for several conditions.

        Raises:
            ConditionRefused: The field is something else, or not there.
        """
        why = self._explain(document)
        if why:
            raise self._refused(why)

    def _explain(self, document: JsonValue) -> str:
        """Say what is wrong with a document; nothing where nothing is."""
        if self.wanted == Exists(wanted=False):
            return f"{self.field.text} is there" if self.field.is_in(document) else ""
        try:
            found = list(self.field.find(document))
        except LookupError as error:
            return str(error)
        if isinstance(self.wanted, Exists):
            return ""
        wrong = ((path, self.wanted.explain(content)) for path, content in found)
        return next((f"{path} {why}" for path, why in wrong if why), "")

    def _refused(self, why: str) -> ConditionRefused:
        return ConditionRefused("", why, None, self.place.file, self.place.line)


def _same(found: JsonValue, wanted: JsonValue) -> bool:
    """Compare as JSON does: true is not 1, and 1.0 is."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_same, found, wanted))
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        return found.keys() == wanted.keys() and all(_same(found[name], wanted[name]) for name in found)
    return bool(found == wanted)


def _compare(found: JsonValue, holds: Callable[[Any], bool], otherwise: str) -> str:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return f"is {_show(found)}, no number"
    return "" if holds(found) else f"is {_show(found)}, {otherwise}"


def _show(found: JsonValue) -> str:
    text = encode_json(found).decode()
    return text if len(text) <= 100 else f"{text[:100]}..."  # noqa: PLR2004
