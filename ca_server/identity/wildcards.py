"""Patterns with `*`, always matched as a whole: for many issuers at once, and in claim rules.

A regular expression could be made to take hours by whoever writes the text. Here each piece of the pattern maps the
places that the pieces before it may have led to onto the places it leads to: pieces times characters, no more.
"""

import re
from collections.abc import Callable
from typing import Final, Self

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import field, value

MAX_PATTERN: Final = 512
"""Characters of a pattern: the URL of an issuer, or a repository and a branch."""

_STARS: Final = re.compile(r"(\*+)")
_HOST_PART: Final = re.compile(r"[-_a-zA-Z0-9]")
"""What `*` stands for in the URL of an issuer: no dot and no slash, so that it never reaches another domain."""
_BETWEEN_SLASHES: Final = re.compile(r"[^/]", re.DOTALL)
_ANYTHING: Final = re.compile(r".", re.DOTALL)

Places = frozenset[int]
Piece = Callable[[str, Places], Places]


@value
class Wildcards:
    """A pattern, in pieces."""

    text: str
    pieces: tuple[Piece, ...] = field(repr=False, compare=False)

    @classmethod
    def parse_url(cls, text: str) -> Self:
        """Parse the URL of many issuers: each `*` is one or more letters, digits, `-` and `_`, as in Fulcio.

        Raises:
            LimitExceeded: More than `MAX_PATTERN` characters.
        """
        _refuse_size(text)
        pieces = [_run_of(_HOST_PART) if part == "*" else _literal(part) for part in re.split(r"(\*)", text)]
        return cls(text, tuple(pieces))

    @classmethod
    def parse_claim(cls, text: str) -> Self:
        """Parse the pattern of a claim rule: `*` is any run of characters but slashes, `**` any run at all.

        Raises:
            MalformedError: Three stars in a row, which mean nothing.
            LimitExceeded: More than `MAX_PATTERN` characters.
        """
        _refuse_size(text)
        if "***" in text:
            raise MalformedError("pattern", "`***` means nothing")
        stars = {"*": _optional(_run_of(_BETWEEN_SLASHES)), "**": _optional(_run_of(_ANYTHING))}
        return cls(text, tuple([stars.get(part) or _literal(part) for part in _STARS.split(text)]))

    def matches(self, text: str) -> bool:
        """Whether the pattern describes all of a text."""
        places: Places = frozenset({0})
        for piece in self.pieces:
            places = piece(text, places)
            if not places:  # nothing comes of the rest, and texts are as long as anyone likes
                return False
        return len(text) in places


def _refuse_size(text: str) -> None:
    if len(text) > MAX_PATTERN:
        raise LimitExceeded("pattern", f"{len(text)} characters, at most {MAX_PATTERN} are accepted")


def _literal(part: str) -> Piece:
    return lambda text, places: frozenset([place + len(part) for place in places if text.startswith(part, place)])


def _run_of(allowed: re.Pattern[str]) -> Piece:
    """Return the piece that is one or more of some characters."""

    def run(text: str, places: Places) -> Places:
        found, running = [], False
        for place, character in enumerate(text):
            running = (running or place in places) and allowed.match(character) is not None
            if running:
                found.append(place + 1)
        return frozenset(found)

    return run


def _optional(piece: Piece) -> Piece:
    return lambda text, places: places | piece(text, places)
