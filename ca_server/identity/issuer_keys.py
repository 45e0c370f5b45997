"""The keys of issuers, kept: fetched when they are needed, renewed when they are old, and used through an outage.

One process's cache, in memory. A restart during an outage of an issuer forgets its keys, and its tokens are put off
until it answers again: keys in a file would be believed by whoever can write that file, which no token is worth.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeAlias

from ca_server.identity.claims import TokenRefused
from ca_server.identity.discovery import IssuerEndpoint
from ca_server.identity.jose import IssuerKey
from ca_server.identity.jwks import parse_jwks
from ca_server.identity.least_recent import LeastRecent
from cosignpy.errors import CosignError, FileError, RemoteError, Unreachable
from cosignpy.values import record, replace, value

MAX_ISSUERS: Final = 1000
"""Issuers whose keys are kept: one wildcard can stand for as many as there are. The least used one goes first."""
MAX_ASKED: Final = 10_000
"""Issuers of which it is known when they were last asked. Apart from the keys, so that names that anyone can think of
do not push out the keys of issuers that exist."""
MAX_FETCHES: Final = 8
"""Fetches at a time, each a thread: so many issuers can be slow at once before others have to wait for them."""
BUSY_SECONDS: Final = 1.0
"""When to try again while `MAX_FETCHES` are under way."""

_PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
_LOG: Final = logging.getLogger(__name__)

Keys: TypeAlias = tuple[IssuerKey, ...]
Fetch: TypeAlias = Callable[[IssuerEndpoint], bytes]
"""Fetches an issuer's JWK set; `discovery.fetch_key_set`, with its options."""
Start: TypeAlias = Callable[[Callable[[], None]], None]
"""Has something done, elsewhere and soon."""


@record
class IssuerUnreachable(CosignError):
    """An issuer cannot be asked for its keys at the moment; nothing is wrong with the token, as far as is known."""

    issuer: str
    why: str
    retry_after: float

    def __str__(self) -> str:
        return f"the keys of {self.issuer} cannot be had: {self.why}"


@value
class KeyOptions:
    """How long keys are used, in seconds."""

    fresh: float = 3600.0
    """Without asking again."""
    kept: float = 24 * 3600.0
    """While the issuer does not answer."""
    interval: float = 10.0
    """How often an issuer is asked: for a key nobody has heard of, and after it did not answer."""


@value
class Failure:
    """What came of a fetch instead of keys."""

    why: str
    passing: bool
    """Whether it may work later."""
    until: float = 0.0
    """When the issuer will be asked again, on the clock of `IssuerKeys`."""

    def error(self, issuer: str, now: float) -> CosignError:
        """Build what is raised; one error object for all who waited would gather the traceback of each."""
        if self.passing:
            return IssuerUnreachable(issuer, self.why, max(self.until - now, BUSY_SECONDS))
        return TokenRefused(f"its issuer's keys cannot be had: {self.why}")


Outcome: TypeAlias = Keys | Failure


@value
class _Kept:
    keys: Keys
    at: float


@value
class _Asked:
    at: float
    failure: Failure | None = None


def start_thread(work: Callable[[], None]) -> None:
    """Do it in a thread that does not keep the process from ending."""
    threading.Thread(target=work, name="issuer-keys", daemon=True).start()


class IssuerKeys:
    """The keys of all issuers; safe to share among threads. Nothing here waits: what must be waited for is a future."""

    def __init__(
        self, fetch: Fetch, options: KeyOptions, monotonic: Callable[[], float], start: Start = start_thread
    ) -> None:
        self._fetch = fetch
        self._options = options
        self._monotonic = monotonic
        self._start = start
        self._lock = threading.RLock()
        # All guarded by the lock.
        self._kept: LeastRecent[IssuerEndpoint, _Kept] = LeastRecent(MAX_ISSUERS)
        self._asked: LeastRecent[IssuerEndpoint, _Asked] = LeastRecent(MAX_ASKED)
        self._running: dict[IssuerEndpoint, Future[Outcome]] = {}

    def known(self, endpoint: IssuerEndpoint) -> Keys | None:
        """Return the keys to use without waiting, None when the issuer has to be asked first.

        One that did not answer the last time is asked again, now and then, while the keys it had are used: nobody waits
        for it.
        """
        with self._lock:
            kept = self._find_kept(endpoint)
            if kept is None or self._monotonic() - kept.at < self._options.fresh:
                return None if kept is None else kept.keys
            asked = self._asked.get(endpoint)
            if asked is None or asked.failure is None:
                return None
            if self._may_ask(endpoint) and len(self._running) < MAX_FETCHES:
                self._begin(endpoint)
            return kept.keys

    def kept(self, endpoint: IssuerEndpoint) -> Keys | None:
        """Return the keys to use when an issuer cannot be asked."""
        with self._lock:
            found = self._find_kept(endpoint)
            return None if found is None else found.keys

    def fetched(self, endpoint: IssuerEndpoint) -> "Future[Outcome]":
        """Fetch the keys of an issuer, or join those who are waiting for them already.

        Raises:
            IssuerUnreachable: It did not answer a moment ago, or too many are being asked.
            TokenRefused: A moment ago it was not one.
        """
        with self._lock:
            running = self._running.get(endpoint)
            if running is not None:
                return running
            failure = self._recent_failure(endpoint)
            if failure is not None:
                raise failure.error(endpoint.url, self._monotonic())
            if len(self._running) >= MAX_FETCHES:
                raise IssuerUnreachable(endpoint.url, "too many issuers are being asked", BUSY_SECONDS)
            return self._begin(endpoint)

    def renewed(self, endpoint: IssuerEndpoint) -> "Future[Outcome] | None":
        """Fetch keys again because those that are known did not do; None when that was tried a moment ago.

        Raises:
            IssuerUnreachable: It did not answer a moment ago, or too many are being asked.
            TokenRefused: A moment ago it was not one.
        """
        with self._lock:
            if endpoint in self._running or self._may_ask(endpoint) or self._recent_failure(endpoint) is not None:
                return self.fetched(endpoint)
            return None

    def _find_kept(self, endpoint: IssuerEndpoint) -> _Kept | None:
        found = self._kept.get(endpoint)
        if found is not None and self._monotonic() - found.at >= self._options.kept:
            self._kept.remove(endpoint)
            return None
        return found

    def _may_ask(self, endpoint: IssuerEndpoint) -> bool:
        asked = self._asked.get(endpoint)
        recently = asked is not None and self._monotonic() - asked.at < self._options.interval
        return not recently and endpoint not in self._running

    def _recent_failure(self, endpoint: IssuerEndpoint) -> Failure | None:
        asked = self._asked.get(endpoint)
        return None if asked is None or self._may_ask(endpoint) else asked.failure

    def _begin(self, endpoint: IssuerEndpoint) -> "Future[Outcome]":
        future: Future[Outcome] = Future()
        # Running, it cannot be cancelled: one client that goes away must not take the keys from all the others.
        future.set_running_or_notify_cancel()
        self._running[endpoint] = future
        try:
            self._start(lambda: self._work(endpoint, future))
        except RuntimeError as error:  # the system gives no thread; whoever asks later may get one
            until = self._monotonic() + self._options.interval
            outcome = Failure(str(error), passing=True, until=until)
            _LOG.warning("the keys of %s cannot be had: %s", endpoint.url, outcome.why)
            self._finish(endpoint, outcome)
            future.set_result(outcome)
        return future

    def _work(self, endpoint: IssuerEndpoint, future: "Future[Outcome]") -> None:
        outcome: Outcome = Failure("the fetch came to no end", passing=True)
        try:
            outcome = self._ask(endpoint)
        finally:  # whatever happens, nobody waits for ever
            self._finish(endpoint, outcome)
            future.set_result(outcome)

    def error_of(self, failure: Failure, endpoint: IssuerEndpoint) -> CosignError:
        """Build what a failure means to one of those who waited for the keys."""
        return failure.error(endpoint.url, self._monotonic())

    def _ask(self, endpoint: IssuerEndpoint) -> Outcome:
        try:
            found = parse_jwks(self._fetch(endpoint))
        except CosignError as error:
            failure = replace(_explain(error), until=self._monotonic() + self._options.interval)
            _LOG.warning("the keys of %s cannot be had: %s", endpoint.url, failure.why)
            return failure
        for why in found.passed_over:
            _LOG.info("a key of %s is not used: %s", endpoint.url, why)
        return found.keys

    def _finish(self, endpoint: IssuerEndpoint, outcome: Outcome) -> None:
        with self._lock:
            now = self._monotonic()
            self._asked.put(endpoint, _Asked(now, outcome if isinstance(outcome, Failure) else None))
            if isinstance(outcome, tuple):
                self._kept.put(endpoint, _Kept(outcome, now))
            self._running.pop(endpoint, None)


def _explain(error: CosignError) -> Failure:
    """Tell what may pass from what will be the same the next time; the latter is no reason for a client to wait."""
    if isinstance(error, Unreachable):
        return Failure(error.detail, passing=True)
    if isinstance(error, RemoteError):
        return Failure(f"{error.detail} (status {error.status})", passing=error.status in _PASSING)
    return Failure(str(error), passing=isinstance(error, FileError))  # a file of ours is no fault of the token
