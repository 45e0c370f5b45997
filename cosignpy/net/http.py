"""The only HTTP client of the project: HTTP/1.1 with kept connections.

Every wait and every size has a bound (`sockets`), failures are typed (`failures`), answers are
parsed strictly (`http1`), and requests that may be
repeated are, a few times (`retry`). What it does not do: authentication, redirects (`redirects`) and caching.
"""

import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from cosignpy.errors import Unreachable
from cosignpy.net.clock import Clock
from cosignpy.net.connection import Connection, Dialer, Pool
from cosignpy.net.deadline import current_deadline
from cosignpy.net.failures import NotHttp, explain, is_disconnection
from cosignpy.net.http1 import Answer
from cosignpy.net.message import Body, BodyFactory, Headers, OneShotBody, Request
from cosignpy.net.proxy import Proxies
from cosignpy.net.redaction import redact_headers, redact_url
from cosignpy.net.response import Response
from cosignpy.net.retry import Attempts, RetryPolicy
from cosignpy.net.tls import TlsOptions, TlsVerification, build_context
from cosignpy.values import field, replace, value
from cosignpy.version import VERSION

if TYPE_CHECKING:
    import ssl

    from cosignpy.net.address_rule import AddressRule
    from cosignpy.net.tls import SharedTls

__all__ = [
    "Body",
    "BodyFactory",
    "Headers",
    "HttpClient",
    "HttpOptions",
    "OneShotBody",
    "Request",
    "Response",
    "Sender",
    "TlsOptions",
    "TlsVerification",
]


@value
class HttpOptions:
    """How to reach servers, and how patiently (seconds)."""

    connect_timeout: float = 4.0
    read_timeout: float = 30.0
    tls: TlsOptions = field(default_factory=TlsOptions)
    server_names: Mapping[str, str] = field(default_factory=dict)
    """The name a host's certificate must carry, where it is not the host's own."""
    proxies: Proxies = field(default_factory=Proxies)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    user_agent: str = f"cosignpy/{VERSION}"
    rule: "AddressRule | None" = None
    """Whom to speak to, where others name the servers; None for everybody."""
    shared_tls: "SharedTls | None" = field(default=None, repr=False)
    """A context that other clients use as well, in place of one by `tls`."""


class Sender(Protocol):
    """Whatever sends requests."""

    def send(self, request: Request) -> Response:
        """Send one request."""
        ...


class HttpClient:
    """Sends requests over kept connections; safe to share among threads."""

    def __init__(self, options: HttpOptions, clock: Clock | None = None) -> None:
        self._options = options
        self._clock = clock or Clock()
        self._pool = Pool(self._clock.monotonic)
        self._tls_lock = threading.Lock()
        self._tls_context: ssl.SSLContext | None = None
        self._dialer = Dialer(
            options.connect_timeout,
            options.read_timeout,
            self._clock.monotonic,
            self._tls,
            options.server_names,
            options.rule,
        )

    def send(self, request: Request) -> Response:
        """Send a request and return its answer, whatever the status; transient failures are tried again.

        Raises:
            Unreachable: There is no usable answer.
            RemoteError: The proxy refused.
        """
        latest = current_deadline()
        if latest < request.deadline:
            request = replace(request, deadline=latest)
        return self._attempt(request, Attempts(self._options.retry, self._clock, request))

    def close(self) -> None:
        """Close the idle connections; the client stays usable."""
        self._pool.close()

    def _attempt(self, request: Request, attempts: Attempts) -> Response:
        while True:
            response = self._exchange(request, attempts)
            if response is None:
                continue
            pause = attempts.pause_after(response.status, response.headers)
            if pause is None:
                return response
            response.close()
            self._clock.sleep(pause)

    def _exchange(self, request: Request, attempts: Attempts) -> Response | None:
        """Try once: an answer, or None when it failed and may be tried again."""
        started = self._clock.monotonic()
        try:
            connection = self._connect(request)
        except Unreachable as error:
            self._fail(error, request, started)
            attempts.wait_after_failure(error, arrived=False)
            return None
        try:
            raw, connection = self._send_on(connection, request)
        except (OSError, NotHttp) as error:
            failure = explain(error, request.url.origin)
            self._fail(failure, request, started)
            attempts.wait_after_failure(failure, arrived=True)
            return None
        response = Response(request.url, raw, connection, self._pool.give)
        _log(request, str(response.status), self._clock.monotonic() - started)
        if request.method == "GET":
            response.on_truncation(lambda error: self._reopen(error, request, attempts))
        return response

    def _fail(self, failure: Unreachable, request: Request, started: float) -> None:
        failure.url = redact_url(str(request.url))
        _log(request, failure.detail, self._clock.monotonic() - started)

    def _reopen(self, error: Unreachable, request: Request, attempts: Attempts) -> Response:
        attempts.wait_after_failure(error, arrived=True)
        return self._attempt(request, attempts)

    def _connect(self, request: Request) -> Connection:
        kept = self._pool.take(request.url.origin)
        return kept if kept is not None else self._dial(request)

    def _dial(self, request: Request) -> Connection:
        origin = request.url.origin
        return self._dialer.dial(origin, self._options.proxies.select(origin), request.deadline)

    def _send_on(self, connection: Connection, request: Request) -> tuple[Answer, Connection]:
        """Exchange; when a kept connection turns out to be closed, once more on a new one, silently."""
        kept = connection.idle_since is not None
        try:
            return self._converse(connection, request), connection
        except OSError as error:
            if not kept or not request.is_idempotent or not is_disconnection(error):
                raise
            try:
                fresh = self._dial(request)
            except Unreachable:
                raise error from None
        return self._converse(fresh, request), fresh

    def _converse(self, connection: Connection, request: Request) -> Answer:
        try:
            return connection.exchange(request, self._headers(request))
        except BaseException:
            connection.close()
            raise

    def _headers(self, request: Request) -> Mapping[str, str]:
        headers = {"User-Agent": self._options.user_agent, "Accept-Encoding": "identity", **request.headers}
        if request.content_length is not None:
            headers["Content-Length"] = str(request.content_length)
        return headers

    def _tls(self) -> "ssl.SSLContext":
        if self._options.shared_tls is not None:
            return self._options.shared_tls.context()
        with self._tls_lock:
            if self._tls_context is None:
                self._tls_context = build_context(self._options.tls)
            return self._tls_context


def _log(request: Request, outcome: str, seconds: float) -> None:
    # Whoever wants logs has imported `logging`; for everyone else it would only cost start-up time.
    logging = sys.modules.get("logging")
    if logging is None or not hasattr(logging, "getLogger"):  # another thread may be half-way through importing it
        return
    logger = logging.getLogger("cosignpy.http")
    if logger.isEnabledFor(logging.DEBUG):
        url = redact_url(str(request.url))
        headers = redact_headers(request.headers.items())
        logger.debug("%s %s: %s, %.0f ms", request.method, url, outcome, seconds * 1000, extra={"headers": headers})
