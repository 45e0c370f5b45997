"""Variables in a Dockerfile: `$X`, `${X}`, `${X:-word}`, `${X:+word}`, `${X:?word}`, quotes and escapes.

A variable without a value is refused where a builder would read nothing: what it is given when the image is built is
not known here, and would be another image. So are the forms that cut and replace.
"""

import re
from typing import Final

from cosignpy.imagepolicy.inputs.heredocs import SPACES
from cosignpy.values import field, record

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_OPERATOR: Final = re.compile(r":?[-+?]")
MAX_EXPANDED: Final = 4096
"""Characters of what comes out; names of images have some hundred, and arguments that repeat others grow quickly."""
MAX_DEPTH: Final = 20
"""Substitutions within one another."""


class CannotExpand(Exception):
    """What comes out cannot be told, and why."""


@record
class Variables:
    """What variables are known to be, why others have no value, and why what others have is not known."""

    known: dict[str, str] = field(default_factory=dict)
    unset: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, content: str) -> None:
        """Give a variable its value."""
        self.known[name] = content
        self.broken.pop(name, None)

    def spoil(self, name: str, why: str) -> None:
        """Note why it is not known what a variable has."""
        self.known.pop(name, None)
        self.broken[name] = why

    def why_unknown(self, name: str) -> str:
        """Return why there is no value."""
        return self.broken.get(name) or self.unset.get(name) or f"{name} has no value"


def expand(word: str, variables: Variables, escape: str) -> str:
    """Return what a word means.

    Raises:
        CannotExpand: A variable in it is not known, or it is not well-formed.
    """
    run = _Expansion(word, variables, escape)
    found = run.read("")
    if run.missing:
        raise CannotExpand(run.missing[0])
    return found


def split_words(text: str, escape: str) -> tuple[str, ...]:
    """Split at white space outside quotes; quotes and escapes stay.

    Raises:
        CannotExpand: A quote is not closed.
    """
    words, word, position, quote = list[str](), "", 0, ""
    while position < len(text):
        char = text[position]
        end = position + (2 if char == escape and quote != "'" else 1)
        if char in SPACES and not quote:
            words += filter(None, [word])
            word, position = "", end
            continue
        if char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        word += text[position:end]
        position = end
    if quote:
        raise CannotExpand("a quote is not closed")
    return (*words, word) if word else tuple(words)


@record
class _Expansion:
    """One word, read from left to right; `missing` says which values it would take that are not known."""

    text: str
    variables: Variables
    escape: str
    position: int = 0
    depth: int = 0
    missing: list[str] = field(default_factory=list)

    def read(self, stop: str) -> str:
        """Read up to a character, or to the end."""
        found = ""
        while self.position < len(self.text):
            char = self._next()
            if char == stop:
                return found
            if char == self.escape:
                found += self._next()
            elif char in "'\"":
                found += self._quoted(char)
            else:
                found += self._variable() if char == "$" else char
            if len(found) > MAX_EXPANDED:
                raise CannotExpand(f"more than {MAX_EXPANDED} characters")
        if stop:
            raise CannotExpand(f"no {stop} closes the substitution")
        return found

    def _next(self) -> str:
        char = self.text[self.position : self.position + 1]
        self.position += 1
        return char

    def _quoted(self, quote: str) -> str:
        found = ""
        while self.position < len(self.text):
            char = self._next()
            if char == quote:
                return found
            if quote == '"' and char == "$":
                found += self._variable()
                continue
            if (
                quote == '"'
                and char == self.escape
                and self.text[self.position : self.position + 1] in {'"', "$", char}
            ):
                char = self._next()
            found += char
        raise CannotExpand("a quote is not closed")

    def _variable(self) -> str:
        braces = self.text.startswith("{", self.position)
        self.position += braces
        match = _NAME.match(self.text, self.position)
        if match is None:
            raise CannotExpand("a $ that no name of a variable follows")
        self.position = match.end()
        name = match[0]
        if not braces:
            return self._value(name)
        if self.text.startswith("}", self.position):
            self.position += 1
            return self._value(name)
        operator = _OPERATOR.match(self.text, self.position)
        if operator is None:
            raise CannotExpand(f"${{{name}...}} that is neither :- nor :+ nor :?")
        self.position = operator.end()
        return self._choose(name, operator[0])

    def _choose(self, name: str, operator: str) -> str:
        """Read the word of `${name:-word}` and the like, and return it or the value."""
        before = len(self.missing)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise CannotExpand(f"substitutions nested deeper than {MAX_DEPTH}")
        word = self.read("}")
        self.depth -= 1
        found = self.variables.known.get(name)
        absent = not found if operator.startswith(":") else found is None
        takes_word = absent if operator.endswith("-") else not absent and operator.endswith("+")
        if not takes_word:
            del self.missing[before:]
        if name in self.variables.broken or (absent and operator.endswith("?")):
            self.missing.append(self.variables.why_unknown(name))
        if takes_word:
            return word
        return "" if operator.endswith("+") else found or ""

    def _value(self, name: str) -> str:
        found = self.variables.known.get(name)
        if found is None:
            self.missing.append(self.variables.why_unknown(name))
        return found or ""
