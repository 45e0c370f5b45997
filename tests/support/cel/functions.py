"""Functions: those of the language, and those that Kubernetes adds."""

import itertools
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import re2

from tests.support.cel.evaluation import NOTHING, EvaluationError, Optional, equal, is_number, kind_of

_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|ms|m|s|us|ns)")
_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def _size(content: Any) -> int:
    if isinstance(content, str | bytes | list | dict):
        return len(content)
    raise EvaluationError("no such overload")


def _to_string(content: Any) -> str:
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, int | float | str):
        return str(content)
    if isinstance(content, datetime):
        return content.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    raise EvaluationError("no such overload")


def _to_int(content: Any) -> int:
    if isinstance(content, datetime):
        return int(content.timestamp())
    if is_number(content) or isinstance(content, str):
        try:
            return int(content)
        except (ValueError, OverflowError) as error:
            raise EvaluationError(f"type conversion error from '{kind_of(content)}' to 'int'") from error
    raise EvaluationError("no such overload")


def _to_double(content: Any) -> float:
    try:
        return float(content)
    except (ValueError, TypeError) as error:
        raise EvaluationError(f"type conversion error from '{kind_of(content)}' to 'double'") from error


def _duration(text: Any) -> timedelta:
    if not isinstance(text, str) or _DURATION.sub("", text.removeprefix("-")) or not text.strip("-"):
        raise EvaluationError(f"invalid duration: {text!r}")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)


def _timestamp(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise EvaluationError(f"invalid timestamp: {text!r}") from error


def _of_non_zero(content: Any) -> Optional:
    return Optional(content) if content not in (None, "", 0, False, [], {}) else NOTHING


GLOBAL: Final[Mapping[str, Callable[..., Any]]] = {
    "size": _size,
    "string": _to_string,
    "int": _to_int,
    "uint": _to_int,
    "double": _to_double,
    "bool": lambda content: {"true": True, "false": False, True: True, False: False}[content],
    "type": kind_of,
    "dyn": lambda content: content,
    "duration": _duration,
    "timestamp": _timestamp,
    "optional.of": Optional,
    "optional.none": lambda: NOTHING,
    "optional.ofNonZeroValue": _of_non_zero,
    "sets.contains": lambda all_, some: all(any(equal(a, b) for b in all_) for a in some),
    "sets.intersects": lambda left, right: any(any(equal(a, b) for b in right) for a in left),
    "sets.equivalent": lambda left, right: (
        all(any(equal(a, b) for b in right) for a in left) and all(any(equal(a, b) for b in left) for a in right)
    ),
}


def _text(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(text: Any, *arguments: Any) -> Any:
        if not isinstance(text, str):
            raise EvaluationError("no such overload")
        return function(text, *arguments)

    return call


def _matches(text: Any, pattern: Any) -> bool:
    if not isinstance(text, str) or not isinstance(pattern, str):
        raise EvaluationError("no such overload")
    try:
        return re2.search(pattern, text) is not None
    except re2.error as error:
        raise EvaluationError(f"error parsing regexp: {error}") from error


def _find(text: str, pattern: str) -> str:
    found = re2.search(pattern, text)
    return found.group() if found else ""


def _substring(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    if not 0 <= start <= stop <= len(text):
        raise EvaluationError(f"index out of range: {start}")
    return text[start:stop]


def _split(text: str, separator: str, limit: int = -1) -> list[str]:
    if separator == "":
        return list(text)
    if limit == 0:
        return []
    return text.split(separator) if limit < 0 else text.split(separator, limit - 1)


def _join(items: Any, separator: str = "") -> str:
    if not isinstance(items, list) or not all(isinstance(each, str) for each in items):
        raise EvaluationError("no such overload")
    return separator.join(items)


def _index_of(content: Any, wanted: Any, start: int = 0) -> int:
    if isinstance(content, str):
        return content.find(wanted, start)
    return next((number for number, each in enumerate(content) if equal(each, wanted)), -1)


def _last_index_of(content: Any, wanted: Any) -> int:
    if isinstance(content, str):
        return content.rfind(wanted)
    return max((number for number, each in enumerate(content) if equal(each, wanted)), default=-1)


def _format(text: str, contents: list[Any]) -> str:
    parts = re.split(r"%(?:\.[0-9]+)?[sdfxe]", text)
    if len(parts) != len(contents) + 1:
        raise EvaluationError("could not parse format")
    shown = [_show(each) for each in contents]
    return "".join(a + b for a, b in zip(parts, [*shown, ""], strict=True)).replace("%%", "%")


def _show(content: Any) -> str:
    if isinstance(content, list):
        return "[" + ", ".join(_show(each) for each in content) + "]"
    if isinstance(content, dict):
        return "{" + ", ".join(f"{_show(name)}: {_show(each)}" for name, each in sorted(content.items())) + "}"
    return "null" if content is None else _to_string(content)


def _optional(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(content: Any, *arguments: Any) -> Any:
        if not isinstance(content, Optional):
            raise EvaluationError("no such overload")
        return function(content, *arguments)

    return call


def _value(content: Optional) -> Any:
    if not content.is_there:
        raise EvaluationError("optional.none() dereference")
    return content.content


METHODS: Final[Mapping[str, Callable[..., Any]]] = {
    "size": _size,
    "contains": _text(lambda text, part: part in text),
    "startsWith": _text(lambda text, part: text.startswith(part)),
    "endsWith": _text(lambda text, part: text.endswith(part)),
    "matches": _matches,
    "find": _text(_find),
    "findAll": _text(lambda text, pattern: [found.group() for found in re2.finditer(pattern, text)]),
    "split": _text(_split),
    "join": _join,
    "replace": _text(lambda text, old, new, limit=-1: text.replace(old, new, limit)),
    "lowerAscii": _text(lambda text: text.lower()),
    "upperAscii": _text(lambda text: text.upper()),
    "trim": _text(lambda text: text.strip()),
    "substring": _text(_substring),
    "charAt": _text(lambda text, place: text[place : place + 1]),
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
    "format": _text(_format),
    "isSorted": lambda items: all(a <= b for a, b in itertools.pairwise(items)),
    "sum": sum,
    "min": min,
    "max": max,
    "hasValue": _optional(lambda content: content.is_there),
    "value": _optional(_value),
    "orValue": _optional(lambda content, other: content.content if content.is_there else other),
    "or": _optional(lambda content, other: content if content.is_there else other),
}
