"""A limit on how often one client may ask: token buckets by address, in bounded memory.

Each process counts for itself. With several workers behind one port, which the kernel deals connections to, each
gets its share of the rate (`Rate.share`); a client on one connection may then use no more than that share.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Final, Self

from starlette.types import ASGIApp, Receive, Scope, Send

from cosignpy.errors import MalformedError
from cosignpy.serving.problem import ErrorShape, Problem, answer_problem, problem_json
from cosignpy.serving.routing import Refused
from cosignpy.values import value

MAX_CLIENTS: Final = 50_000
"""Clients remembered at once, about 10 MB; the one not seen for longest is forgotten, and begins with a full bucket."""

MAX_FORWARDED: Final = 16
"""Proxies in a row that are looked at; real chains have two or three."""

_IPV6_PREFIX: Final = 64
"""What one subscriber is given (RFC 6177): limiting single addresses would limit nobody."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@value
class Network:
    """A range of addresses, such as `10.0.0.0/8` or one address alone."""

    range: ipaddress.IPv4Network | ipaddress.IPv6Network

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an address or a range in CIDR notation (RFC 4632).

        Raises:
            MalformedError: It is neither, or has bits beyond its prefix.
        """
        try:
            return cls(ipaddress.ip_network(text))
        except ValueError as error:
            raise MalformedError("network", str(error)) from error

    def __str__(self) -> str:
        return str(self.range)


@value
class Rate:
    """So many requests a second over time, and `burst` at once."""

    per_second: float
    burst: int

    def share(self, workers: int) -> "Rate":
        """Return the part of one of several worker processes."""
        return Rate(self.per_second / workers, max(1, math.ceil(self.burst / workers)))


class TokenBuckets:
    """One bucket for each client: it holds `burst` tokens, a request takes one, `per_second` are added."""

    def __init__(self, rate: Rate, max_clients: int = MAX_CLIENTS) -> None:
        self._rate = rate
        self._max_clients = max_clients
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, client: str, now: float) -> float:
        """Take a token; return 0, or the seconds until there is one."""
        tokens, since = self._buckets.pop(client, (float(self._rate.burst), now))
        tokens = min(self._rate.burst, tokens + (now - since) * self._rate.per_second)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._rate.per_second
        self._buckets[client] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > self._max_clients:
            self._buckets.popitem(last=False)
        return wait


class ClientAddresses:
    """Tells clients apart: by the connection's address, or by what trusted proxies say of it."""

    def __init__(self, trusted: tuple[Network, ...] = ()) -> None:
        self._trusted = trusted
        self._is_trusted = lru_cache(maxsize=1024)(self._look_up)

    def __call__(self, scope: Scope) -> str:
        """Return the client of a request: an IPv4 address or an IPv6 /64; nothing for a local socket."""
        client = scope.get("client")
        peer = str(client[0]) if client else ""
        if self._trusted and self._is_trusted(peer):
            return self._forwarded(scope, peer)
        return client_key(peer)

    def _forwarded(self, scope: Scope, peer: str) -> str:
        """Read `X-Forwarded-For` from its end: each proxy appends whom it was asked by, a client can only prepend.

        Some append a line of their own, and lines of one name are one list (RFC 9110 section 5.3).
        """
        lines = [content for name, content in scope["headers"] if name == b"x-forwarded-for"]
        for text in reversed(b",".join(lines).decode("latin-1").split(",")[-MAX_FORWARDED:]):
            address = text.strip()
            if parse_address(address) is None:
                break
            peer = address
            if not self._is_trusted(address):
                break
        return client_key(peer)

    def _look_up(self, text: str) -> bool:
        address = parse_address(text)
        return address is not None and any(address in network.range for network in self._trusted)


@lru_cache(maxsize=4096)
def client_key(text: str) -> str:
    """Return what stands for a client: its IPv4 address, its IPv6 /64, or the text if it is no address."""
    address = parse_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, _IPV6_PREFIX), strict=False))
    return text if address is None else str(address)


def parse_address(text: str) -> Address | None:
    """Parse an address, an IPv4 one also in its IPv6 spelling; None for anything else."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


@value
class SharedLimit:
    """How often each client may ask, counted for all that shares the limit."""

    buckets: TokenBuckets
    client_of: Callable[[Scope], str]

    def admit(self, scope: Scope) -> None:
        """Count a request, where only what answers it knows that it counts.

        Raises:
            Refused: 429: the client asks too often.
        """
        wait = self.buckets.take(self.client_of(scope), time.monotonic())
        if wait:
            raise Refused(_too_many(wait))


class LimitRate:
    """Answers 429 with `Retry-After` to clients that ask too often (RFC 6585 section 4)."""

    def __init__(
        self,
        app: ASGIApp,
        buckets: TokenBuckets,
        client_of: Callable[[Scope], str],
        shape: ErrorShape = problem_json,
    ) -> None:
        self._app = app
        self._buckets = buckets
        self._client_of = client_of
        self._shape = shape

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        wait = self._buckets.take(self._client_of(scope), time.monotonic())
        if not wait:
            await self._app(scope, receive, send)
            return
        await answer_problem(send, _too_many(wait), self._shape)


def _too_many(wait: float) -> Problem:
    seconds = math.ceil(wait)
    retry = ((b"retry-after", b"%d" % seconds),)
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, f"too many requests; try again in {seconds} s", retry)
