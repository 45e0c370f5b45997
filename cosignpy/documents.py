"""YAML as settings and policies need it: mappings, lists and plain words, each with the line it stands on.

No tags, no second document, no key twice, and no anchors and aliases (a few lines of them expand to gigabytes) unless
the format needs them, and then only so many. What a word means is decided by who asks for it, never by its look: YAML
itself would read `no` as false and `1_0` as ten.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

import yaml

from cosignpy.files import explain
from cosignpy.places import DocumentError, Place
from cosignpy.values import record, value

__all__ = [
    "MAX_DEPTH",
    "MAX_DOCUMENTS",
    "MAX_FILE",
    "MAX_NODES",
    "Anchors",
    "DocumentError",
    "Items",
    "Members",
    "Node",
    "Place",
    "Word",
    "load_document",
    "parse_document",
    "parse_documents",
]

_NO_ANCHOR: Final = "expected alphabetic or numeric character"
"""What PyYAML says of a `*` or `&` that no name is behind."""
MAX_FILE: Final = 256 * 1024
"""Pure Python reads it in under two seconds; files that people write have a few kilobytes."""
MAX_DEPTH: Final = 12
"""Settings nest four or five levels, policies nine; PyYAML recurses at each."""
MAX_DOCUMENTS: Final = 100
"""Documents of a file that may have several."""
MAX_NODES: Final = 20_000
"""Words, lists and mappings of a document with aliases, what they repeat counted each time; Fulcio's has 500."""

_NULL: Final = frozenset({"", "~", "null"})


class Anchors(StrEnum):
    """What becomes of anchors and aliases."""

    REFUSED = "refused"
    EXPANDED = "expanded"


@value
class Word:
    """A scalar; `plain` tells `true` from `"true"`."""

    text: str
    place: Place
    plain: bool

    @property
    def is_null(self) -> bool:
        """Whether nothing is written there, or `null`."""
        return self.plain and self.text in _NULL


@value
class Items:
    """A list."""

    items: "tuple[Node, ...]"
    place: Place


@value
class Members:
    """A mapping; the line of a member is that of its key."""

    members: "dict[str, Node]"
    place: Place


Node = Word | Items | Members


def load_document(path: Path, anchors: Anchors = Anchors.REFUSED) -> Node:
    """Read a file.

    Raises:
        FileError: It cannot be read.
        DocumentError: It is not YAML of the kind described above, or too large.
    """
    with explain(path), path.open("rb") as file:
        raw = file.read(MAX_FILE + 1)
    return parse_document(raw, str(path), anchors)


def parse_document(raw: bytes, file: str, anchors: Anchors = Anchors.REFUSED) -> Node:
    """Parse the text of a file; nothing in it is a mapping without members.

    Raises:
        DocumentError: As `load_document`.
    """
    with _explained(raw, file, anchors) as loader:
        root = loader.get_single_node()
    start = Place(file, 1)
    return Members({}, start) if root is None else _Conversion(anchors).convert(root, start)


def parse_documents(raw: bytes, file: str, depth: int = MAX_DEPTH) -> tuple[Node, ...]:
    """Parse all documents of a file, with a line `---` between them; empty ones are left out.

    `depth` is how deep they may nest.

    Raises:
        DocumentError: One is not as `load_document` wants it, or there are too many.
    """
    roots: list[yaml.Node] = []
    with _explained(raw, file, Anchors.REFUSED, depth) as loader:
        while loader.check_node():
            roots += filter(None, [loader.get_node()])
    if len(roots) > MAX_DOCUMENTS:
        raise Place(file, 1).error(f"{len(roots)} documents", f"{MAX_DOCUMENTS} at the most")
    starts = [(root, Place(file, root.start_mark.line + 1)) for root in roots]
    found = [_Conversion(Anchors.REFUSED, depth).convert(root, place) for root, place in starts]
    return tuple([node for node in found if not (isinstance(node, Word) and node.is_null)])


@contextmanager
def _explained(raw: bytes, file: str, anchors: Anchors, depth: int = MAX_DEPTH) -> Iterator["_StrictLoader"]:
    """Hand out what composes the text, and say where it stands what cannot be composed."""
    if len(raw) > MAX_FILE:
        raise Place(file, 1).error("too large", f"{MAX_FILE} bytes at the most")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Place(file, raw.count(b"\n", 0, error.start) + 1).error("not UTF-8") from error
    try:
        loader = _StrictLoader(text, anchors, depth)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Place(file, line).error("a character that YAML does not allow") from error
    try:
        yield loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Place(file, line).error(error.problem or "not YAML", _advise(error.problem or "")) from error
    except ValueError as error:  # an escape for a character that there is not
        raise Place(file, loader.line + 1).error("not Unicode") from error


def _advise(problem: str) -> str | None:
    if "'\\t'" in problem:
        return "indent with blanks, not with tabs"
    return "write what begins with * or & in quotation marks" if problem.startswith(_NO_ANCHOR) else None


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's composer, without what makes documents larger or cleverer than they look."""

    def __init__(self, text: str, anchors: Anchors, most: int) -> None:
        super().__init__(text)
        self._anchors = anchors
        self._most = most
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one node, if it is only data."""
        event = self.peek_event()  # type: ignore[no-untyped-call] # the stubs leave it so
        if getattr(event, "anchor", None) is not None and self._anchors is Anchors.REFUSED:  # an alias has one too
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not allowed", problem_mark=event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise yaml.MarkedYAMLError(problem="tags are not allowed", problem_mark=event.start_mark)
        if self._depth >= self._most:
            problem = f"nested deeper than {self._most} levels"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(event, yaml.AliasEvent) and isinstance(node, yaml.ScalarNode):
            # errors are to name the line of the alias, not that of its anchor
            start, end = event.start_mark, event.end_mark
            return yaml.ScalarNode(node.tag, node.value, start, end, node.style)  # type: ignore[arg-type] # the stubs'
        return node


@record
class _Conversion:
    """Turns PyYAML's nodes into ours; aliases may have made a graph of them that is endless, or nearly so."""

    anchors: Anchors
    most: int = MAX_DEPTH
    nodes: int = 0
    depth: int = 0

    def convert(self, node: yaml.Node, place: Place) -> Node:
        """Convert a node and all below it."""
        self.nodes += 1
        if self.nodes > MAX_NODES and self.anchors is Anchors.EXPANDED:
            raise place.error("too large once its aliases are expanded", f"{MAX_NODES} words at the most")
        if self.depth >= self.most:
            raise place.error(f"nested deeper than {self.most} levels")
        if isinstance(node, yaml.ScalarNode):
            return Word(_unicode(node.value, place), place, node.style is None)
        self.depth += 1
        found = self._items(node, place) if isinstance(node, yaml.SequenceNode) else self._members(node, place)
        self.depth -= 1
        return found

    def _items(self, node: yaml.SequenceNode, place: Place) -> Items:
        return Items(
            tuple(
                self.convert(item, Place(place.file, item.start_mark.line + 1, f"{place.key}[{number}]"))
                for number, item in enumerate(node.value)
            ),
            place,
        )

    def _members(self, node: yaml.Node, place: Place) -> Members:
        members: dict[str, Node] = {}
        for key, content in node.value:
            here = Place(place.file, key.start_mark.line + 1, place.key)
            if not isinstance(key, yaml.ScalarNode):
                raise here.error("a key must be a word")
            named = Place(here.file, here.line, f"{place.key}.{_unicode(key.value, here)}".lstrip("."))
            if key.value in members:
                raise named.error(f"given twice, first on line {members[key.value].place.line}")
            members[key.value] = self.convert(content, named)
        return Members(members, place)


def _unicode(text: str, place: Place) -> str:
    """Refuse halves of characters, which escapes can spell and files cannot hold."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise place.error("not Unicode") from error
    return text
