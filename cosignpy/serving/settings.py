"""Settings: a YAML file read into value classes, whose annotations say what is allowed.

    @value
    class Listener:
        host: Annotated[str, "the address to listen on"] = "127.0.0.1"
        port: Annotated[int, Range(0, 65535), "0 takes any free port"] = 3000
        tls: TlsFiles | None = None

`load_settings(path, Listener)` reads it. Fields may be `str`, `int`, `float`, `bool`, `Path` (relative to the file),
`Literal` words, a `StrEnum`, any class with `parse(text)` such as `Duration` and `Size`, another value class, and
`tuple[X, ...]`, `Mapping[str, X]` and `X | None` of these. A text in `Annotated` documents the field. Whatever is
wrong is one `DocumentError` with file, line, dotted key, and what is allowed.
"""

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from difflib import get_close_matches
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    Protocol,
    Self,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from cosignpy.documents import DocumentError, Items, Members, Node, Word, load_document, parse_document
from cosignpy.errors import MalformedError, UsageError
from cosignpy.serving.quantities import Range
from cosignpy.values import fields_of

__all__ = ["DocumentError", "annotations_of", "load_settings", "parse_settings"]

T = TypeVar("T")

_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?")
_BOOLEANS: Final = {"true": True, "false": False}


class Parsable(Protocol):
    """A class whose values have a spelling."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse one; MalformedError if it cannot be."""
        ...


def load_settings(path: Path, kind: type[T]) -> T:
    """Read a settings file.

    Raises:
        FileError: The file cannot be read.
        DocumentError: Something in it is not as `kind` wants it; the first such thing.
    """
    return cast("T", _read(load_document(path), kind))


def parse_settings(raw: bytes, kind: type[T], file: str = "settings") -> T:
    """Read settings from text; `file` stands in errors, and relative paths start from its directory.

    Raises:
        DocumentError: As `load_settings`.
    """
    return cast("T", _read(parse_document(raw, file), kind))


def annotations_of(kind: type) -> dict[str, Any]:
    """Return the annotations of a value class's fields, by name."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: hints[name] for name in fields_of(kind)}


def _read(node: Node, hint: Any) -> object:  # noqa: ANN401 - an annotation: typing has no type for it
    origin = get_origin(hint)
    if origin in _COMPOSED:
        return _COMPOSED[origin](node, get_args(hint))
    if hint in _WORDS:
        return _WORDS[hint](_word(node))
    if issubclass(hint, StrEnum):
        return hint(_choose(_word(node), tuple(hint)))
    if fields_of(hint) and not hasattr(hint, "parse"):
        return _read_value(node, hint)
    return _read_parsable(_word(node), hint)


def _read_annotated(node: Node, arguments: tuple[Any, ...]) -> object:
    found: Any = _read(node, arguments[0])
    for limit in arguments[1:]:
        if isinstance(limit, Range) and found is not None and found not in limit:
            kind = type(found)
            allowed = f"{kind(limit.smallest)} to {kind(limit.largest)}"
            raise node.place.error(f"{found} is out of range", f"allowed: {allowed}")
    return found


def _read_union(node: Node, arguments: tuple[Any, ...]) -> object:
    """Read `X | None`, the only union there is here."""
    if isinstance(node, Word) and node.is_null:
        return None
    return _read(node, next(kind for kind in arguments if kind is not types.NoneType))


def _read_tuple(node: Node, arguments: tuple[Any, ...]) -> object:
    if not isinstance(node, Items):
        raise node.place.error("expected a list", "one line each, after `- `")
    return tuple(_read(item, arguments[0]) for item in node.items)


def _read_mapping(node: Node, arguments: tuple[Any, ...]) -> object:
    members = _members(node).members
    return {name: _read(content, arguments[1]) for name, content in members.items()}


def _read_literal(node: Node, arguments: tuple[Any, ...]) -> object:
    return _choose(_word(node), arguments)


_COMPOSED: Final[Mapping[Any, Callable[[Node, tuple[Any, ...]], object]]] = {
    Annotated: _read_annotated,
    Literal: _read_literal,
    Mapping: _read_mapping,
    tuple: _read_tuple,
    types.UnionType: _read_union,
    Union: _read_union,
}


def _read_value(node: Node, kind: type) -> object:
    members = _members(node).members
    hints = annotations_of(kind)
    for name, content in members.items():
        if name not in hints:
            meant = get_close_matches(name, hints, n=1)
            allowed = f"did you mean {meant[0]}?" if meant else f"allowed: {', '.join(hints)}"
            raise content.place.error("no such setting", allowed)
    for name, field in fields_of(kind).items():
        if name not in members and field.default is MISSING and field.default_factory is MISSING:
            place = node.place
            named = f"{place.key}.{name}".lstrip(".")
            raise type(place)(place.file, place.line, named).error("missing", "this setting has no default")
    found = {name: _read(content, hints[name]) for name, content in members.items()}
    try:
        return kind(**found)
    except UsageError as error:  # what several fields must fulfil together is checked by the class
        raise node.place.error(error.problem, error.hint) from error
    except MalformedError as error:
        raise node.place.error(str(error)) from error


def _read_parsable(word: Word, kind: type[Parsable]) -> object:
    try:
        return kind.parse(word.text)
    except MalformedError as error:
        raise word.place.error(error.why) from error


def _members(node: Node) -> Members:
    if isinstance(node, Word) and node.is_null:
        return Members({}, node.place)  # a heading whose settings are all commented out
    if not isinstance(node, Members):
        raise node.place.error("expected settings", "one line each, `name: content`, further right than the heading")
    return node


def _word(node: Node) -> Word:
    if not isinstance(node, Word):
        raise node.place.error("expected one word, not a list or further settings")
    if node.is_null:
        raise node.place.error("nothing is given", 'delete the line to have the default; an empty text is ""')
    return node


def _choose(word: Word, choices: tuple[Any, ...]) -> str:
    if word.text not in choices:
        raise word.place.error(f"{word.text!r} is not one of the choices", f"allowed: {', '.join(choices)}")
    return word.text


def _read_integer(word: Word) -> int:
    if not word.plain or not _INTEGER.fullmatch(word.text):
        raise word.place.error(f"{word.text!r} is not a whole number", "digits only, such as 42")
    return int(word.text)


def _read_number(word: Word) -> float:
    if not word.plain or not _NUMBER.fullmatch(word.text) or not isfinite(float(word.text)):
        raise word.place.error(f"{word.text!r} is not a number", "such as 0.5 or 20")
    return float(word.text)


def _read_boolean(word: Word) -> bool:
    if not word.plain or word.text not in _BOOLEANS:
        raise word.place.error(f"{word.text!r} is neither true nor false", "allowed: true, false")
    return _BOOLEANS[word.text]


def _read_path(word: Word) -> Path:
    if not word.text or "\0" in word.text:
        raise word.place.error("not the name of a file")
    return Path(word.place.file).parent / word.text


_WORDS: Final[Mapping[Any, Callable[[Word], object]]] = {
    str: lambda word: word.text,
    int: _read_integer,
    float: _read_number,
    bool: _read_boolean,
    Path: _read_path,
}
