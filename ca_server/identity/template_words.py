"""The words of an action of Go's text/template, and what they say: names, texts, and calls of a few functions."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from ca_server.identity.templates import Call, Field, Index, Operand, Text
from cosignpy.errors import MalformedError
from cosignpy.values import record

MAX_NESTING: Final = 16
"""Parentheses and `{{if}}` within each other: each is a level of recursion when it is read, and when it is used."""


_WORD: Final = re.compile(
    r"""
      (?P<action_end> [ \t\r\n]-\}\} | \}\} )
    | (?P<space> [ \t\r\n]+ )
    | (?P<field> \.[^\W\d]\w* )
    | (?P<dot> \. )
    | (?P<name> [^\W\d]\w* )
    | (?P<text> "(?:[^"\\\n]|\\["\\nrt])*" | `[^`\r]*` )
    | (?P<open> \( )
    | (?P<close> \) )
    """,
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t"}

_ARGUMENTS: Final[Mapping[str, range]] = {
    "eq": range(2, 17),
    "ne": range(2, 3),
    "and": range(1, 17),
    "or": range(1, 17),
    "not": range(1, 2),
}
"""How many arguments the functions take. Go takes any number, and has more functions."""
_KNOWN: Final = f"known are index, {', '.join(_ARGUMENTS)}"


class Word(NamedTuple):
    """One word of an action: its kind (a name in the expression above), its text, where it begins."""

    kind: str
    text: str
    start: int


def malformed(source: str, place: int, why: str) -> MalformedError:
    """Build the error that names a place in a template by line and column."""
    line = source.count("\n", 0, place) + 1
    column = place - (source.rfind("\n", 0, place) + 1) + 1
    return MalformedError("template", f"line {line}, column {column}: {why}")


def read_words(source: str, start: int) -> list[Word]:
    """Read an action up to its end, which is the last word.

    Raises:
        MalformedError: Something that has no meaning there, or no end.
    """
    words: list[Word] = []
    place = start
    while not words or words[-1].kind != "action_end":
        match = _WORD.match(source, place)
        if match is None:
            raise malformed(source, place, "what stands here is not supported" if source[place:] else "no }}")
        words.append(Word(str(match.lastgroup), match.group(), place))
        place = match.end()
    return words


@record
class Words:
    """The words of one action while they are parsed."""

    source: str
    words: list[Word]
    place: int = 0

    def peek(self, kind: str) -> str | None:
        """Return the next word if it is of a kind; spaces before it do not count."""
        found = self.words[self._ahead()]
        return found.text if found.kind == kind else None

    def skip(self, kind: str) -> str | None:
        """Return the next word if it is of a kind, and go on behind it."""
        found = self.peek(kind)
        if found is not None:
            self.place = self._ahead() + 1
        return found

    def _ahead(self) -> int:
        return self.place + (self.words[self.place].kind == "space")

    def malformed(self, why: str) -> MalformedError:
        """Build the error that names the next word."""
        return malformed(self.source, self.words[self._ahead()].start, why)

    def end(self) -> None:
        """Make sure that the action ends here.

        Raises:
            MalformedError: It does not.
        """
        if self.skip("action_end") is None:
            raise self.malformed("the action should end here")

    def command(self, depth: int = 0) -> Operand:
        """Parse a call or an operand.

        Raises:
            MalformedError: It is neither.
        """
        function = self.peek("name")
        if function is None:
            return self._operand(depth)
        if function != "index" and function not in _ARGUMENTS:
            raise self.malformed(f"no such function: {function}; {_KNOWN}")
        self.skip("name")
        if function == "index":
            return self._index()
        arguments = []
        while self.words[self.place].kind == "space" and self.words[self.place + 1].kind not in {"action_end", "close"}:
            arguments.append(self._operand(depth))
        if len(arguments) not in _ARGUMENTS[function]:
            raise self.malformed(f"{function} does not take {len(arguments)} arguments")
        if function in {"eq", "ne"} and not all(map(_is_text, arguments)):
            raise self.malformed(f"{function} compares texts, and one of these is true or false")
        return Call(function, tuple(arguments))

    def _operand(self, depth: int) -> Operand:
        """Parse a name, a text, or a command in parentheses."""
        found: Operand
        if (name := self.skip("field")) is not None:
            found = Field(name.removeprefix("."))
        elif (text := self.skip("text")) is not None:
            found = Text(_unquote(text))
        elif self.peek("open") is not None and depth >= MAX_NESTING:
            raise self.malformed(f"nested deeper than {MAX_NESTING} levels")
        elif self.skip("open") is not None:
            found = self.command(depth + 1)
            if self.skip("close") is None:
                raise self.malformed("a parenthesis should close here")
        else:
            raise self.malformed("expected .name, a text, or a function")
        if self.words[self.place].kind not in {"space", "close", "action_end"}:
            raise self.malformed("expected a space or the end")
        return found

    def _index(self) -> Index:
        name = self.skip("text") if self.skip("dot") is not None else None
        if name is None:
            raise self.malformed('only index . "name" is supported')
        return Index(_unquote(name))


def _is_text(operand: Operand) -> bool:
    """Whether an operand is never true or false."""
    if isinstance(operand, Call):
        return operand.function in {"and", "or"} and all(map(_is_text, operand.arguments))
    return True


def _unquote(word: str) -> str:
    if word.startswith("`"):
        return word[1:-1]
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), word[1:-1])
