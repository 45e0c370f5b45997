"""The two clocks of a machine, as a test sets them, and a timestamp authority that goes by them."""

from datetime import UTC, datetime, timedelta
from typing import Final

from ca_server.authority.ephemeral import EphemeralAuthority, hold_timestamping
from ca_server.authority.hierarchy import Hierarchy, Plan, make_hierarchy
from ca_server.authority.protocol import CertifiedKey
from ca_server.config import TimestampSettings
from ca_server.tsa.clock import ClockSources, StampClock
from ca_server.tsa.policy import StampPolicy
from ca_server.tsa.respond import Responder
from cosignpy.values import record

START: Final = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
STEP: Final = 2.0
SERIAL: Final = 0x1234


@record
class MovedClock:
    """Both clocks; `pass_time` moves them together, `set_by` only the one on the wall."""

    wall: float = START.timestamp()
    steady: float = 1000.0

    def pass_time(self, seconds: float) -> None:
        """Let time go by."""
        self.wall += seconds
        self.steady += seconds

    def set_by(self, seconds: float) -> None:
        """Set the clock on the wall."""
        self.wall += seconds

    def sources(self) -> ClockSources:
        """Return the port that reads them."""
        return ClockSources(lambda: self.wall, lambda: self.steady)

    def stamping(self, last: int = 0) -> StampClock:
        """Return a clock to stamp by."""
        return StampClock(self.sources(), STEP, last)


def made(lifetime: timedelta = timedelta(days=1)) -> Hierarchy:
    """Make authorities whose certificates begin an hour ago."""
    return make_hierarchy(Plan("tests", "stamps", lifetime=lifetime), START - timedelta(hours=1))


MADE: Final = made()


def authority(hierarchy: Hierarchy = MADE) -> EphemeralAuthority[CertifiedKey]:
    """Return a timestamp authority."""
    return hold_timestamping(hierarchy.timestamping.certified)


def responder(moved: MovedClock, settings: TimestampSettings | None = None, hierarchy: Hierarchy = MADE) -> Responder:
    """Return what answers requests, by that clock."""
    chosen = settings or TimestampSettings()
    return Responder(
        authority(hierarchy),
        StampPolicy.of(chosen),
        moved.stamping(),
        with_chain=chosen.chain,
        draw_serial=lambda: SERIAL,
    )
