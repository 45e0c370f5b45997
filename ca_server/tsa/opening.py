"""Putting a timestamp authority together, in each process that gives stamps."""

from pathlib import Path
from typing import Final

from ca_server.authority.protocol import TimestampAuthority
from ca_server.config import TimestampSettings
from ca_server.tsa.clock import ClockSources, KeptTime, StampClock
from ca_server.tsa.metrics import count_round
from ca_server.tsa.policy import StampPolicy
from ca_server.tsa.respond import Responder
from ca_server.tsa.time_watch import NtpOptions, TimeWatch
from cosignpy.values import value

LAST_TIMESTAMP: Final = "last-timestamp"
"""The file in the data directory that says when the last stamp was given. All processes write it."""


@value
class OpenedTimestamps:
    """What answers requests, and what watches the time beside it: to be started, and to be stopped at the end."""

    responder: Responder
    watch: TimeWatch


def open_timestamps(authority: TimestampAuthority, settings: TimestampSettings, data: Path) -> OpenedTimestamps:
    """Open a timestamp authority. With time servers, no stamp is given before they agreed for the first time.

    Raises:
        UsageError: The settings name a policy or a time server that cannot be one.
        FileError: The file with the last stamp's time cannot be used.
        KeyUnusable: Clients do not know the kind of key.
    """
    policy, options = StampPolicy.of(settings), NtpOptions.of(settings)
    kept = KeptTime(data / LAST_TIMESTAMP)
    clock = StampClock(ClockSources(), settings.step, kept.load())
    if options.servers:
        clock.deny("the clock has not been compared with time servers yet")
    responder = Responder(authority, policy, clock, with_chain=settings.chain)
    return OpenedTimestamps(responder, TimeWatch(clock, options, kept, count_round))
