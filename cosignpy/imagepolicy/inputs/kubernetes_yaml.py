"""YAML as kubectl reads it: many documents, anchors, aliases and merged mappings, each text with where it stands.

libyaml reads the text where PyYAML has it, as kubectl's reader descends from it. What kubectl could read differently is
refused: a document that begins on the line of its `---`, a key twice, a key that is merged over another one, tags.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import yaml

from cosignpy.core.encoding import JsonValue
from cosignpy.documents import DocumentError, Place
from cosignpy.imagepolicy.pod_images import Path
from cosignpy.values import field, record, value

MAX_MANIFEST: Final = 8 << 20
"""Bytes of one file; what large charts render to has four million."""
MAX_DOCUMENTS: Final = 2000
"""Documents of one file."""
MAX_DEPTH: Final = 100
"""Levels of a document; schemas of resources have 40."""
MAX_NODES: Final = 500_000
"""Words, lists and mappings of one file, what aliases repeat counted each time."""

_PARSER: Final[Any] = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_SEPARATOR: Final = re.compile(r"^---(?![ \t]*(#.*)?\r?$)", re.MULTILINE)
_OTHER_BREAK: Final = re.compile(r"[\x85\u2028\u2029\ufeff]|\r(?!\n)")
"""What ends a line for some readers."""
_TEMPLATE: Final = "{{"
_TAGS: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))
"""Tags that change nothing of what a text is."""
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})


@value
class Text:
    """A scalar, and where it stands: its line, and its first character and the one behind its last."""

    text: str
    line: int
    span: tuple[int, int]
    plain: bool

    @property
    def is_null(self) -> bool:
        """Whether nothing is written there."""
        return self.plain and self.text in _NULL


Tree: TypeAlias = "dict[str, Tree] | list[Tree] | Text"
"""A document, or a part of one."""


@value
class Document:
    """One document of a file, and the line that it begins on."""

    tree: Tree
    place: Place

    def at(self, path: Path) -> Tree:
        """Return a part of it."""
        found: Any = self.tree
        for step in path:
            found = found[step]
        return found  # type: ignore[no-any-return] # who has a path knows that it leads somewhere

    def data(self) -> JsonValue:
        """Return it as JSON has it, every scalar that is not null as a text."""
        return _to_data(self.tree)


def write_path(path: Path) -> str:
    """Write a path for a person: `spec.containers[0].image`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def read_documents(text: str, file: str) -> tuple[Document, ...]:
    """Read all documents of a file that are not empty.

    Raises:
        DocumentError: Something that kubectl could read differently, or not at all.
    """
    other = _OTHER_BREAK.search(text)
    if other is not None:
        place = Place(file, text.count("\n", 0, other.start()) + 1)
        raise place.error("a character that ends lines for some readers", "end lines with a newline, and write \\u2028")
    dropped = _SEPARATOR.search(text)
    if dropped is not None:
        place = Place(file, text.count("\n", 0, dropped.start()) + 1)
        raise place.error("kubectl drops what stands behind ---", "begin the document on the next line")
    try:
        return tuple(_Composer(file, _PARSER(text)).documents())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _explain(text, Place(file, line), error.problem or "not YAML") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Place(file, line).error("a character that YAML does not allow") from error
    except ValueError as error:  # an escape for a character that there is not
        raise Place(file, 1).error("not Unicode") from error


def _explain(text: str, place: Place, problem: str) -> DocumentError:
    """Say what is wrong with a text that is not YAML, and what most often is."""
    if _TEMPLATE in text:
        line = text.count("\n", 0, text.index(_TEMPLATE)) + 1
        return unrendered(Place(place.file, line))
    row = text.split("\n")[place.line - 1 : place.line]
    tabs = bool(row) and "\t" in row[0][: len(row[0]) - len(row[0].lstrip())]
    return place.error(problem, "indent with blanks, not with tabs" if tabs else None)


def unrendered(place: Place) -> DocumentError:
    """Build the error about a template where a manifest should be."""
    return place.error("a template that is not rendered", "helm template CHART | cosignpy manifest verify -")


@record
class _Composer:
    """Puts documents together from what a parser of YAML finds."""

    file: str
    parser: Any
    nodes: int = 0
    depth: int = 0
    anchors: dict[str, tuple[Tree, int] | None] = field(default_factory=dict)

    def documents(self) -> Iterator[Document]:
        count = 0
        while self.parser.check_event():
            event = self.parser.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                count += 1
                self.anchors = {}
                place = self._place(self.parser.peek_event())
                if count > MAX_DOCUMENTS:
                    raise place.error("too many documents", f"{MAX_DOCUMENTS} at the most")
                tree = self._node()
                if not (isinstance(tree, Text) and tree.is_null):
                    yield Document(tree, place)

    def _node(self) -> Tree:
        event: Any = self.parser.get_event()
        if isinstance(event, yaml.AliasEvent):
            return self._repeat(event)
        if event.tag is not None and event.tag not in _TAGS:
            raise self._place(event).error(f"a tag, {event.tag[:100]}")
        before = self.nodes
        self._count(1, event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            start: Any = event.start_mark
            end: Any = event.end_mark
            if not event.value.isascii():
                event.value.encode()  # halves of characters, which escapes can spell, are none
            tree: Tree = Text(event.value, start.line + 1, (start.index, end.index), event.style in {None, ""})
        else:
            tree = self._below(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = tree, self.nodes - before
        return tree

    def _place(self, event: Any) -> Place:  # noqa: ANN401 - the stubs know no marks
        return Place(self.file, event.start_mark.line + 1)

    def _count(self, nodes: int, event: object) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise self._place(event).error("too large once its aliases are expanded", f"{MAX_NODES} words at the most")

    def _repeat(self, event: Any) -> Tree:  # noqa: ANN401 - ditto
        if event.anchor not in self.anchors:
            raise self._place(event).error(f"no anchor &{event.anchor[:100]} before it")
        found = self.anchors[event.anchor]
        if found is None:
            raise self._place(event).error(f"&{event.anchor[:100]} contains itself")
        self._count(found[1], event)
        return found[0]

    def _below(self, event: object) -> Tree:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._place(event).error(f"nested deeper than {MAX_DEPTH} levels")
        tree: Tree = self._items() if isinstance(event, yaml.SequenceStartEvent) else self._members()
        self.depth -= 1
        return tree

    def _items(self) -> list[Tree]:
        found = []
        while not self.parser.check_event(yaml.SequenceEndEvent):
            found.append(self._node())
        self.parser.get_event()
        return found

    def _members(self) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        lines: dict[str, int] = {}
        merged: dict[str, Tree] = {}
        while not self.parser.check_event(yaml.MappingEndEvent):
            first = self.parser.peek_event()
            key = self._node()
            if not isinstance(key, Text):
                raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=first.start_mark)
            if key.text in lines:
                why = f"{key.text[:100]} is given twice, first on line {lines[key.text]}"
                raise self._place(first).error(why)
            lines[key.text] = first.start_mark.line + 1
            content = self._node()
            if key.plain and key.text == "<<":
                merged = _merge(content, found, self._place(first))
            else:
                found[key.text] = content
        self.parser.get_event()
        return merged | found


def _merge(content: Tree, before: dict[str, Tree], place: Place) -> dict[str, Tree]:
    """Return what `<<` brings; of several mappings the first that has a key counts."""
    found: dict[str, Tree] = {}
    for each in content if isinstance(content, list) else [content]:
        if not isinstance(each, dict):
            raise place.error("<< takes mappings")
        found = each | found
    for name in found.keys() & before.keys():
        raise place.error(f"<< has {name[:100]} as well, which stands before it", "put << first")
    return found


def _to_data(tree: Tree) -> JsonValue:
    if isinstance(tree, dict):
        return {name: _to_data(each) for name, each in tree.items()}
    if isinstance(tree, list):
        return [_to_data(each) for each in tree]
    return None if tree.is_null else tree.text
