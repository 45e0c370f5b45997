"""Flags of an instruction in a Dockerfile, `--name=value`: where images are named besides FROM."""

from typing import Final

from cosignpy.imagepolicy.inputs.instruction_line import Line
from cosignpy.values import value

_BLANKS: Final = "\t\n\v\f\r "


@value
class Flag:
    """A flag without its quotes, and where it stands in its line."""

    name: str
    content: str | None
    start: int
    end: int


def split_flags(line: Line, start: int) -> tuple[tuple[Flag, ...], int]:
    """Return the flags that begin somewhere, and where what follows them begins.

    Raises:
        DocumentError: One that builders do not read as it looks.
    """
    text, found, position = line.text, list[Flag](), start
    while True:
        while position < len(text) and text[position] in _BLANKS:
            position += 1
        if not text.startswith("--", position):
            return tuple(found), position
        written, end = _read(line, position)
        if written == "--":
            return tuple(found), end
        name, equals, content = written.removeprefix("--").partition("=")
        found.append(Flag(name, content if equals else None, position, end))
        position = end


def _read(line: Line, start: int) -> tuple[str, int]:
    """Read one word with its quotes and escapes; the escape is always the backslash here."""
    text, word, position, quote = line.text, "", start, ""
    while position < len(text) and (quote or text[position] not in _BLANKS):
        char = text[position]
        position += 1
        if not char.isascii():
            raise line.place(position - 1).error("a flag with characters outside ASCII")
        if char == "\\":
            word += text[position : position + 1]
            position += 1
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        else:
            word += char
    if quote:
        raise line.place(start).error("a flag with a quote that is not closed")
    return word, min(position, len(text))
