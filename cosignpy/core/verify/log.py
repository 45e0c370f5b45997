"""What is known about a transparency log that nobody asked: the reason stays in the evidence."""

from cosignpy.values import value


@value
class LogFinding:
    """Why no log entry was asked for."""

    waived_because: str
