"""The words of Rego: enough of them to tell heads of rules from bodies, comments and texts.

What is none of them is refused: nothing is guessed about a policy.
"""

import json
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cosignpy.places import Place
from cosignpy.values import replace, value


class Kind(StrEnum):
    """What a token is."""

    SPACE = "space"
    NEWLINE = "newline"
    COMMENT = "comment"
    STRING = "string"
    RAW = "raw"
    NUMBER = "number"
    NAME = "name"
    SIGN = "sign"


@value
class Token:
    """A piece of the text, and the line that it begins on."""

    kind: Kind
    text: str
    line: int

    @property
    def is_silent(self) -> bool:
        """Whether it is nothing but room, or a remark."""
        return self.kind in {Kind.SPACE, Kind.NEWLINE, Kind.COMMENT}


_TOKEN: Final = re.compile(
    r"(?P<space>[ \t\r]+)|(?P<newline>\n)|(?P<comment>#[^\n]*)"
    r'|(?P<string>"(?:[^"\\\n]|\\[^\n])*")|(?P<raw>`[^`]*`)'
    r"|(?P<number>(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z_]))|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>:=|==|!=|<=|>=|[-+*/%&|<>=:,;.(){}\[\]])"
)


def tokenize(text: str, place: Place, stand_ins: Mapping[int, int] = MappingProxyType({})) -> tuple[Token, ...]:
    """Split a module into tokens; together they are the text, but for how strings are spelled.

    Of `stand_ins` each stands in strings for a character.

    Raises:
        DocumentError: There is something that is no token.
    """
    return tuple(_tokenize(text, place, stand_ins))


def _tokenize(text: str, place: Place, stand_ins: Mapping[int, int]) -> Iterator[Token]:
    position, line = 0, place.line
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            shown = text[position : position + 10].split("\n", 1)[0]
            raise Place(place.file, line).error(f"not understood at {shown!r}", "Rego of version 0 or 1")
        token = Token(Kind(found.lastgroup), found.group(), line)
        yield _respell(token, place, stand_ins)
        line += token.text.count("\n")
        position = found.end()


def _respell(token: Token, place: Place, stand_ins: Mapping[int, int]) -> Token:
    """Spell a string as documents are spelled for the interpreter, which compares the spelling."""
    if token.kind is not Kind.STRING and not (token.kind is Kind.RAW and stand_ins):
        return token
    try:
        meant = json.loads(token.text) if token.kind is Kind.STRING else token.text[1:-1]
        spelled = json.dumps(meant.translate(stand_ins), ensure_ascii=False)
        spelled.encode()
    except ValueError as error:
        raise Place(place.file, token.line).error(f"{token.text} is no text", "escapes are those of JSON") from error
    return replace(token, text=spelled)
