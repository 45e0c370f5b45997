"""The composition root of what clients see: certificates, timestamps, and what stands in front of both."""

import logging
import math
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from ca_server.authorities import MAIN, Authorities
from ca_server.authority.protocol import Authority
from ca_server.config import IdentitySettings, LimitSettings, Settings
from ca_server.identity.cluster import ClusterFiles
from ca_server.identity.discovery import FetchOptions, fetch_key_set
from ca_server.identity.identify import Identities
from ca_server.identity.issuer_file import WatchedIssuers
from ca_server.identity.issuer_keys import IssuerKeys, KeyOptions
from ca_server.identity.issuers import Issuers
from ca_server.identity.principal import Principal
from ca_server.identity.principals.table import build_principal
from ca_server.issuance.audit import AuditLog
from ca_server.issuance.ct_submit import CtSubmissions, build_submitter
from ca_server.issuance.errors import TooMany
from ca_server.issuance.issue import CertificateIssuer, Ports, Profile
from ca_server.metrics import BARE, TIMESTAMP_PATHS, MeasureServices, measure_authorities
from ca_server.problems import CA_MANNER
from ca_server.routes.signing_cert import SigningCert
from ca_server.routes.timestamp import TIMESTAMP_MANNER, Timestamps, build_timestamp_routes
from ca_server.routes.trust import Trust
from ca_server.tls import load_tls
from ca_server.tsa.opening import OpenedTimestamps, open_timestamps
from cosignpy.net.clock import Clock
from cosignpy.net.proxy import Proxies
from cosignpy.serving.asgi import BodyLimits
from cosignpy.serving.draining import Served
from cosignpy.serving.health import Alive, Ready
from cosignpy.serving.metrics import MetricsPage
from cosignpy.serving.rate_limit import ClientAddresses, LimitRate, TokenBuckets
from cosignpy.serving.request_log import LogRequests
from cosignpy.serving.routing import Route, Router
from cosignpy.serving.rpc_status import rpc_status
from cosignpy.values import value

_REQUESTS: Final = logging.getLogger("ca_server.requests")
_AUDIT: Final = logging.getLogger("ca_server.audit")

_UNLIMITED: Final = frozenset(("/healthz", "/readyz", "/metrics"))


@value
class Opened:
    """What one process serves with, and what it lets go of at the end."""

    served: Served
    close: Callable[[], None]


def open_app(settings: Settings, data: Path, authorities: Authorities) -> Opened:
    """Put certificates, timestamps, health and metrics behind one app.

    Raises:
        CosignError: A file that the settings name cannot be used.
    """
    issuers = open_issuers(settings)
    submissions = CtSubmissions(build_submitter(settings.transparency))
    certificates = _build_certificates(settings, authorities, issuers, submissions)
    stamping = authorities.timestamping
    stamps = open_timestamps(stamping, settings.timestamps, data) if stamping is not None else None
    exact: dict[str, ASGIApp] = {
        "/healthz": Alive(),
        "/readyz": Ready(partial(_why_not_ready, authorities, stamps), rpc_status),
    }
    if settings.metrics is None:
        exact["/metrics"] = MetricsPage(BARE)
    dispatcher = Dispatcher(exact, certificates, _build_timestamps(settings, stamps))
    limited = _limit(dispatcher, settings.limits, max(1, settings.workers))
    app = LogRequests(limited, _REQUESTS, MeasureServices())
    watched = authorities.watched if issuers is None else (*authorities.watched, issuers)
    if stamps is not None:
        stamps.watch.start()

    def close() -> None:
        submissions.close()
        if stamps is not None:
            stamps.watch.stop()

    return Opened(Served(app, watched, partial(measure_authorities, authorities.issuing)), close)


def check_files(settings: Settings) -> None:
    """Look once at the files that workers open, so that a mistake is told to whoever starts the server.

    Raises:
        CosignError: One cannot be used.
    """
    open_issuers(settings)
    build_submitter(settings.transparency)
    load_tls(settings)


def open_issuers(settings: Settings) -> WatchedIssuers | None:
    """Read whose tokens are believed.

    Raises:
        CosignError: The file cannot be read, or something in it is wrong.
    """
    path = settings.identity.issuers
    return WatchedIssuers(path, settings.private_authorities) if path is not None else None


class Dispatcher:
    """Finds the app of a path: one of its own, the timestamp authority's, or the certificate authority's."""

    def __init__(self, exact: dict[str, ASGIApp], certificates: ASGIApp, timestamps: ASGIApp) -> None:
        self._exact = exact
        self._certificates = certificates
        self._timestamps = timestamps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"]
        app = self._exact.get(path)
        if app is None:
            app = self._timestamps if path.startswith(TIMESTAMP_PATHS) else self._certificates
        await app(scope, receive, send)


def _build_certificates(
    settings: Settings, authorities: Authorities, issuers: WatchedIssuers | None, submissions: CtSubmissions
) -> Router:
    table = issuers.current if issuers is not None else partial(Issuers, ())
    identities = Identities(table, _build_keys(settings.identity), build_principal, time.time)
    ports = Ports(
        identities.identify,
        _build_admission(settings.limits, max(1, settings.workers)),
        authorities.issuing,
        submissions.submit,
        AuditLog(_AUDIT).write,
    )
    issuer = CertificateIssuer(Profile.of(settings.certificates, settings.transparency.sct), ports)
    signing = SigningCert(issuer, BodyLimits(settings.limits.body))
    trust = Trust(tuple(authorities.issuing.values()), lambda: tuple(table()))
    return Router(
        (
            Route("POST", "/api/v2/signingCert", signing.create),
            Route("GET", "/api/v2/trustBundle", trust.bundle),
            Route("GET", "/api/v2/configuration", trust.configuration),
            Route("POST", "/api/v1/signingCert", signing.create_legacy),
            Route("GET", "/api/v1/rootCert", trust.legacy_root),
        ),
        CA_MANNER,
    )


def _build_timestamps(settings: Settings, opened: OpenedTimestamps | None) -> Router:
    """Build the timestamp authority; where there is none, its paths are not found, in its own way of saying so."""
    if opened is None:
        return Router((), TIMESTAMP_MANNER)
    status = HTTPStatus.CREATED if settings.timestamps.status_201 else HTTPStatus.OK
    return Router(build_timestamp_routes(Timestamps(opened.responder, status=status)), TIMESTAMP_MANNER)


def _build_keys(settings: IdentitySettings) -> IssuerKeys:
    options = FetchOptions(
        settings.fetch_timeout,
        Proxies.from_environment(os.environ),
        ClusterFiles(settings.cluster_ca, settings.cluster_token),
    )
    kept = KeyOptions(settings.keys_fresh, settings.keys_kept, settings.refresh_interval)
    return IssuerKeys(lambda endpoint: fetch_key_set(endpoint, options, Clock()), kept, time.monotonic)


def _build_admission(limits: LimitSettings, workers: int) -> Callable[[Principal], None]:
    """Build the limit on certificates of one identity: its issuer and its name together."""
    if limits.identity is None:
        return lambda _: None
    buckets = TokenBuckets(limits.identity.share(workers))

    def admit(principal: Principal) -> None:
        wait = buckets.take(f"{principal.issuer} {principal.name.text}", time.monotonic())
        if wait:
            raise TooMany(f"no certificate for this identity for another {wait:.1f} s", retry_after=math.ceil(wait))

    return admit


def _limit(app: ASGIApp, limits: LimitSettings, workers: int) -> ASGIApp:
    """Put the limit on requests of one address in front, if there is one; health is asked by machines, and often."""
    if limits.address is None:
        return app
    buckets = TokenBuckets(limits.address.share(workers))
    limited = LimitRate(app, buckets, ClientAddresses(limits.trusted_proxies), rpc_status)

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        await (app if scope["path"] in _UNLIMITED else limited)(scope, receive, send)

    return choose


async def _why_not_ready(authorities: Authorities, stamps: OpenedTimestamps | None) -> str:
    """Say which authorities cannot do their work now; nothing if all can."""
    now = datetime.now(UTC)
    reasons = [_why_not_issuing(name, authority, now) for name, authority in authorities.issuing.items()]
    if stamps is not None:
        reasons.append(stamps.responder.trouble())
    return "; ".join(reason for reason in reasons if reason)


def _why_not_issuing(name: str, authority: Authority, now: datetime) -> str:
    issuing = authority.current()
    whose = f"the authority of {name}" if name != MAIN else "the authority"
    return "" if issuing.not_before <= now < issuing.not_after else f"the certificate of {whose} is not valid now"
