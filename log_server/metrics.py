"""What the server counts. Where the real servers have a name for it, ours is the same (servers of Sigstore)."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import Scope

from cosignpy.serving.metrics import RequestMetrics

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS: Final = RequestMetrics(
    Counter("rekor_qps_by_api", "Requests by API, method and status code", ("path", "method", "code")),
    Histogram("rekor_latency_by_api_seconds", "Latency of requests by API", ("path", "method"), buckets=_SECONDS),
)
"""Of all faces; `rekor_qps_by_api` is Rekor v1's name for it."""

NEW_ENTRIES: Final = Counter("rekor_new_entries", "Entries that were logged, duplicates not among them", ("log",))
DUPLICATES: Final = Counter("log_duplicate_entries", "Submissions of entries that were in the log already", ("log",))
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
DISK_FREE: Final = Gauge("log_disk_free_bytes", "Space left where the log is stored", multiprocess_mode="mostrecent")

_ROUTES: Final = (
    "/api/v1/log/entries/retrieve",
    "/api/v1/log/entries",
    "/api/v1/log/publicKey",
    "/api/v1/log/proof",
    "/api/v1/log",
    "/api/v1/index/retrieve",
    "/api/v2/log/entries",
    "/ct/v1/",
    "/ctlog/",
    "/witness/",
    "/api/v2/tile/",
    "/tile/",
    "/api/v2/checkpoint",
    "/checkpoint",
)


def name_route(scope: Scope) -> str:
    """Return the label of a request's route: one of a fixed list, so that nobody can make series without end."""
    path: str = scope["path"]
    for route in _ROUTES:
        if path.startswith(route):
            return path if route == "/ct/v1/" and path[len(route) :] in _CT else route.rstrip("/")
    return "other"


_CT: Final = frozenset(
    ("add-chain", "add-pre-chain", "get-sth", "get-sth-consistency", "get-proof-by-hash", "get-entries",
     "get-entry-and-proof", "get-roots")
)  # fmt: skip
