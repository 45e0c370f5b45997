"""Settings as a file that people can read and edit: every setting with what it means and what is allowed."""

import textwrap
import types
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import yaml

from cosignpy.serving.quantities import Duration, Range, Size
from cosignpy.serving.settings import annotations_of

_WIDTH: Final = 100
_INDENT: Final = "  "


def show_settings(settings: object) -> str:
    """Write a value class as YAML that `load_settings` reads back as the same value."""
    return "\n".join(_lines_of_value(settings)) + "\n"


def _lines_of_value(settings: object) -> Iterator[str]:
    for name, hint in annotations_of(type(settings)).items():
        yield from _comment(hint)
        yield from _lines(f"{name}:", getattr(settings, name))


def _lines(head: str, content: object) -> Iterator[str]:
    """Write one setting, on the line of its name if it fits there, else below it."""
    word = _word(content)
    if word is not None:
        yield f"{head} {word}"
        return
    yield head
    for line in _block(content):
        yield _INDENT + line


def _block(content: object) -> Iterator[str]:
    if isinstance(content, Mapping):
        for name, item in content.items():
            yield from _lines(f"{_quoted(name)}:", item)
    elif isinstance(content, tuple):
        for item in content:
            yield from _item(item)
    else:
        yield from _lines_of_value(content)


def _item(content: object) -> Iterator[str]:
    word = _word(content)
    if word is not None:
        yield f"- {word}"
        return
    first, *others = _block(content)
    yield f"- {first}"
    for line in others:
        yield _INDENT + line


def _word(content: object) -> str | None:
    """Return what fits on one line; None for what needs lines of its own."""
    for kind, write in _WRITERS:
        if isinstance(content, kind):
            return str(write(content))
    if isinstance(content, tuple | Mapping) and not content:
        return "[]" if isinstance(content, tuple) else "{}"
    return None if hasattr(content, "__dataclass_fields__") and not hasattr(content, "parse") else _other(content)


def _other(content: object) -> str | None:
    return None if isinstance(content, tuple | Mapping) else _quoted(str(content))


def _quoted(text: str) -> str:
    return str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=2**20)).rstrip("\n")


_WRITERS: Final[tuple[tuple[Any, Any], ...]] = (
    (types.NoneType, lambda _: "null"),
    (bool, lambda content: str(content).lower()),
    (StrEnum, lambda content: content.value),
    ((Duration, Size), str),
    (int, str),
    (float, lambda content: f"{content:f}".rstrip("0").rstrip(".")),
    ((str, Path), lambda content: _quoted(str(content))),
)


def _comment(hint: Any) -> Iterator[str]:  # noqa: ANN401 - an annotation: typing has no type for it
    texts = [*_documentation(hint), *_allowed(hint)]
    if texts:
        yield from textwrap.wrap("; ".join(texts), _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _documentation(hint: Any) -> list[str]:  # noqa: ANN401
    return [text for text in getattr(hint, "__metadata__", ()) if isinstance(text, str)]


def _allowed(hint: Any) -> list[str]:  # noqa: ANN401
    kind = _bare(hint)
    allowed = [_range(limit, kind) for limit in getattr(hint, "__metadata__", ()) if isinstance(limit, Range)]
    if get_origin(kind) is Literal:
        allowed.append(", ".join(get_args(kind)))
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        allowed.append(", ".join(kind))
    return allowed


def _bare(hint: Any) -> Any:  # noqa: ANN401
    """Return what a setting is, without its documentation and whether it may be left out."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if get_origin(hint) is types.UnionType:
        return next(kind for kind in get_args(hint) if kind is not types.NoneType)
    return hint


def _range(limit: Range, kind: Any) -> str:  # noqa: ANN401
    return f"{kind(limit.smallest)} to {kind(limit.largest)}"
