"""What the server counts, under the names of the real servers where they have one.

fulcio: pkg/server/metrics.go; timestamp-authority: pkg/server. What they have no name for begins with `ca_`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import Scope

from ca_server.authority.protocol import Authority
from cosignpy.serving.metrics import MeasureRequests, RequestMetrics
from cosignpy.version import VERSION

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BY_CODE: Final = ("code", "method")

CERTIFICATE_REQUESTS: Final = RequestMetrics(
    Counter("http_requests_total", "Requests of the certificate authority", _BY_CODE),
    Histogram("fulcio_api_latency", "Latency of the certificate authority in seconds", _BY_CODE, buckets=_SECONDS),
    counted_by=_BY_CODE,
    timed_by=_BY_CODE,
)
TIMESTAMP_REQUESTS: Final = RequestMetrics(
    Counter("timestamp_authority_http_requests_total", "Requests of the timestamp authority", _BY_CODE),
    Histogram(
        "timestamp_authority_api_latency",
        "Latency of the timestamp authority in seconds",
        _BY_CODE,
        buckets=_SECONDS,
    ),
    counted_by=_BY_CODE,
    timed_by=_BY_CODE,
)
NEW_CERTIFICATES: Final = Counter("fulcio_new_certs", "Certificates that were issued")
BUILD_INFO: Final = Gauge(
    "fulcio_build_info", "1, and which version this is", ("version",), multiprocess_mode="mostrecent"
)
VALID_DAYS: Final = Gauge(
    "ca_certificate_valid_days_remaining",
    "Days until an authority's certificate expires",
    ("authority",),
    multiprocess_mode="mostrecent",
)
_DAY: Final = 86_400

BARE: Final = ("fulcio_new_certs",)
"""Counters whose names do not end in `_total`."""

TIMESTAMP_PATHS: Final = ("/api/v1/timestamp", "/ping")


class MeasureServices:
    """Counts and times each request under the names of its service; an observer of `LogRequests`."""

    def __init__(self) -> None:
        self._certificates = MeasureRequests(CERTIFICATE_REQUESTS, lambda _: "")
        self._timestamps = MeasureRequests(TIMESTAMP_REQUESTS, lambda _: "")

    def __call__(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request."""
        measure = self._timestamps if scope["path"].startswith(TIMESTAMP_PATHS) else self._certificates
        measure({"method": scope["method"].lower()}, status, seconds)  # as Go writes methods

    def write_down(self) -> None:
        """Let `/metrics` show what was counted until now."""
        self._certificates.write_down()
        self._timestamps.write_down()


def measure_authorities(authorities: Mapping[str, Authority]) -> None:
    """Let `/metrics` show for how many days the certificates that issue are valid."""
    now = datetime.now(UTC)
    for name, authority in authorities.items():
        left = authority.current().not_after - now
        VALID_DAYS.labels(name or "main").set(left.total_seconds() / _DAY)


def tell_version() -> None:
    """Let `/metrics` show which version this is."""
    BUILD_INFO.labels(VERSION).set(1)
