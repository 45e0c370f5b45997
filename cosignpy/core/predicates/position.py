"""Where in a JSON text a value stands: the line that an error names, found in the octets as they were written."""

import json
import re
from collections.abc import Sequence
from typing import Final

Path = Sequence[str | int]
"""Members and indexes from the document down to a value."""

_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\n\r]*")


def find_line(raw: bytes, path: Path) -> int:
    """Return the line on which a value of a well-formed JSON text begins.

    What is not on the way to the value is skipped by the decoder of the standard library, at its speed.
    """
    text = raw.decode("utf-8")
    at = _skip(text, 0)
    for step in path:
        at = _member(text, at, step) if isinstance(step, str) else _item(text, at, step)
    return text.count("\n", 0, at) + 1


def name_field(path: Path) -> str:
    """Return a path as people write it: `components[3].licenses[0].license`."""
    named = ""
    for step in path:
        named += f"[{step}]" if isinstance(step, int) else f".{step}" if named else step
    return named


def _skip(text: str, at: int) -> int:
    """Return where the next character that is not white space stands."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr] # it matches everywhere, if only nothing


def _member(text: str, at: int, wanted: str) -> int:
    """Return where a member's value begins, in the object that begins here."""
    while True:
        name, end = _DECODER.raw_decode(text, _skip(text, at + 1))
        begins = _skip(text, _skip(text, end) + 1)
        if name == wanted:
            return begins
        at = _skip(text, _DECODER.raw_decode(text, begins)[1])


def _item(text: str, at: int, index: int) -> int:
    """Return where an item begins, in the array that begins here."""
    for _ in range(index):
        at = _skip(text, _DECODER.raw_decode(text, _skip(text, at + 1))[1])
    return _skip(text, at + 1)
