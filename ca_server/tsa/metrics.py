"""What is counted of time servers, under the real server's names (timestamp-authority: pkg/api/metrics.go)."""

from collections.abc import Mapping, Sequence
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from ca_server.tsa.time_watch import Measurement, Verdict

NTP_LATENCY: Final = Histogram("timestamp_authority_ntp_latency", "NTP request latency in seconds", ("host",))
NTP_SYNC: Final = Counter("timestamp_authority_ntp_sync_total", "Questions to time servers", ("host", "failed"))
NTP_ERRORS: Final = Counter("timestamp_authority_ntp_errors_total", "Rounds that did not end well", ("reason",))
NTP_OFFSET: Final = Gauge(
    "timestamp_authority_ntp_offset_seconds",
    "By how much a time server is ahead of our clock",
    ("host",),
    multiprocess_mode="mostrecent",
)

_REASONS: Final[Mapping[Verdict, str]] = {Verdict.UNKNOWN: "err_too_few", Verdict.DISAGREES: "err_inv_time"}


def count_round(measured: Sequence[Measurement], verdict: Verdict) -> None:
    """Count what a round of questions came to."""
    for one in measured:
        NTP_LATENCY.labels(one.server).observe(one.seconds)
        NTP_SYNC.labels(one.server, "true" if one.offset is None else "false").inc()
        if one.offset is not None:
            NTP_OFFSET.labels(one.server).set(one.offset)
    if verdict in _REASONS:
        NTP_ERRORS.labels(_REASONS[verdict]).inc()
