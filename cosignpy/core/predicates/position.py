"""Where in a JSON text a value stands: the line that an error names, found in the octets as they were written."""

import json
import re
from collections.abc import Sequence
from typing import Final

Path = Sequence[str | int]
"""Members and indexes from the document down to a value."""

DECODER: Final = json.JSONDecoder()
"""Skips values of a text that was found well-formed, or is about to be told why not."""
_SPACE: Final = re.compile(r"[ \t\n\r]*")


def find_line(raw: bytes, path: Path) -> int:
    """Return the line on which a value of a well-formed JSON text begins.

    What is not on the way to the value is skipped by the decoder of the standard library, at its speed.
    """
    text = raw.decode("utf-8")
    return text.count("\n", 0, _find(text, path)) + 1


def cut_value(raw: bytes, path: Path) -> bytes:
    """Return a value of a well-formed JSON text as it is written there."""
    text = raw.decode("utf-8")
    at = _find(text, path)
    return text[at : DECODER.raw_decode(text, at)[1]].encode("utf-8")


def name_field(path: Path) -> str:
    """Return a path as people write it: `components[3].licenses[0].license`."""
    named = ""
    for step in path:
        named += f"[{step}]" if isinstance(step, int) else f".{step}" if named else step
    return named


def _find(text: str, path: Path) -> int:
    at = skip_space(text, 0)
    for step in path:
        at = _member(text, at, step) if isinstance(step, str) else _item(text, at, step)
    return at


def skip_space(text: str, at: int) -> int:
    """Return where the next character that is not white space stands."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr] # it matches everywhere, if only nothing


def _member(text: str, at: int, wanted: str) -> int:
    """Return where a member's value begins, in the object that begins here."""
    while True:
        name, end = DECODER.raw_decode(text, skip_space(text, at + 1))
        begins = skip_space(text, skip_space(text, end) + 1)
        if name == wanted:
            return begins
        at = skip_space(text, DECODER.raw_decode(text, begins)[1])


def _item(text: str, at: int, index: int) -> int:
    """Return where an item begins, in the array that begins here."""
    for _ in range(index):
        at = skip_space(text, DECODER.raw_decode(text, skip_space(text, at + 1))[1])
    return skip_space(text, at + 1)
