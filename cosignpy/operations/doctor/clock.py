"""Whether this machine and the services agree about the time: certificates for signing live for ten minutes.

One service that is off among several has the wrong clock itself; where most are off, it is ours.
"""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from cosignpy.operations.doctor.facts import Facts, Reply
from cosignpy.operations.doctor.findings import Check, Finding, ok, problem, tell_duration, warning
from cosignpy.values import value

TOLERANCE: Final = 30.0
"""Seconds; the Date header has whole ones, and an answer takes its time."""
BEHIND: Final = 60.0
"""Seconds that the start of a new certificate may lie ahead (`core.fulcio`)."""
LIFETIME: Final = 600.0
"""Seconds that certificates for signing live; behind a clock that is so much ahead they have expired already."""

AGREES: Final = ok("clock-agrees")
UNKNOWN: Final = ok("clock-unknown")
OFF: Final = warning("clock-off", "set the clock of this machine, best by NTP")
WRONG: Final = problem(
    "clock-wrong", "set the clock of this machine, best by NTP: certificates would be refused as of another time"
)
SERVICE_OFF: Final = warning("service-clock-off", "tell whoever runs the service: the others agree with this machine")
SERVICE_WRONG: Final = problem(
    "service-clock-wrong",
    "tell whoever runs the service, and use another until then: what it signs is of another time",
)


@value
class _Reading:
    """How far our clock is ahead of a service's."""

    service: str
    ahead: float

    @property
    def is_off(self) -> bool:
        return abs(self.ahead) >= TOLERANCE

    @property
    def is_harmful(self) -> bool:
        return self.ahead <= -BEHIND or self.ahead >= LIFETIME


def check_clock(facts: Facts) -> Iterator[Finding]:
    """Compare our clock with those of the services that answered."""
    readings = [
        _Reading(str(asked.service), asked.result.ahead)
        for asked in facts.services
        if isinstance(asked.result, Reply) and asked.result.ahead is not None
    ]
    off = [reading for reading in readings if reading.is_off]
    if not readings:
        yield UNKNOWN("nobody answered who could say what time it is")
    elif 2 * len(off) > len(readings):
        yield _judge_ours(readings, off)
    else:
        yield AGREES(f"this machine agrees with {len(readings) - len(off)} of {len(readings)} services")
        for reading in off:
            kind = SERVICE_WRONG if reading.is_harmful else SERVICE_OFF
            yield kind(f"the clock of the {reading.service} is {_tell(-reading.ahead)} this machine's")


def _judge_ours(readings: Sequence[_Reading], off: Sequence[_Reading]) -> Finding:
    typical = median(reading.ahead for reading in off)
    nearest = min(off, key=lambda reading: abs(reading.ahead - typical))
    others = f", and {len(off) - 1} more of {len(readings)} say so" if len(off) > 1 else ""
    kind = WRONG if nearest.is_harmful else OFF
    return kind(f"the clock of this machine is {_tell(nearest.ahead)} that of the {nearest.service}{others}")


def _tell(ahead: float) -> str:
    return f"{tell_duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'}"


CLOCK: Final = Check("clock", "Clock", (AGREES, UNKNOWN, OFF, WRONG, SERVICE_OFF, SERVICE_WRONG), check_clock)
