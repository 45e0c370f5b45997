"""Reads templates of CI providers: see `ca_server.identity.templates` for what they are made of."""

from typing import Final, Literal

from ca_server.identity.template_words import MAX_NESTING, Words, malformed, read_words
from ca_server.identity.templates import Choice, Field, Node, Operand, Template, Text
from cosignpy.errors import LimitExceeded
from cosignpy.values import record, value

MAX_TEMPLATE: Final = 4096
"""Characters of a template; the longest of the public configuration has two hundred."""

_OPEN: Final = "{{"
_CLOSE: Final = "}}"
_SPACE: Final = " \t\r\n"
_KEYWORDS: Final = ("range", "with", "define", "template", "block", "break", "continue", "nil")
"""Words of Go's templates that are not supported, so that the error does not call them functions."""


def parse_template(source: str) -> Template:
    """Parse a template; one without braces is the name of a claim.

    Raises:
        MalformedError: Not a template, or one with more than is supported; it names line and column.
        LimitExceeded: More than `MAX_TEMPLATE` characters.
    """
    if len(source) > MAX_TEMPLATE:
        raise LimitExceeded("template", f"{len(source)} characters, at most {MAX_TEMPLATE} are accepted")
    if _OPEN not in source:
        return Template(source, (Field(source),))
    reader = _Reader(source)
    nodes, stop = reader.nodes(0)
    if stop is not None:
        raise malformed(source, stop.start, f"{{{{{stop.kind}}}}} without {{{{if}}}}")
    return Template(source, nodes)


@value
class _Stop:
    """What ends a branch: `{{else}}`, with the condition of an `{{else if}}`, or `{{end}}`."""

    kind: Literal["else", "end"]
    start: int
    condition: Operand | None = None


@record
class _Reader:
    """A template while it is read."""

    source: str
    place: int = 0
    trims: bool = False
    """Whether the last action ended with `-}}`, which takes white space away behind it."""

    def nodes(self, depth: int) -> tuple[tuple[Node, ...], _Stop | None]:
        """Read text and actions up to what ends the branch, or to the end."""
        found: list[Node] = []
        while True:
            opening = self.source.find(_OPEN, self.place)
            text = self._text(opening)
            if text:
                found.append(Text(text))
            if opening < 0:
                return tuple(found), None
            if self._skip_comment():
                continue
            node = self._action(opening, depth)
            if isinstance(node, _Stop):
                return tuple(found), node
            found.append(node)

    def _text(self, opening: int) -> str:
        """Return the text before an action, and go on behind the braces; without one, return what is left."""
        text = self.source[self.place : opening if opening >= 0 else len(self.source)]
        if self.trims:
            text = text.lstrip(_SPACE)
        if opening < 0:
            return text
        self.place = opening + len(_OPEN)
        if self.source.startswith("-", self.place) and self.source[self.place + 1 : self.place + 2] in set(_SPACE):
            self.place += 1
            text = text.rstrip(_SPACE)
        return text

    def _skip_comment(self) -> bool:
        start = self.place + (self.source[self.place - 1] == "-")
        if not self.source.startswith("/*", start):
            return False
        end = self.source.find("*/", start)
        for closing in (_CLOSE, *[f"{space}-{_CLOSE}" for space in _SPACE]):
            if end >= 0 and self.source.startswith(closing, end + 2):
                self.place = end + 2 + len(closing)
                self.trims = closing != _CLOSE
                return True
        raise malformed(self.source, start, "a comment ends with */}}")

    def _action(self, opening: int, depth: int) -> Node | _Stop:
        words = Words(self.source, read_words(self.source, self.place))
        self.place = words.words[-1].start + len(words.words[-1].text)
        self.trims = words.words[-1].text != _CLOSE
        keyword = words.peek("name")
        if keyword == "if":
            return self._choice(words, opening, depth)
        if keyword in {"else", "end"}:
            return _read_stop(words, opening)
        if keyword in _KEYWORDS:
            raise malformed(self.source, opening, f"{keyword} is not supported, only if, else and end are")
        return _only_command(words)

    def _choice(self, words: Words, opening: int, depth: int) -> Choice:
        """Read the branches of an `{{if}}` up to its `{{end}}`."""
        if depth >= MAX_NESTING:
            raise malformed(self.source, opening, f"nested deeper than {MAX_NESTING} levels")
        words.skip("name")
        condition: Operand | None = _only_command(words)
        branches: list[tuple[Operand, tuple[Node, ...]]] = []
        while True:
            nodes, stop = self.nodes(depth + 1)
            if stop is None or (condition is None and stop.kind == "else"):
                raise malformed(
                    self.source, opening, "this {{if}} needs an {{end}}, and one {{else}} before it at most"
                )
            if condition is None:
                return Choice(tuple(branches), nodes)
            branches.append((condition, nodes))
            if stop.kind == "end":
                return Choice(tuple(branches))
            condition = stop.condition


def _read_stop(words: Words, opening: int) -> _Stop:
    if words.skip("name") == "end":
        words.end()
        return _Stop("end", opening)
    if words.peek("name") == "if":
        words.skip("name")
        return _Stop("else", opening, _only_command(words))
    words.end()
    return _Stop("else", opening)


def _only_command(words: Words) -> Operand:
    found = words.command()
    words.end()
    return found
