"""How a problem is told: where in the document, and how bad."""

from cosignpy.core.trust.problems import Problem, Severity
from cosignpy.documents import Place


def below(place: Place, name: str) -> Place:
    """Return where a member stands, or would stand."""
    return Place(place.file, place.line, f"{place.key}.{name}".lstrip("."))


def fail(place: Place, why: str) -> Problem:
    """Build a problem that makes a policy meaningless."""
    return Problem(Severity.ERROR, _write(place), why)


def warn(place: Place, why: str) -> Problem:
    """Build a problem that may be meant."""
    return Problem(Severity.WARNING, _write(place), why)


def _write(place: Place) -> str:
    return f"{place.file}:{place.line}: {place.key}"
