"""Fulcio's configuration file as mappings and words, each with the line it stands on.

The real server reads JSON with names such as `IssuerURL`, in any case, and otherwise YAML with names such as
`issuer-url`. Here both spellings are understood in both. Its public file uses YAML's anchors, so they are too.
"""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Final, Self

from cosignpy.core.encoding import parse_json
from cosignpy.documents import Anchors, DocumentError, Items, Members, Node, Place, Word, parse_document
from cosignpy.errors import MalformedError
from cosignpy.values import value

_MERGE: Final = "<<"
"""YAML's merge key: the members of another mapping, or of several, which own members override."""

_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})
_SPELLED_TRUE: Final = frozenset({"y", "Y", "yes", "on"})
_SPELLED_FALSE: Final = frozenset({"n", "N", "no", "off"})
"""What Go's YAML takes for a boolean where one is expected; these also in quotes."""


def parse_issuer_document(raw: bytes, file: str) -> Node:
    """Parse a configuration file, JSON or YAML.

    Raises:
        DocumentError: It is neither, has a key twice, or is too large or too deep.
    """
    return parse_document(_without_tabs(raw), file, Anchors.EXPANDED)


def _without_tabs(raw: bytes) -> bytes:
    """Make JSON readable as YAML, which gives all of it a line: tabs are all that it may have and YAML may not.

    In valid JSON a tab is never inside a text, so that nothing but the look of it changes.
    """
    if not raw.lstrip().startswith(b"{"):
        return raw
    try:
        parse_json(raw, what="configuration")
    except MalformedError:
        return raw
    return raw.replace(b"\t", b" ")


@value
class Entry:
    """A mapping whose members are known, by their names in YAML."""

    place: Place
    members: Mapping[str, Node]

    @classmethod
    def read(cls, node: Node, known: Collection[str]) -> Self:
        """Read a mapping with members of these names, in either spelling.

        Raises:
            DocumentError: It is not a mapping, or has another member, or one in both spellings.
        """
        made = cls(node.place, _by_name(node, known))
        for name, content in made.members.items():
            if name not in known:
                raise _unknown(name, content, known)
        return made

    @classmethod
    def read_outermost(cls, node: Node, known: Collection[str]) -> Self:
        """Read a mapping that may have other members as well, as long as they do not look like misspelled ones.

        The real server ignores them, and its public file keeps the anchors there that it uses below.

        Raises:
            DocumentError: It is not a mapping, has a member in both spellings, or a misspelled one.
        """
        members = _by_name(node, known)
        for name in members.keys() - set(known):
            if get_close_matches(name, known, n=1):
                raise _unknown(name, members[name], known)
        return cls(node.place, members)

    def child(self, name: str, known: Collection[str]) -> Self:
        """Return a member that is itself such a mapping; one without members where it is absent.

        Raises:
            DocumentError: As `read`.
        """
        return type(self).read(self.members[name], known) if name in self.members else type(self)(self.place, {})

    def error(self, name: str, why: str, allowed: str | None = None) -> DocumentError:
        """Build the error that names one member, whether it is there or not."""
        if name in self.members:
            return self.members[name].place.error(why, allowed)
        return Place(self.place.file, self.place.line, f"{self.place.key}.{name}").error(why, allowed)

    def text(self, name: str) -> str:
        """Return a text; empty where it is absent or null.

        Raises:
            DocumentError: A list or a mapping.
        """
        return read_text(self.members[name]) if name in self.members else ""

    def flag(self, name: str) -> bool:
        """Return a boolean; false where it is absent or null.

        Raises:
            DocumentError: Neither true nor false.
        """
        if name not in self.members or is_null(self.members[name]):
            return False
        word = self.members[name]
        text = read_text(word)
        plain = isinstance(word, Word) and word.plain
        if text in _SPELLED_TRUE or (plain and text in _TRUE):
            return True
        if text in _SPELLED_FALSE or (plain and text in _FALSE):
            return False
        raise word.place.error(f"{text!r} is neither true nor false", "allowed: true, false")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return one text, or a list of them; none where it is absent.

        Raises:
            DocumentError: A mapping, or something else than texts in the list.
        """
        node = self.members.get(name)
        if node is None:
            return ()
        return tuple([read_text(item) for item in (node.items if isinstance(node, Items) else (node,))])

    def mapping(self, name: str) -> Mapping[str, Node]:
        """Return the members of a mapping with names of any kind; none where it is absent or null.

        Raises:
            DocumentError: Not a mapping.
        """
        return dict(free_members(self.members[name])) if name in self.members else {}


def _by_name(node: Node, known: Collection[str]) -> dict[str, Node]:
    spelled = {name.replace("-", ""): name for name in known}
    found: dict[str, Node] = {}
    for spelling, content in free_members(node):
        name = spelling if spelling in known else spelled.get(spelling.lower(), spelling)
        if name in found:
            raise content.place.error("given twice, in both of its spellings")
        found[name] = content
    return found


def _unknown(name: str, node: Node, known: Collection[str]) -> DocumentError:
    meant = get_close_matches(name, known, n=1)
    return node.place.error("no such setting", f"did you mean {meant[0]}?" if meant else f"allowed: {', '.join(known)}")


def is_null(node: Node) -> bool:
    """Whether nothing is written there, or null."""
    return isinstance(node, Word) and node.is_null


def read_text(node: Node) -> str:
    """Return a word as text, whatever YAML takes it for; empty for null.

    Raises:
        DocumentError: A list or a mapping.
    """
    if not isinstance(node, Word):
        raise node.place.error("expected one word, not a list or further settings")
    return "" if node.is_null else node.text


def free_members(node: Node) -> Iterator[tuple[str, Node]]:
    """Return the members of a mapping, and those that are merged into it and that it does not have itself.

    Raises:
        DocumentError: Not a mapping, or a merge of something else.
    """
    if is_null(node):
        return iter(())
    if not isinstance(node, Members):
        raise node.place.error("expected settings", "one line each, `name: content`, further right than the heading")
    found = dict(node.members)
    merged = found.pop(_MERGE, None)
    sources = merged.items if isinstance(merged, Items) else (merged,) if merged is not None else ()
    for source in sources:
        for name, content in free_members(source):
            found.setdefault(name, content)
    return iter(found.items())
