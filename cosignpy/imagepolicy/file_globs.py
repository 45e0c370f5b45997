"""Globs over the names of files: `*` is any characters, none at all too, and everything else stands for itself.

A glob is about the name of a file, from its first character to its last, and not about the folder that it lies in:
the same file lies in another one elsewhere, and would be about no policy there.
"""

import re
from typing import Final, Self

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.imagepolicy.globs import Glob
from cosignpy.values import value

MAX_FILE_GLOB: Final = 255
"""Bytes of the longest names that file systems have."""

_WILD: Final = "?[]{}"
"""What means something in other globs, and may not look as if it did here."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f/\\?\[\]{}]|\*\*")


@value
class FileGlob:
    """A glob over names of files."""

    text: str
    glob: Glob

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a glob.

        Raises:
            MalformedError: It has what no name has, or what means something in other globs only.
            LimitExceeded: It is longer than names are.
        """
        if len(text) > MAX_FILE_GLOB:
            raise LimitExceeded("glob", f"{len(text)} characters, at most {MAX_FILE_GLOB} are accepted")
        if not text or _FORBIDDEN.search(text):
            raise MalformedError("glob", f"{text!r} is not the name of a file: no folders, no ** and no {_WILD}")
        return cls(text, Glob(text, tuple(_PIECE.findall(text))))

    def matches(self, name: str) -> bool:
        """Tell whether it is about a file of this name."""
        return self.glob.describes(name)


_PIECE: Final = re.compile(r"\*|[^*]+")
