"""The clock of the timestamp authority: it stamps only while the time of the system goes on as time does.

The calendar's time can be set, by a person or by an attacker; the seconds since the machine was started cannot. Where
one goes another way than the other, or time servers say that both are wrong, nothing is stamped until time servers
agree again, the clock is put back, or the server is started anew. No stamp is ever earlier than one before it.
"""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Final, NamedTuple

from ca_server.tsa.policy import StampRefused
from cosignpy.errors import FileError
from cosignpy.files import PRIVATE, explain, write_file
from cosignpy.values import value

MAX_SLEW: Final = 0.0005
"""Seconds per second by which Linux lets a clock be slowed or hurried to set it right (adjtime, 500 ppm)."""

_UNCONFIRMED: Final = "time servers have not answered for too long"
_KEPT: Final = re.compile(rb"(?P<second>0|[1-9][0-9]{0,11})\n")
_MAX_KEPT: Final = 64


class ClockUntrusted(StampRefused):
    """The time is not known well enough to vouch for it."""


class Reading(NamedTuple):
    """Both clocks, read at one moment: seconds of the calendar, and seconds that only grow."""

    wall: float
    steady: float


def _boot_seconds() -> float:
    """Read the clock that nobody can set; it goes on while the machine sleeps, where the system has one that does."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@value
class ClockSources:
    """Where the time comes from, so that tests own it."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = _boot_seconds

    def read(self) -> Reading:
        """Read both."""
        return Reading(self.wall(), self.steady())


class StampClock:
    """The clock of one process. Threads may confirm and deny it while requests read it.

    Args:
        sources: Where the time comes from.
        step: By how many seconds the calendar may jump.
        last: The last second that was stamped, by a process before this one too.
    """

    def __init__(self, sources: ClockSources, step: float, last: int = 0) -> None:
        self._sources = sources
        self._step = step
        self._reference = sources.read()
        self._last = last
        self._moment = _moment(last)
        self._confirmed_until = inf
        self._denied = _UNCONFIRMED

    @property
    def last(self) -> int:
        """The last second that was stamped."""
        return self._last

    def stamp(self) -> datetime:
        """Return the time for a stamp, in whole seconds.

        Raises:
            ClockUntrusted: It is not known well enough.
        """
        second = self._second()
        if second != self._last:
            self._last, self._moment = second, _moment(second)
        return self._moment

    def look(self) -> datetime:
        """Return the time that a stamp would have, without giving one.

        Raises:
            ClockUntrusted: It is not known well enough.
        """
        return _moment(self._second())

    def read(self) -> Reading:
        """Read both clocks, to confirm what they say afterwards."""
        return self._sources.read()

    def confirm(self, reading: Reading, seconds: float) -> None:
        """Take a reading for the right time, since time servers agreed after it, for so many seconds."""
        self._reference = reading
        self._denied = _UNCONFIRMED
        self._confirmed_until = reading.steady + seconds

    def deny(self, why: str) -> None:
        """Stamp nothing until the time is confirmed."""
        self._denied = why
        self._confirmed_until = -inf

    def _second(self) -> int:
        now = self._sources.read()
        before = self._reference
        elapsed = now.steady - before.steady
        jump = now.wall - before.wall - elapsed
        if abs(jump) > self._step + elapsed * MAX_SLEW:
            raise ClockUntrusted(f"the clock was set by {jump:+.1f} s")
        self._reference = now
        if now.steady > self._confirmed_until:
            raise ClockUntrusted(self._denied)
        if now.wall < self._last:
            raise ClockUntrusted(f"the clock is {self._last - now.wall:.1f} s before the last stamp")
        return int(now.wall)


class KeptTime:
    """The file that says up to when stamps were given, so that a clock set back over a restart is noticed as well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = self.load()

    def load(self) -> int:
        """Return the last second that any process stamped and wrote down, 0 where there is no file yet.

        Raises:
            FileError: The file cannot be read, or holds something else.
        """
        with explain(self._path):
            try:
                with self._path.open("rb") as file:
                    match = _KEPT.fullmatch(file.read(_MAX_KEPT))
            except FileNotFoundError:
                return 0
        if match is None:
            raise FileError(
                str(self._path),
                "it does not say when the last timestamp was given",
                hint="remove it once you know that the clock is right",
            )
        return int(match["second"])

    def keep(self, last: int) -> None:
        """Write a second down if it is later than what the file says; several processes may.

        Raises:
            FileError: It cannot be written; the old content is still there.
        """
        if last > self._kept:
            self._kept = max(last, self.load())
            write_file(self._path, b"%d\n" % self._kept, PRIVATE)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
