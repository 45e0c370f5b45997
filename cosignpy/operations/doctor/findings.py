"""What a check says: of which kind, about what, and what to do about it."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from cosignpy.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosignpy.operations.doctor.facts import Facts

_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
_SEVERAL: Final = 2
"""From so many of a unit on, durations are told in it."""


class State(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@value
class Finding:
    """One finding.

    Attributes:
        name: The name of its kind, for programs.
        state: How bad it is.
        text: What was found, in one line.
        remedy: What to do about it; empty where nothing has to be done.
    """

    name: str
    state: State
    text: str
    remedy: str = ""


@value
class Kind:
    """A kind of finding, with what to do about all of its kind."""

    name: str
    state: State
    remedy: str = ""

    def __call__(self, text: str) -> Finding:
        """Make a finding of this kind."""
        return Finding(self.name, self.state, text, self.remedy)


@value
class Check:
    """One check: its name for programs, its title for people, what it may find, and how it finds that."""

    name: str
    title: str
    kinds: tuple[Kind, ...]
    run: "Callable[[Facts], Iterator[Finding]]"


def ok(name: str) -> Kind:
    """Make a kind that is as it should be."""
    return Kind(name, State.OK)


def warning(name: str, remedy: str) -> Kind:
    """Make a kind that may become a problem, or is one for somebody else."""
    return Kind(name, State.WARNING, remedy)


def problem(name: str, remedy: str) -> Kind:
    """Make a kind that signing or verifying fails for."""
    return Kind(name, State.PROBLEM, remedy)


def tell_time(moment: datetime) -> str:
    """Write a time as people read it."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def tell_duration(seconds: float) -> str:
    """Say how long something is, in the largest unit of which there are several."""
    for size, unit in _UNITS:
        if seconds >= _SEVERAL * size:
            return f"{seconds / size:.0f} {unit}s"
    return f"{seconds:.0f} seconds"
