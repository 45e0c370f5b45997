"""Members of a Kubernetes document, read strictly: what is not known, or is of another type, is refused by its path."""

import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self, TypeVar

from cosignpy.documents import DocumentError, Items, Members, Node, Place, Word
from cosignpy.errors import KeyUnusable, MalformedError, UsageError
from cosignpy.values import value

T = TypeVar("T")
Kind = TypeVar("Kind", bound=StrEnum)

MAX_TEXT: Final = 128 * 1024
"""Characters of one text; the longest are policies in CUE and Rego."""

_NOT_TEXT: Final = re.compile(
    r"(?i:y|yes|n|no|on|off|true|false)|[-+]?(\.inf|\.nan|0x[0-9a-f_]+|0o?[0-7_]+|0b[01_]+)"
    r"|[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)(e[-+]?[0-9]+)?",
    re.IGNORECASE,
)
"""Words that YAML takes for something else than text, in one version of it or another."""
_BOOLEANS: Final = {"true": True, "false": False}


@value
class Fields:
    """A mapping whose members are known by name."""

    place: Place
    members: Mapping[str, Node]

    @classmethod
    def read(cls, node: Node, known: Collection[str], elsewhere: Mapping[str, str] = MappingProxyType({})) -> Self:
        """Read a mapping that has no other members than these; those that are null count as absent.

        `elsewhere` says of fields that other kinds of document have what to do about them.

        Raises:
            DocumentError: It is no mapping, or has another member.
        """
        if not isinstance(node, Members):
            raise node.place.error("expected fields", f"allowed: {', '.join(known)}")
        for name, content in node.members.items():
            if name not in known:
                meant = get_close_matches(name, known, n=1)
                hint = f"did you mean {meant[0]}?" if meant else f"allowed: {', '.join(known)}"
                hint = elsewhere.get(name, hint)
                raise content.place.error("no such field", hint)
        return cls(node.place, {name: each for name, each in node.members.items() if not _is_null(each)})

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def place_of(self, name: str) -> Place:
        """Return where a member stands, or would stand."""
        if name in self.members:
            return self.members[name].place
        return Place(self.place.file, self.place.line, f"{self.place.key}.{name}".lstrip("."))

    def error(self, name: str, why: str, allowed: str | None = None) -> DocumentError:
        """Build the error that names one member."""
        return self.place_of(name).error(why, allowed)

    def text(self, name: str, default: str = "") -> str:
        """Return a text; the default where it is absent.

        Raises:
            DocumentError: It is no text, or a very long one.
        """
        return read_text(self.members[name]) if name in self.members else default

    def required(self, name: str) -> str:
        """Return a text that has to be there, and may not be empty.

        Raises:
            DocumentError: It is absent, empty, or no text.
        """
        found = self.text(name)
        if not found:
            raise self.error(name, "empty" if name in self.members else "missing")
        return found

    def choice(self, name: str, kind: type[Kind], default: Kind | None = None) -> Kind:
        """Return one of the words of an enumeration; without a default it has to be there.

        Raises:
            DocumentError: It is absent, or another word.
        """
        text = self.text(name) if default is not None else self.required(name)
        if not text and default is not None:
            return default
        if text not in list(kind):
            raise self.error(name, f"{text!r} is not one of the choices", f"allowed: {', '.join(kind)}")
        return kind(text)

    def flag(self, name: str) -> bool:
        """Return a boolean; false where it is absent.

        Raises:
            DocumentError: Neither true nor false.
        """
        if name not in self.members:
            return False
        word = self.members[name]
        if not isinstance(word, Word) or not word.plain or word.text not in _BOOLEANS:
            raise word.place.error("neither true nor false", "allowed: true, false")
        return _BOOLEANS[word.text]

    def items(self, name: str, read: Callable[[Node], T], most: int) -> tuple[T, ...]:
        """Return a list; an empty one where it is absent.

        Raises:
            DocumentError: It is no list, too long, or something in it is not as it should be.
        """
        if name not in self.members:
            return ()
        node = self.members[name]
        if not isinstance(node, Items):
            raise node.place.error("expected a list", "one line each, after `- `")
        if len(node.items) > most:
            raise node.place.error(f"{len(node.items)} items", f"at most {most} are accepted")
        return tuple([read(item) for item in node.items])

    def child(self, name: str, read: Callable[[Node], T]) -> T | None:
        """Return a member that has members itself; None where it is absent.

        Raises:
            DocumentError: Something in it is not as it should be.
        """
        return read(self.members[name]) if name in self.members else None

    def texts(self, name: str, most: int, *, hidden: bool = False) -> dict[str, str]:
        """Return a mapping from any names to texts; an empty one where it is absent. No error shows hidden ones.

        Raises:
            DocumentError: It is something else, or too large.
        """
        node = self.members.get(name)
        if node is None:
            return {}
        if not isinstance(node, Members) or len(node.members) > most:
            raise node.place.error(f"expected at most {most} names with a text each")
        return {label: read_text(content, hidden=hidden) for label, content in node.members.items()}

    def parsed(self, name: str, parse: Callable[[str], T], text: str | None = None) -> T:
        """Return what a text means.

        Raises:
            DocumentError: It has another grammar.
        """
        content = self.required(name) if text is None else text
        try:
            return parse(content)
        except (KeyUnusable, MalformedError) as error:
            raise self.error(name, error.why, error.hint) from error
        except UsageError as error:
            raise self.error(name, error.problem, error.hint) from error

    def only_one(self, *names: str) -> str:
        """Return which of the members is there, exactly one of them.

        Raises:
            DocumentError: None is, or several are.
        """
        found = [name for name in names if name in self.members]
        if len(found) == 1:
            return found[0]
        if found:
            raise self.error(found[1], f"excludes {found[0]}", "leave one out")
        raise self.place.error(f"needs {' or '.join(names)}", "exactly one of them")

    def exclude(self, name: str, *others: str) -> None:
        """Refuse members that mean nothing beside another one.

        Raises:
            DocumentError: One of them is there.
        """
        for other in others:
            if other in self.members:
                raise self.error(other, f"is not allowed beside {name}")


def read_text(node: Node, *, hidden: bool = False) -> str:
    """Return a text; a number or a boolean is none unless it is quoted, as for Kubernetes. A hidden one is not shown.

    Raises:
        DocumentError: Something else, or longer than any text is.
    """
    if not isinstance(node, Word):
        raise node.place.error("expected a text, not a list or fields")
    if len(node.text) > MAX_TEXT:
        raise node.place.error(f"{len(node.text)} characters", f"{MAX_TEXT} at the most")
    if node.plain and (node.is_null or _NOT_TEXT.fullmatch(node.text)):
        shown = "..." if hidden else node.text
        raise node.place.error(f"{shown or 'nothing'} is no text", f'to mean the text, write "{shown}"')
    return node.text


def _is_null(node: Node) -> bool:
    return isinstance(node, Word) and node.is_null
