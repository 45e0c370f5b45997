"""An instruction of a Dockerfile in one line, however many it has in the file."""

from bisect import bisect_right

from cosignpy.documents import Place
from cosignpy.imagepolicy.inputs.heredocs import SPACES
from cosignpy.values import value


@value
class Line:
    """An instruction in one line, and where its parts stand in the file: (index here, offset there, line there)."""

    text: str
    file: str
    parts: tuple[tuple[int, int, int], ...]

    def place(self, index: int = 0) -> Place:
        """Return where a character stands."""
        return Place(self.file, self._part(index)[2])

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where a piece of the text stands in the file; None where it goes over several lines."""
        part = self._part(start)
        offset = part[1] - part[0]
        return (start + offset, end + offset) if self._part(end - 1) == part else None

    def word(self, start: int = 0) -> tuple[str, int]:
        """Return the instruction that begins somewhere, in capitals, and where its arguments begin."""
        rest = self.text[start:].lstrip(SPACES)
        word = rest.split("\t", 1)[0].split(" ", 1)[0]
        arguments = rest[len(word) :].lstrip("\t ")
        return word.upper(), len(self.text) - len(arguments)

    def _part(self, index: int) -> tuple[int, int, int]:
        return self.parts[bisect_right(self.parts, index, key=_index) - 1]


def _index(part: tuple[int, int, int]) -> int:
    return part[0]
