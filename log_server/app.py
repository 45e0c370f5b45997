"""The composition root of what clients see: which face answers a path, and what stands in front of all."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from cosignpy.serving.draining import Served
from cosignpy.serving.health import Alive, Ready
from cosignpy.serving.metrics import MetricsPage
from cosignpy.serving.problem import AnswerErrors
from cosignpy.serving.rate_limit import ClientAddresses, LimitRate, SharedLimit, TokenBuckets
from cosignpy.serving.request_log import LogRequests
from cosignpy.serving.writers import Credential, TokenFile, WritersOnly
from log_server.config import Settings
from log_server.config_files import load_credentials
from log_server.faces import Face, build_faces, build_witness
from log_server.local_log import LocalLog
from log_server.metrics import BARE, QUEUE, MeasureFaces
from log_server.rekor.v1_options import admit_all
from log_server.web.views import build_routes

_REQUEST_LOG: Final = logging.getLogger("log_server.requests")


def build_app(logs: Sequence[LocalLog], settings: Settings, data: Path) -> Served:
    """Put the faces, the pages, health and metrics behind one app.

    Raises:
        CosignError: A file that the settings name cannot be used.
    """
    limit = _build_limit(settings)
    faces = (*build_faces(logs, settings, limit.admit if limit else admit_all), *build_witness(data, settings))
    credentials = load_credentials(settings)
    guarded = [_guard(face, credentials, limit) for face in faces]
    others: dict[str, ASGIApp] = {
        "/healthz": Alive(),
        "/readyz": Ready(lambda: _why_not_ready(logs)),
    }
    if settings.metrics is None:
        others["/metrics"] = MetricsPage(BARE)
    pages = AnswerErrors(Starlette(routes=build_routes(logs)))
    app = LogRequests(Dispatcher(guarded, others, pages), _REQUEST_LOG, MeasureFaces())
    tokens = [one for one in credentials if isinstance(one, TokenFile)]
    watched = (*tokens, *(one for face in faces for one in face.watched))
    return Served(app, watched, lambda: _measure_queues(logs))


class Dispatcher:
    """Finds the app of a path: one of its own, then a face by its prefix, then the pages."""

    def __init__(self, faces: Sequence[Face], exact: Mapping[str, ASGIApp], pages: ASGIApp) -> None:
        self._exact = exact
        self._prefixes = tuple((prefix, face.app) for face in faces for prefix in face.prefixes)
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._find(scope["path"])(scope, receive, send)

    def _find(self, path: str) -> ASGIApp:
        for prefix, app in self._prefixes:
            if path.startswith(prefix):
                return app
        return self._exact.get(path, self._pages)


class GuardWrites:
    """Sends the requests that write through the guards, and all others past them."""

    def __init__(self, app: ASGIApp, guarded: ASGIApp, writes: frozenset[str]) -> None:
        self._app = app
        self._guarded = guarded
        self._writes = writes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        writes = scope["method"] == "POST" and scope["path"] in self._writes
        await (self._guarded if writes else self._app)(scope, receive, send)


def _build_limit(settings: Settings) -> SharedLimit | None:
    """Build the limit on what one address writes to all logs together, if there is to be one."""
    limits = settings.limits
    if limits.writes is None:
        return None
    buckets = TokenBuckets(limits.writes.share(max(1, settings.workers)))
    return SharedLimit(buckets, ClientAddresses(limits.trusted_proxies))


def _guard(face: Face, credentials: tuple[Credential, ...], limit: SharedLimit | None) -> Face:
    """Put writers' credentials and the rate limit in front of a face, if there are any."""
    guarded = face.app
    if credentials:
        guarded = WritersOnly(guarded, credentials, face.shape)
    if limit is not None:
        guarded = LimitRate(guarded, limit.buckets, limit.client_of, face.shape)
    if guarded is face.app:
        return face
    return Face(GuardWrites(face.app, guarded, face.writes), face.prefixes, face.writes, face.shape, face.watched)


def _measure_queues(logs: Sequence[LocalLog]) -> None:
    for log in logs:
        QUEUE.labels(log.active.identity.kind).set(log.waiting)


async def _why_not_ready(logs: Sequence[LocalLog]) -> str:
    """Say which logs cannot take entries now; nothing if all can."""
    reasons = [f"{log.active.identity.origin}: {log.trouble}" for log in logs if log.trouble]
    return "; ".join(reasons)
