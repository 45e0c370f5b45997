"""Texts of expressions as tokens."""

import ast
import re
from typing import Final

from cosignpy.values import value


class SyntaxProblem(Exception):
    """A text is no expression, or uses what is not known here."""


@value
class Token:
    """A piece of a text: `kind` is int, uint, double, string, name, operator or end."""

    kind: str
    text: str
    content: object
    place: int


_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<double>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
  | (?P<uint>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])
  | (?P<int>0x[0-9a-fA-F]+|[0-9]+)
  | (?P<string>[rR]?(?:'''(?:.|\n)*?'''|\"\"\"(?:.|\n)*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<operator>\.\?|\[\?|\|\||&&|[<>=!]=|[-+*/%!<>?:.,()\[\]{}])
    """,
    re.VERBOSE,
)


def split(text: str) -> list[Token]:
    """Return the tokens of a text, an end after them.

    Raises:
        SyntaxProblem: It has something that is none.
    """
    found, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise SyntaxProblem(f"token recognition error at: {text[place : place + 20]!r}")
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(Token(kind, match.group(), _content(kind, match.group()), place))
        place = match.end()
    return [*found, Token("end", "<EOF>", None, place)]


def _content(kind: str, text: str) -> object:
    if kind in {"int", "uint"}:
        return int(text.rstrip("uU"), 0 if text.startswith("0x") else 10)
    if kind == "double":
        return float(text)
    if kind == "string":
        return ast.literal_eval(text)
    return None
