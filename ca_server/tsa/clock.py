"""The clock of the timestamp authority: it stamps only while the time of the system goes on as time does.

The calendar's time can be set, by a person or by an attacker; the seconds that the machine's own oscillator counts
cannot. Where one goes another way than the other, or time servers say that both are wrong, nothing is stamped until
time servers agree again, the clock is put back, or the server is started anew.

What remains possible without time servers: a clock is set right by being hurried or slowed, and whoever may do that can
have it gain or lose `MAX_SLEW`, 43 seconds a day, and `step` besides. Time servers put an end to that at their limit.

No stamp of a process is earlier than one before it. Of the stamps of other processes it knows what they wrote down:
until then (see `KEEP_SECONDS`) one process may stamp earlier than another did. Those that began together and have no
time servers differ by twice `step` at the most; tokens do not claim an order (RFC 3161 section 2.4.2).
"""

import fcntl
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import Final, NamedTuple

from ca_server.tsa.policy import StampRefused
from cosignpy.errors import FileError
from cosignpy.files import PRIVATE, explain, sync_directory, write_file
from cosignpy.values import value

MAX_SLEW: Final = 0.0005
"""Seconds per second by which a clock that is right may leave the oscillator: as far as Linux lets time servers correct
its frequency (500 ppm), and ten times what a usual quartz needs."""

_RAW: Final = getattr(time, "CLOCK_MONOTONIC_RAW", time.CLOCK_MONOTONIC)
_WITH_SLEEP: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

_UNCONFIRMED: Final = "time servers have not answered for too long"
_KEPT: Final = re.compile(rb"(?P<second>0|[1-9][0-9]{0,11})\n")
_MAX_KEPT: Final = 64


class ClockUntrusted(StampRefused):
    """The time is not known well enough to vouch for it."""


class Reading(NamedTuple):
    """Both clocks, read at one moment: seconds of the calendar, and seconds that only grow."""

    wall: float
    steady: float


def _oscillator_seconds() -> float:
    """Read the clock that nobody can set, hurry or slow, and add how long the machine was asleep.

    What is merely monotonic is hurried and slowed together with the calendar (clock_gettime(2)): it would not show.
    """
    asleep = time.clock_gettime(_WITH_SLEEP) - time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.clock_gettime(_RAW) + asleep


@value
class ClockSources:
    """Where the time comes from, so that tests own it."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = _oscillator_seconds

    def read(self) -> Reading:
        """Read both."""
        return Reading(self.wall(), self.steady())


class StampClock:
    """The clock of one process. Threads may follow, confirm and deny it while requests read it.

    How far the calendar has left the steady clock is measured from one reading, that at the start or the last confirmed
    one. Behind it comes what slewing explains, by `MAX_SLEW` at the most, so that steps add up however small they are.
    While the two are further apart than `step` nothing is explained any more: only putting the clock back helps.

    Args:
        sources: Where the time comes from.
        step: By how many seconds the calendar may jump.
        last: The last second that was stamped, by a process before this one too.
    """

    def __init__(self, sources: ClockSources, step: float, last: int = 0) -> None:
        self._sources = sources
        self._step = step
        self._lock = threading.Lock()
        self._reference = sources.read()
        self._explained = 0.0
        self._seen = self._reference.steady
        self._last = last
        self._confirmed_until = inf
        self._denied = _UNCONFIRMED

    @property
    def last(self) -> int:
        """The last second that was stamped."""
        return self._last

    def stamp(self, check: Callable[[datetime], None] = lambda _: None) -> datetime:
        """Return the time for a stamp, in whole seconds; a moment that `check` refuses is not taken for stamped.

        Raises:
            ClockUntrusted: It is not known well enough.
        """
        with self._lock:
            second = self._second()
            moment = _moment(second)
            check(moment)
            self._last = second
        return moment

    def look(self) -> datetime:
        """Return the time that a stamp would have, without giving one.

        Raises:
            ClockUntrusted: It is not known well enough.
        """
        with self._lock:
            return _moment(self._second())

    def follow(self) -> None:
        """Look whether the clock goes on as it should; who looks rarely cannot tell a step from a day of slewing."""
        with self._lock:
            self._jump(self._sources.read())

    def heed(self, last: int) -> None:
        """Stamp nothing before a second that another process stamped."""
        with self._lock:
            self._last = max(self._last, last)

    def read(self) -> Reading:
        """Read both clocks, to confirm what they say afterwards."""
        return self._sources.read()

    def confirm(self, reading: Reading, seconds: float) -> None:
        """Take a reading for the right time, since time servers agreed after it, for so many seconds."""
        with self._lock:
            self._reference, self._explained, self._seen = reading, 0.0, reading.steady
            self._denied = _UNCONFIRMED
            self._confirmed_until = reading.steady + seconds

    def deny(self, why: str) -> None:
        """Stamp nothing until the time is confirmed."""
        with self._lock:
            self._denied = why
            self._confirmed_until = -inf

    def _second(self) -> int:
        now = self._sources.read()
        jump = self._jump(now)
        if abs(jump) > self._step:
            raise ClockUntrusted(f"the clock was set by {jump:+.1f} s")
        if now.steady > self._confirmed_until:
            raise ClockUntrusted(self._denied)
        if now.wall < self._last:
            raise ClockUntrusted(f"the clock is {self._last - now.wall:.1f} s before the last stamp")
        return int(now.wall)

    def _jump(self, now: Reading) -> float:
        """Return how far the calendar is from where slewing could have brought it."""
        drift = (now.wall - self._reference.wall) - (now.steady - self._reference.steady)
        unexplained = drift - self._explained
        slewed = (now.steady - self._seen) * MAX_SLEW
        explained = max(-slewed, min(unexplained, slewed))
        self._seen = now.steady
        if abs(unexplained - explained) <= self._step:
            self._explained += explained
        return unexplained - explained


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

    def keep(self, last: int) -> int:
        """Write a second down if it is later than what the file says; several processes may, one after the other.

        Returns:
            The last second of any process.

        Raises:
            FileError: It cannot be read or written; the old content is still there.
        """
        found = self.load()
        if last > max(found, self._kept):
            found = self._write(last)
        self._kept = max(found, self._kept)
        return self._kept

    def _write(self, last: int) -> int:
        with _lock_folder(self._path.parent):
            found = self.load()
            if last > found:
                write_file(self._path, b"%d\n" % last, PRIVATE)
                sync_directory(self._path.parent)
            return max(found, last)


@contextmanager
def _lock_folder(path: Path) -> Iterator[None]:
    """Keep other writers out by a lock on the folder itself: the file is replaced, and a lock on it with it."""
    with explain(path):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with explain(path):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@lru_cache(maxsize=4)
def _moment(second: int) -> datetime:
    """Build once for all stamps of a second."""
    return datetime.fromtimestamp(second, UTC)
