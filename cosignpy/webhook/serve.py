"""The process of the webhook: TLS towards the API server, probes and metrics, until it is told to stop.

Told so, it is no longer ready, serves all who still come for a while, answers what has begun, and ends.
"""

import asyncio
import functools
import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, ExitStack
from datetime import datetime
from typing import Final

import uvloop
from starlette.types import ASGIApp

from cosignpy.serving.draining import DrainingServer, Served, build_server
from cosignpy.serving.garbage import collect_rarely
from cosignpy.serving.health import Alive, Ready
from cosignpy.serving.metrics import MetricsPage
from cosignpy.serving.request_log import LogLevel, configure_logging
from cosignpy.serving.threaded import ServerOptions, ThreadedServer, TlsFiles, address_of, bind
from cosignpy.serving.tls_reload import ReloadingContext
from cosignpy.values import field, value
from cosignpy.webhook import metrics
from cosignpy.webhook.app import Draining, Paths, build_reviews
from cosignpy.webhook.certificates.bundles import Bundles
from cosignpy.webhook.certificates.keeper import CertificateKeeper, Place, service_names
from cosignpy.webhook.certificates.serving_file import ServingFile
from cosignpy.webhook.cluster.api import KubernetesApi
from cosignpy.webhook.cluster.connection import open_connection
from cosignpy.webhook.parts import Parts, SiteOptions, build_parts
from cosignpy.webhook.resource_apps import build_resource_apps

QUIET_SECONDS: Final = 2.5
"""From being told to stop to taking no more connections: so long balancers may take to learn of it."""
IDLE_SECONDS: Final = 120
"""Longer than the 90 for which API servers keep a connection without a request (net/http, DefaultTransport)."""
_LOG_LAG_SECONDS: Final = 0.1
"""What is lost of the log of decisions when the process is killed; all else is written at once."""


@value
class Listen:
    """Where to listen. A metrics port of None leaves the metrics to the main port alone; 0 is any free one."""

    host: str = "0.0.0.0"  # noqa: S104 - a pod's, behind a Service
    port: int = 8443
    metrics_port: int | None = 9090


@value
class CertificateOptions:
    """Which certificate to serve with: that of files that somebody else keeps, else one of our own in a Secret."""

    files: TlsFiles | None = None
    service: str = "webhook"
    secret: str = "webhook-certs"  # noqa: S105 - the name of an object
    bundles: Bundles = field(default_factory=Bundles)


@value
class ServeOptions:
    """All that is settled when the webhook starts."""

    site: SiteOptions
    listen: Listen = field(default_factory=Listen)
    certificates: CertificateOptions = field(default_factory=CertificateOptions)
    kubeconfig: str = ""
    log_level: LogLevel = LogLevel.INFO
    quiet_seconds: float = QUIET_SECONDS
    audits: bool = False
    """Whether what runs is looked at again when something changes, and reports are written of it."""


_TALKATIVE: Final = "httpx2"
"""The client of the API server logs each of its requests."""

_LOG: Final = logging.getLogger(__name__)

Announce = Callable[[str], None]
"""Is told the address once clients can connect."""


def serve(options: ServeOptions, announce: Announce) -> bool:
    """Serve until SIGTERM or SIGINT; return False where a part has failed instead, and the log says how.

    Raises:
        CosignError: It cannot be started as it is asked for.
    """
    configure_logging(options.log_level, lag_seconds=_LOG_LAG_SECONDS)
    if options.log_level is not LogLevel.DEBUG:
        logging.getLogger(_TALKATIVE).setLevel(logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(_serve(options, announce))
        except asyncio.CancelledError:
            return True  # told to stop before anybody was served


async def _serve(options: ServeOptions, announce: Announce) -> bool:
    draining = Draining()
    async with AsyncExitStack() as stack:
        heeding = stack.enter_context(_ending_on_signals())
        api = KubernetesApi(open_connection(options.kubeconfig))
        stack.push_async_callback(api.close)
        parts = await build_parts(api, options.site, draining)
        stack.push_async_callback(parts.close)
        await parts.start()
        probes = _probes(parts)
        _serve_metrics(options.listen, probes, stack)
        certificate = await _load_certificate(options, parts, stack)
        await parts.start_exceptions()
        if options.audits:
            await parts.start_audit()
        reviews = build_reviews(parts.handler, parts.record, draining)
        resources = build_resource_apps(parts.resource_rules, parts.record, draining)
        app = Paths({**reviews, **resources, **probes})
        leave = functools.partial(_leave, draining)
        tick = functools.partial(_tick, parts, certificate)
        served = Served(app, (), tick, options.quiet_seconds, leave, IDLE_SECONDS)
        server = build_server(served, certificate.context)
        parts.background.stop = server.stop
        heeding.close()
        if parts.background.failure is None:
            await _run(server, options.listen, announce)
        return _has_ended_well(parts)


def _ending_on_signals() -> ExitStack:
    """End when told to stop, until the server heeds signals itself: nobody does that for the first of a container."""
    loop, task, heeding = asyncio.get_running_loop(), asyncio.current_task(), ExitStack()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: task is None or task.cancel())
        heeding.callback(loop.remove_signal_handler, number)
    return heeding


async def _run(server: DrainingServer, listen: Listen, announce: Announce) -> None:
    listener = bind(ServerOptions(listen.host, listen.port))
    collect_rarely()
    with server.capture_signals():  # before anyone can know that we are here
        announce(address_of(listener))
        await server.serve([listener])


def _probes(parts: Parts) -> Mapping[str, ASGIApp]:
    return {"/healthz": Alive(), "/readyz": Ready(parts.readiness.check), "/metrics": MetricsPage()}


def _serve_metrics(listen: Listen, probes: Mapping[str, ASGIApp], stack: AsyncExitStack) -> None:
    """Serve probes and metrics without TLS too: kubelets and Prometheus know no authority of ours."""
    if listen.metrics_port is None:
        return
    server = ThreadedServer(Paths(probes), ServerOptions(listen.host, listen.metrics_port))
    server.start()
    stack.callback(server.stop)
    _LOG.info("metrics are at http://%s/metrics", server.address)


@value
class _Certificate:
    """What TLS is served with, and the end of it, where we know."""

    context: ReloadingContext
    expires_at: Callable[[], datetime | None] = lambda: None


async def _load_certificate(options: ServeOptions, parts: Parts, stack: AsyncExitStack) -> _Certificate:
    """Return what to serve TLS with, as soon as there is a certificate.

    Raises:
        UsageError: The files cannot be used.
    """
    asked = options.certificates
    if asked.files is not None:
        return _Certificate(ReloadingContext.load(asked.files))
    namespace = options.site.namespace
    place = Place(namespace, asked.secret, service_names(asked.service, namespace), asked.bundles)
    keeper = CertificateKeeper(parts.api, parts.leadership, place, ServingFile())
    keeper.start()
    parts.background.start("certificates", keeper.watch_over())
    stack.push_async_callback(keeper.close)
    return _Certificate(await keeper.context(), lambda: keeper.expires_at)


def _tick(parts: Parts, certificate: _Certificate) -> None:
    parts.measure()
    end = certificate.expires_at()
    if end is not None:
        metrics.CERTIFICATE_END.set(end.timestamp())


def _leave(draining: Draining) -> None:
    draining.begun = True
    _LOG.info("told to stop: no longer ready, and serving who still comes")


def _has_ended_well(parts: Parts) -> bool:
    failure = parts.background.failure
    if failure is not None:
        _LOG.error("a part of the webhook failed, and it ends", exc_info=failure)
    return failure is None
