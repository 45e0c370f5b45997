"""Whether a pattern can be found in whole texts only: for warnings, so what is not plain counts as no."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_PIECE: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|.", re.DOTALL)
"""What a pattern is made of: an escape, a class of characters, or a single character."""
_FLAGS: Final = re.compile(r"\A\(\?[isU]+\)")
"""Flags in front of a pattern that leave `^` and `$` what they are."""
_QUOTE: Final = r"\Q"
"""What takes the meaning from all that follows."""
_MANY_LINES: Final = re.compile(r"\(\?[A-Za-z-]*m")
"""The flag by which `^` and `$` stand for each line."""


def is_anchored(pattern: str) -> bool:
    """Tell whether a pattern of RE2 begins with `^` and ends with `$` in each of its alternatives."""
    pieces = _PIECE.findall(_FLAGS.sub("", pattern))
    if _QUOTE in pieces or _MANY_LINES.search(pattern):
        return False
    return all(_is_tied(one) for one in _alternatives(pieces))


def _is_tied(pieces: Sequence[str]) -> bool:
    """Tell whether an alternative has both anchors; one that may be there or not (`^*`) is none."""
    tied = pieces[:1] in (["^"], ["\\A"]) and pieces[-1:] in (["$"], ["\\z"])
    return tied and pieces[1:2] not in (["*"], ["?"], ["{"])


def _alternatives(pieces: Iterable[str]) -> list[list[str]]:
    """Split a pattern at the bars that are in no group."""
    found: list[list[str]] = [[]]
    depth = 0
    for piece in pieces:
        depth += (piece == "(") - (piece == ")")
        if piece == "|" and not depth:
            found.append([])
        else:
            found[-1].append(piece)
    return found
