"""What a lint says: where, how bad, and why."""

from enum import StrEnum

from cosignpy.values import value


class Severity(StrEnum):
    """How bad a problem is."""

    ERROR = "error"
    WARNING = "warning"


@value
class Problem:
    """Something that is wrong with a document.

    Attributes:
        severity: An error where verifying fails for it, here or with cosign; else a warning.
        place: The member it is about.
        why: What is wrong.
    """

    severity: Severity
    place: str
    why: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.place}: {self.why}"


def error(place: str, why: str) -> Problem:
    """Say that verifying will fail."""
    return Problem(Severity.ERROR, place, why)


def warning(place: str, why: str) -> Problem:
    """Say what may be a mistake, or what fewer clients understand."""
    return Problem(Severity.WARNING, place, why)
