"""When to send a request again, and how long to wait before (RFC 9110 section 10.2.3)."""

import re
from typing import Final

from cosignpy.errors import Unreachable
from cosignpy.net.clock import Clock
from cosignpy.net.http_date import parse_http_date
from cosignpy.net.message import Headers, Request
from cosignpy.values import value

_TRANSIENT_STATUS: Final = frozenset({408, 429, 500, 502, 503, 504})
_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_TOO_MANY_REQUESTS: Final = 429
_UNAVAILABLE: Final = 503


@value
class RetryPolicy:
    """How patient to be. Waits grow by doubling, and each is drawn from zero to its bound ("full jitter")."""

    attempts: int = 4
    first_wait: float = 0.25
    longest_wait: float = 2.0
    total: float = 4.0
    """No attempt of ours starts later than this many seconds after the first: people are waiting."""
    longest_demand: float = 20.0
    """The longest `Retry-After` obeyed; a server that asks for more is believed and not waited for."""


NO_RETRIES: Final = RetryPolicy(attempts=1)


def parse_retry_after(headers: Headers, clock: Clock) -> float | None:
    """Return the seconds a server asks to wait: given as a number or a date, None when neither."""
    text = headers.get("Retry-After")
    if text is None:
        return None
    if _SECONDS.fullmatch(text):
        return float(text)
    moment = parse_http_date(text)
    return None if moment is None else max(0.0, moment - clock.wall())


class Attempts:
    """The tries of one request: counts them, and decides about the next."""

    def __init__(self, policy: RetryPolicy, clock: Clock, request: Request) -> None:
        self._policy = policy
        self._clock = clock
        self._request = request
        self._made = 0
        self._started = clock.monotonic()

    def wait_after_failure(self, error: Unreachable, *, arrived: bool) -> None:
        """Pause before the next attempt after a failure of transport.

        Args:
            error: What went wrong.
            arrived: Whether the server may have seen the request.

        Raises:
            Unreachable: The given one, when there shall be no further attempt.
        """
        allowed = self._request.is_idempotent if arrived else self._request.is_replayable
        pause = self._next_pause()
        if not error.retryable or not allowed or pause is None:
            raise error
        self._clock.sleep(pause)

    def pause_after(self, status: int, headers: Headers) -> float | None:
        """Return how long to wait before asking again, or None when this answer is the one to use."""
        if status not in _TRANSIENT_STATUS or not self._may_repeat(status, headers):
            return None
        pause = self._next_pause()
        demanded = parse_retry_after(headers, self._clock)
        if pause is None or demanded is None:
            return pause
        left = self._request.deadline - self._clock.monotonic()
        return max(pause, demanded) if demanded <= min(self._policy.longest_demand, left) else None

    def _may_repeat(self, status: int, headers: Headers) -> bool:
        """A POST is repeated only where the server says that it did nothing (RFC 6585 section 4)."""
        refused = status == _TOO_MANY_REQUESTS or (status == _UNAVAILABLE and "Retry-After" in headers)
        return self._request.is_idempotent or (refused and self._request.is_replayable)

    def _next_pause(self) -> float | None:
        self._made += 1
        if self._made >= self._policy.attempts:
            return None
        bound = min(self._policy.longest_wait, self._policy.first_wait * 2.0 ** (self._made - 1))
        pause = bound * self._clock.chance()
        now = self._clock.monotonic()
        latest = min(self._started + self._policy.total, self._request.deadline)
        return pause if now + pause <= latest else None
