"""What happens beside the requests: time servers are asked, and the last second that was stamped is written down."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

from ca_server.config import TimestampSettings
from ca_server.tsa.clock import KeptTime, StampClock
from ca_server.tsa.ntp import NtpFailed, NtpServer, ask
from cosignpy.errors import FileError, MalformedError, UsageError
from cosignpy.values import value

_LOG: Final = logging.getLogger(__name__)

DRIFT: Final = 1e-4
"""Seconds per second by which the clock of a machine that nobody sets right may be off: ten times a usual quartz."""

KEEP_SECONDS: Final = 10.0
"""How often the last second is written down while stamps are given, and that of other processes read: after twice as
long, and the questions to time servers that are under way, all know of a stamp. A clock set back by less, while the
server is killed and started again, is not noticed without time servers."""

_PAUSE: Final = 1.0


class Verdict(StrEnum):
    """What the time servers say of our clock."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNKNOWN = "unknown"


@value
class Measurement:
    """What one server said: by how much it is ahead of us, None where it did not answer; and how long that took."""

    server: str
    offset: float | None
    seconds: float


@value
class NtpOptions:
    """Whom to ask, how often, and what to make of it."""

    servers: tuple[NtpServer, ...]
    limit: float
    interval: float
    timeout: float
    agree: int

    @classmethod
    def of(cls, settings: TimestampSettings) -> "NtpOptions":
        """Take the settings; where they do not say how many have to agree, it is more than half.

        Raises:
            UsageError: More have to agree than there are, one of them is not the name of a server, or what they say is
                worth nothing any more before they are asked again.
        """
        try:
            servers = tuple(NtpServer.parse(name) for name in settings.ntp)
        except MalformedError as error:
            raise UsageError(str(error)) from error
        asked = len(settings.ntp)
        if settings.ntp_agree > asked and asked:
            raise UsageError(f"{settings.ntp_agree} time servers have to agree, and {asked} are asked")
        agree = settings.ntp_agree or asked // 2 + 1
        made = cls(servers, settings.ntp_limit, settings.ntp_interval, settings.ntp_timeout, agree)
        if asked and made.interval >= made.lifetime:
            often = f"more often than every {made.lifetime:.0f} s"
            raise UsageError(f"time servers that may be off by {made.limit:g} s have to be asked {often}")
        return made

    @property
    def lifetime(self) -> float:
        """For how many seconds an agreement is worth something: until a quartz may be off by the limit."""
        return self.limit / DRIFT


Report = Callable[[Sequence[Measurement], Verdict], None]
"""Told of each round."""


def judge(offsets: Sequence[float | None], limit: float, agree: int) -> Verdict:
    """Say what servers make of our clock: as many have to agree as are wanted.

    The clock is wrong if so many disagree that the silent ones could not make up for them. Else nobody knows.
    """
    agreeing = sum(offset is not None and abs(offset) <= limit for offset in offsets)
    silent = sum(offset is None for offset in offsets)
    if agreeing >= agree:
        return Verdict.AGREES
    return Verdict.DISAGREES if agreeing + silent < agree else Verdict.UNKNOWN


class TimeWatch:
    """A thread beside the server."""

    def __init__(
        self,
        clock: StampClock,
        options: NtpOptions,
        kept: KeptTime | None = None,
        report: Report = lambda _measurements, _verdict: None,
        ask_server: Callable[[NtpServer, float], float] = ask,
    ) -> None:
        self._clock = clock
        self._options = options
        self._kept = kept
        self._report = report
        self._ask = ask_server
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="time watch", daemon=True)

    def start(self) -> None:
        """Begin; the first round of questions at once."""
        self._thread.start()

    def stop(self) -> None:
        """End, and write the last second down. A question under way is not waited for."""
        self._ended.set()
        self.keep()

    def compare(self) -> Verdict:
        """Ask all servers once, and let the clock know."""
        reading = self._clock.read()
        measured = [self._measure(server) for server in self._options.servers]
        verdict = judge([one.offset for one in measured], self._options.limit, self._options.agree)
        if verdict is Verdict.AGREES:
            self._clock.confirm(reading, self._options.lifetime)
        elif verdict is Verdict.DISAGREES:
            self._clock.deny(f"time servers say it is another time ({_describe(measured)})")
        self._report(measured, verdict)
        return verdict

    def keep(self) -> None:
        """Write down the last second that was stamped, and heed those of others; a full disk stops no stamps."""
        try:
            if self._kept is not None:
                self._clock.heed(self._kept.keep(self._clock.last))
        except FileError as error:
            _LOG.error("the last timestamp is not on record: %s", error)

    def _measure(self, server: NtpServer) -> Measurement:
        began = time.perf_counter()
        try:
            offset = self._ask(server, self._options.timeout)
        except NtpFailed as error:
            _LOG.warning("%s", error)
            return Measurement(str(server), None, time.perf_counter() - began)
        if abs(offset) > self._options.limit:
            _LOG.error("time server %s is %+.1f s ahead of our clock", server, offset)
        return Measurement(str(server), offset, time.perf_counter() - began)

    def _run(self) -> None:
        compare_at = keep_at = time.monotonic()
        while True:
            now = time.monotonic()
            try:
                self._clock.follow()
                if self._options.servers and now >= compare_at:
                    compare_at = now + self._options.interval
                    self.compare()
                if now >= keep_at:
                    keep_at = now + KEEP_SECONDS
                    self.keep()
            except Exception:  # noqa: BLE001 # whatever it is, the next round may go well; who stamps must be watched
                _LOG.exception("the time watch failed")
            if self._ended.wait(_PAUSE):
                return


def _describe(measured: Sequence[Measurement]) -> str:
    return ", ".join([f"{one.server} {one.offset:+.1f} s" for one in measured if one.offset is not None])
