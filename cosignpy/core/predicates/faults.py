"""Where a JSON text breaks the rules: line and field, looked for once it is refused, since most are not."""

import re
from collections.abc import Iterator
from json import JSONDecodeError
from typing import Final

from cosignpy.core.encoding import MAX_JSON_DEPTH, STRICT_DECODER
from cosignpy.core.predicates.position import DECODER, name_field, skip_space
from cosignpy.errors import InvalidPredicate, LimitExceeded, MalformedError

_NESTING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{\]}]', re.DOTALL)
_ESCAPES: Final = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\.")
"""Of escapes those that are whole characters, and in a group those that are half of one."""
_YAML: Final = re.compile(rb"(?:\s*#[^\n]*\n)*\s*(?:---|- |[A-Za-z_][\w .-]*:(?:\s|$))")
_INSTEAD_OF_YAML: Final = "it looks like YAML, and a predicate is JSON: yq -o json writes it"


def explain_fault(raw: bytes, error: MalformedError) -> MalformedError:
    """Return why a text was refused, with the line and the field where those can be told.

    Args:
        raw: The text.
        error: What `parse_json` said of it; another error is returned as it is.
    """
    cause = error.__cause__
    if isinstance(cause, UnicodeDecodeError):
        return InvalidPredicate(error.what, error.why, raw.count(b"\n", 0, cause.start) + 1)
    if isinstance(cause, JSONDecodeError):
        hint = _INSTEAD_OF_YAML if _YAML.match(raw) else None
        return InvalidPredicate(error.what, f"not JSON: {cause.msg.lower()}", cause.lineno, hint=hint)
    if isinstance(error, LimitExceeded):
        line = _line_of_depth(raw.decode("utf-8"))
        return LimitExceeded(error.what, f"line {line}: {error.why}") if line else error
    if not isinstance(cause, ValueError | MalformedError):
        return error
    text = raw.decode("utf-8")
    half = _half_character(text)
    at, path = _find(text) if half is None else (half, [])
    return InvalidPredicate(error.what, error.why, text.count("\n", 0, at) + 1, name_field(path))


def _line_of_depth(text: str) -> int:
    """Return the line of the first value that lies too deep; 0 where there is none."""
    depth = 0
    for token in _NESTING.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth > MAX_JSON_DEPTH:
            return text.count("\n", 0, token.start()) + 1
    return 0


def _half_character(text: str) -> int | None:
    """Return where the first escape stands that is half a character."""
    return next((found.start() for found in _ESCAPES.finditer(text) if found[1]), None)


def _find(text: str) -> tuple[int, list[str | int]]:
    """Return where the first member is that has the name of another, or that is no value of JSON."""
    at, path = skip_space(text, 0), list[str | int]()
    while text[at] in "{[":
        at, step = _first_refused(text, at)
        path.append(step)
    return at, path


def _first_refused(text: str, at: int) -> tuple[int, str | int]:
    """Return the first member that is refused of an object or array that is: its value, or its name if that is why."""
    seen, members = set[str | int](), _members(text, at)
    place, step, begins = next(members)
    while step not in seen and _holds(text, begins):
        seen.add(step)
        place, step, begins = next(members)
    return place if step in seen else begins, step


def _members(text: str, at: int) -> Iterator[tuple[int, str | int, int]]:
    """Return of each member where it begins, its name or index, and where its value begins."""
    named, index = text[at] == "{", 0
    while True:
        place = skip_space(text, at + 1)
        step, begins = index, place
        if named:
            step, end = DECODER.raw_decode(text, place)
            begins = skip_space(text, skip_space(text, end) + 1)
        yield place, step, begins
        at, index = skip_space(text, DECODER.raw_decode(text, begins)[1]), index + 1


def _holds(text: str, at: int) -> bool:
    try:
        STRICT_DECODER.raw_decode(text, at)
    except (MalformedError, ValueError):
        return False
    return True
