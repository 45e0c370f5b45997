"""What is wrong with fields, and how it is told: as `FieldError` of knative.dev/pkg does, which people know."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import TypeAlias

from cosignpy.values import replace, value


class Level(IntEnum):
    """Whether something is refused, or warned of."""

    ERROR = 0
    WARNING = 1


@value
class FieldError:
    """One thing that is wrong, and with which fields."""

    message: str
    paths: tuple[str, ...]
    details: str = ""
    level: Level = Level.ERROR

    def below(self, *prefix: str) -> "FieldError":
        """Return the same, of a field that has those as its members; `[0]` is an item of a list."""
        return replace(self, paths=tuple([_join((*prefix, path)) for path in self.paths]))


FieldErrors: TypeAlias = tuple[FieldError, ...]


def missing(*paths: str) -> FieldErrors:
    """Say that fields are not there."""
    return (FieldError("missing field(s)", paths),)


def disallowed(path: str) -> FieldErrors:
    """Say that a field must not be there."""
    return (FieldError("must not set the field(s)", (path,)),)


def invalid(content: str, path: str, details: str = "") -> FieldErrors:
    """Say that a field has something that it cannot have."""
    return (FieldError(f"invalid value: {content}", (path,), details),)


def neither(*paths: str) -> FieldErrors:
    """Say that one of several fields has to be there."""
    return (FieldError("expected exactly one, got neither", paths),)


def both(*paths: str) -> FieldErrors:
    """Say that only one of several fields may be there."""
    return (FieldError("expected exactly one, got both", paths),)


def below(errors: Iterable[FieldError], *prefix: str) -> FieldErrors:
    """Return errors of a field that has theirs as its members."""
    return tuple([each.below(*prefix) for each in errors])


def of_level(errors: Iterable[FieldError], level: Level) -> FieldErrors:
    """Return those of one level."""
    return tuple([each for each in errors if each.level is level])


def describe(errors: Sequence[FieldError]) -> str:
    """Write errors: sorted, and what is wrong with several fields in one line."""
    merged: dict[tuple[str, str, Level], list[str]] = {}
    for each in errors:
        paths = merged.setdefault((each.message, each.details, each.level), [])
        paths += [path for path in each.paths if path not in paths]
    lines = list[str]()
    for (message, details, _level), paths in sorted(merged.items()):
        lines.append(f"{message}: {', '.join(sorted(paths))}" + (f"\n{details}" if details else ""))
    return "\n".join(lines)


def _join(path: Sequence[str]) -> str:
    parts: list[str] = []
    for part in [each for step in path for each in step.split(".") if each]:
        if parts and part.startswith("[") and part.endswith("]"):
            parts[-1] += part
        else:
            parts.append(part)
    return ".".join(parts)
