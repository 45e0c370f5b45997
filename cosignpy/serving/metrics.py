"""Prometheus metrics of one process or of several: the numbers are declared by the servers, served from here.

With several worker processes each keeps its numbers in files of a common directory and whoever is asked adds them
up. prometheus-client decides that when it is imported, so the supervisor calls `share_metrics` before anything else.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.types import Receive, Scope, Send

from cosignpy.serving.asgi import answer
from cosignpy.serving.problem import Problem, answer_problem
from cosignpy.values import value

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

_DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client's own variable; child processes inherit it."""

_LAG_SECONDS: Final = 1.0
"""How old what `/metrics` shows of requests may be; it is asked for every 15 seconds or so."""

_READ_METHODS: Final = ("GET", "HEAD")


@contextmanager
def share_metrics() -> Iterator[Path]:
    """Give this process and its children a fresh directory for their numbers, for as long as the block lasts.

    Numbers of a run before this one are not continued: counters begin at zero when a server starts.

    Raises:
        RuntimeError: prometheus-client was imported already, and would keep its numbers in this process.
    """
    if "prometheus_client" in sys.modules:
        raise RuntimeError("share_metrics comes before the import of prometheus_client")
    directory = Path(tempfile.mkdtemp(prefix="metrics-"))
    os.environ[_DIRECTORY] = str(directory)
    try:
        yield directory
    finally:
        os.environ.pop(_DIRECTORY, None)
        shutil.rmtree(directory, ignore_errors=True)  # the numbers of a server that has ended


def forget_worker(pid: int) -> None:
    """Leave the gauges of a worker that has ended out of what is exposed; its counters stay."""
    if _DIRECTORY in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid)  # type: ignore[no-untyped-call] # prometheus-client leaves it so


def expose(bare: Sequence[str] = ()) -> tuple[bytes, str]:
    """Return the numbers of all processes in Prometheus' text format, and its media type.

    prometheus-client ends the name of each counter in `_total`. Those in `bare` lose that again: they have the names
    that another server gave them, and its dashboards ask for.
    """
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = REGISTRY
    if _DIRECTORY in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # prometheus-client leaves it so
    text = generate_latest(registry)
    for name in bare:
        text = text.replace(f"{name}_total".encode("ascii"), name.encode("ascii"))
    return text, CONTENT_TYPE_LATEST


class MetricsPage:
    """`/metrics`, as an app: behind a route of a server, or alone on a listener of its own."""

    def __init__(self, bare: Sequence[str] = ()) -> None:
        self._bare = bare

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer with the numbers."""
        if scope["method"] not in _READ_METHODS:
            await answer_problem(send, Problem(HTTPStatus.METHOD_NOT_ALLOWED, "GET only", ((b"allow", b"GET, HEAD"),)))
            return
        if scope["path"] != "/metrics":
            await answer_problem(send, Problem(HTTPStatus.NOT_FOUND, "the metrics are at /metrics"))
            return
        body, media_type = await asyncio.to_thread(expose, self._bare)  # reads the files of every worker
        await answer(send, HTTPStatus.OK, body, ((b"content-type", media_type.encode("ascii")),))


@value
class RequestMetrics:
    """Where requests are counted and timed, each by labels out of `method`, `path` and `code`.

    Times are in seconds, or in units of which a second has `units`: a server that takes the place of another keeps its.
    """

    requests: "Counter"
    latency: "Histogram"
    units: float = 1.0
    counted_by: tuple[str, ...] = ("method", "path", "code")
    timed_by: tuple[str, ...] = ("method", "path")


RouteOf = Callable[[Scope], str]
"""Names the route of a request for the `path` label: from a list that clients cannot make longer."""


class _Series:
    """Requests of one method, route and status: what was seen since it was written down last."""

    def __init__(self, metrics: RequestMetrics, method: str, path: str, status: int) -> None:
        labels = {"method": method, "path": path, "code": str(status)}
        self._requests = metrics.requests.labels(**{name: labels[name] for name in metrics.counted_by})
        self._latency = metrics.latency.labels(**{name: labels[name] for name in metrics.timed_by})
        self._units = metrics.units
        self._bounds: Sequence[float] = self._latency._upper_bounds  # noqa: SLF001 # see write_down
        self._begin()

    def _begin(self) -> None:
        self._counts = [0] * len(self._bounds)
        self._time = 0.0

    def note(self, seconds: float) -> None:
        """Remember one request."""
        time = seconds * self._units
        self._counts[bisect_left(self._bounds, time)] += 1
        self._time += time

    def write_down(self) -> None:
        """Add up; prometheus-client has no way to observe more than one at once, but for what `observe` does itself."""
        if not any(self._counts):
            return
        self._requests.inc(sum(self._counts))
        self._latency._sum.inc(self._time)  # noqa: SLF001
        for bucket, number in zip(self._latency._buckets, self._counts, strict=True):  # noqa: SLF001
            if number:
                bucket.inc(number)
        self._begin()


class MeasureRequests:
    """Counts and times requests; an observer of `LogRequests`.

    Numbers are kept in memory and written down once a second: with several workers they are in files, and to change
    three numbers there took as long as to parse the request.
    """

    def __init__(self, metrics: RequestMetrics, route_of: RouteOf) -> None:
        self._metrics = metrics
        self._route_of = route_of
        self._series: dict[tuple[str, str, int], _Series] = {}
        self._waiting: asyncio.TimerHandle | None = None

    def __call__(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request."""
        key = (scope["method"], self._route_of(scope), status)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = _Series(self._metrics, *key)
        series.note(seconds)
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().call_later(_LAG_SECONDS, self.write_down)

    def write_down(self) -> None:
        """Let `/metrics` show what was counted until now."""
        self._waiting = None
        for series in self._series.values():
            series.write_down()
