"""Trees for people: a line, a mark for what became of it, and what stands below it."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from cosignpy.cli.render.errors import one_line
from cosignpy.values import value


class Mark(StrEnum):
    """What a line says at first sight."""

    GOOD = "✓ "
    BAD = "✗ "
    WAIVED = "! "
    UNKNOWN = "· "
    ADVICE = "→ "
    NONE = ""


@value
class Branch:
    """One line, and the lines below it."""

    text: str
    mark: Mark = Mark.NONE
    below: "Sequence[Branch]" = ()


def draw(branch: Branch) -> Iterator[str]:
    """Draw a tree, each of its texts as one line that commands no terminal."""
    yield _line(branch)
    yield from _draw_below(branch, "")


def _draw_below(branch: Branch, margin: str) -> Iterator[str]:
    for place, each in enumerate(branch.below, 1):
        last = place == len(branch.below)
        yield f"{margin}{'└─ ' if last else '├─ '}{_line(each)}"
        yield from _draw_below(each, margin + ("   " if last else "│  "))


def _line(branch: Branch) -> str:
    return one_line(f"{branch.mark}{branch.text}")
