"""Asking services whether they are there, for `doctor`: one short try each, and a clear word for what is in the way."""

import socket
from collections.abc import Mapping
from typing import Final

from cosignpy.errors import LimitExceeded, MalformedError, RemoteError, Unreachable
from cosignpy.net.clock import Clock
from cosignpy.net.failures import UntrustedCertificate, WrongProtocol
from cosignpy.net.http import HttpOptions, Request, Response, Sender
from cosignpy.net.http_date import parse_http_date
from cosignpy.net.message import Headers
from cosignpy.net.proxy import Proxies
from cosignpy.net.redaction import redact_text
from cosignpy.net.redirects import send_following
from cosignpy.net.retry import NO_RETRIES
from cosignpy.net.url import Url
from cosignpy.operations.doctor.facts import Asked, NoReply, Obstacle, Reply, ServiceAddress, ServiceRole
from cosignpy.values import field, value

CONNECT_SECONDS: Final = 4.0
SECONDS: Final = 8.0
"""For the whole of an answer: somebody waits, and a service that takes longer is of no use for signing."""
MAX_ANSWER: Final = 1 << 20
"""Octets; a trust bundle or a discovery document has a few thousand."""

_BY_KIND: Final = ((UntrustedCertificate, Obstacle.CERTIFICATE), (WrongProtocol, Obstacle.PROTOCOL))
_BY_CAUSE: Final = (
    (socket.gaierror, Obstacle.NAME),
    (ConnectionRefusedError, Obstacle.REFUSED),
    (TimeoutError, Obstacle.TIMEOUT),
)
_HALF: Final = 0.5
"""Seconds that a Date header is behind on average, since it has whole ones."""
_LONGEST_AGE: Final = 9
"""Digits of an Age header."""


def probe_options(environment: Mapping[str, str]) -> HttpOptions:
    """Return how to ask: with little patience.

    Raises:
        UsageError: A proxy variable that is none.
    """
    return HttpOptions(CONNECT_SECONDS, SECONDS, proxies=Proxies.from_environment(environment), retry=NO_RETRIES)


@value
class HttpProber:
    """Asks over HTTP."""

    sender: Sender
    proxies: Proxies
    clock: Clock = field(default_factory=Clock)

    def ask(self, service: ServiceAddress, url: str) -> Asked:
        """Send a GET for a URL of a service; what goes wrong is part of what is returned."""
        try:
            target = Url.parse(url)
        except MalformedError as error:
            return Asked(service, NoReply(Obstacle.ADDRESS, error.why))
        proxy = self.proxies.select(target.origin)
        try:
            reply: Reply | NoReply = self._converse(service, target)
        except LimitExceeded as error:
            reply = NoReply(Obstacle.OTHER, str(error))
        except RemoteError as error:
            reply = NoReply(classify(error, by_proxy=proxy is not None), redact_text(error.detail))
        return Asked(service, reply, str(proxy.origin) if proxy is not None else "")

    def _converse(self, service: ServiceAddress, target: Url) -> Reply:
        started, before = self.clock.monotonic(), self.clock.wall()
        request = Request("GET", target, {"Accept": "*/*"}, deadline=started + SECONDS)
        with self._send(service, request) as response:
            taken = self.clock.monotonic() - started
            ahead = _measure(response.headers, before + taken / 2)
            return Reply(response.status, response.read(MAX_ANSWER, "answer"), taken, ahead)

    def _send(self, service: ServiceAddress, request: Request) -> Response:
        """Follow redirects to other hosts where the client of that service does."""
        if service.role is ServiceRole.MIRROR:
            return send_following(self.sender, request)
        return self.sender.send(request)


def classify(error: RemoteError, *, by_proxy: bool) -> Obstacle:
    """Say what is in the way."""
    for kind, obstacle in _BY_KIND:
        if isinstance(error, kind):
            return obstacle
    if by_proxy or not isinstance(error, Unreachable):
        return Obstacle.PROXY
    found = (obstacle for kind, obstacle in _BY_CAUSE if isinstance(error.__cause__, kind))
    return next(found, Obstacle.TLS if "TLS" in error.detail else Obstacle.OTHER)


def _measure(headers: Headers, now: float) -> float | None:
    """Return how far our clock is ahead of the Date of an answer; a cache may have kept it (RFC 9111 section 5.1)."""
    moment, age = parse_http_date(headers.get("Date") or ""), headers.get("Age") or ""
    if moment is None:
        return None
    kept = int(age) if age.isascii() and age.isdecimal() and len(age) <= _LONGEST_AGE else 0
    return now - moment - kept - _HALF
