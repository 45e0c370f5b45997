"""What the server counts. Where the real servers have a name for it, theirs is used, in their unit.

rekor: pkg/api/metrics.go; rekor-tiles: internal/server/metrics.go. What they have no name for begins with `log_`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import Scope

from cosignpy.serving.metrics import MeasureRequests, RequestMetrics
from log_server.log import LogKind

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_NANOSECONDS: Final = tuple([round(1e6 * 4000 ** (step / 9)) for step in range(10)])
"""From a millisecond to four seconds, as rekor has them."""

V1_REQUESTS: Final = RequestMetrics(
    Counter("rekor_qps_by_api", "Requests of Rekor v1 by path, method and status code", ("path", "method", "code")),
    Histogram(
        "rekor_latency_by_api",
        "Latency (in ns) of Rekor v1 by path and method",
        ("path", "method"),
        buckets=_NANOSECONDS,
    ),
    units=1e9,
)
_BY_CODE: Final = ("code", "method")
V2_REQUESTS: Final = RequestMetrics(
    Counter("rekor_v2_http_requests_total", "Requests of Rekor v2", _BY_CODE),
    Histogram("rekor_v2_http_api_latency", "Latency of Rekor v2 in seconds", _BY_CODE, buckets=_SECONDS),
    counted_by=_BY_CODE,
    timed_by=_BY_CODE,
)
OTHER_REQUESTS: Final = RequestMetrics(
    Counter("log_requests", "Requests of everything but Rekor", ("path", "method", "code")),
    Histogram("log_request_seconds", "Latency of everything but Rekor", ("path", "method"), buckets=_SECONDS),
)

NEW_ENTRIES: Final = Counter("log_new_entries", "Entries that were logged, duplicates not among them", ("log",))
NEW_REKOR_ENTRIES: Final[Mapping[LogKind, Counter]] = MappingProxyType(
    {
        LogKind.REKOR_V1: Counter("rekor_new_entries", "Entries that were logged by Rekor v1"),
        LogKind.REKOR_V2: Counter("rekor_v2_new_hashedrekord_entries", "Entries that were logged by Rekor v2"),
    }
)
DUPLICATES: Final = Counter("log_duplicate_entries", "Submissions of entries that were in the log already", ("log",))
FAILURES: Final = Counter("log_failed_batches", "Batches of which nothing was committed", ("log",))
BATCH_SIZE: Final = Histogram(
    "log_batch_entries",
    "Submissions sequenced together",
    ("log",),
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
)
INTEGRATION: Final = Histogram(
    "log_integration_seconds", "From taking up a batch to its published checkpoint", ("log",), buckets=_SECONDS
)
TREE_SIZE: Final = Gauge("log_tree_size", "Entries of the newest shard", ("log",), multiprocess_mode="mostrecent")
QUEUE: Final = Gauge("log_waiting_entries", "Entries waiting for their place", ("log",), multiprocess_mode="livesum")
DISK_FREE: Final = Gauge(
    "log_disk_free_bytes", "Space left where the log is stored", ("log",), multiprocess_mode="mostrecent"
)

BUILD_INFO: Final[Mapping[LogKind, Gauge]] = MappingProxyType(
    {
        kind: Gauge(name, "1, and which version this is", ("version",), multiprocess_mode="mostrecent")
        for kind, name in (
            (LogKind.REKOR_V1, "rekor_build_info"),
            (LogKind.REKOR_V2, "rekor_v2_build_info"),
            (LogKind.CT, "log_ct_build_info"),
        )
    }
)

BARE: Final = ("rekor_qps_by_api", "rekor_new_entries", "rekor_v2_new_hashedrekord_entries")
"""Counters whose names do not end in `_total`."""

_CT: Final = frozenset(
    ("add-chain", "add-pre-chain", "get-sth", "get-sth-consistency", "get-proof-by-hash", "get-entries",
     "get-entry-and-proof", "get-roots")
)  # fmt: skip
_CT_PATH: Final = "/ct/v1/"
_ROUTES: Final = (
    "/api/v1/log/entries/retrieve",
    "/api/v1/log/entries",
    "/api/v1/log/publicKey",
    "/api/v1/log/proof",
    "/api/v1/log",
    "/api/v1/index/retrieve",
    "/ctlog/tile",
    "/ctlog/checkpoint",
    "/ctlog/issuer",
    "/witness",
    "/ping",
    "/healthz",
    "/readyz",
    "/metrics",
)
_OTHER: Final = "other"


def name_route(scope: Scope) -> str:
    """Return the label of a request's route: one of a fixed list, so that nobody can make series without end."""
    path: str = scope["path"]
    below = path.removeprefix("/ctlog")
    if below.startswith(_CT_PATH):
        return below if below[len(_CT_PATH) :] in _CT else _OTHER
    return next((route for route in _ROUTES if path.startswith(route)), _OTHER)


class MeasureFaces:
    """Counts and times each request under the names of its protocol; an observer of `LogRequests`."""

    def __init__(self) -> None:
        self._v1 = MeasureRequests(V1_REQUESTS, name_route)
        self._others = MeasureRequests(OTHER_REQUESTS, name_route)
        self._v2 = MeasureRequests(V2_REQUESTS, lambda _: "")

    def __call__(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request."""
        path = scope["path"]
        if path.startswith(("/api/v2/", "/checkpoint", "/tile/")):
            self._v2({"method": scope["method"].lower()}, status, seconds)  # as Go writes methods
        elif path.startswith(("/api/v1/", "/ping")):
            self._v1(scope, status, seconds)
        else:
            self._others(scope, status, seconds)

    def write_down(self) -> None:
        """Let `/metrics` show what was counted until now."""
        for measure in (self._v1, self._v2, self._others):
            measure.write_down()
