"""How every service here is spoken to: bounded in time and size, to the configured host only, failures in one line.

Whatever a service writes is shown redacted and short: it may hold what was sent to it, and terminals are no place for
what others write.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import (
    AccessDenied,
    LimitExceeded,
    MalformedError,
    RateLimited,
    RemoteError,
    Unreachable,
    UsageError,
)
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Response, Sender
from cosignpy.net.redaction import REDACTED, redact_text, redact_url
from cosignpy.net.retry import parse_retry_after
from cosignpy.net.url import Url
from cosignpy.values import field, replace, value

MAX_REDIRECTS: Final = 3
"""Within the host: from one path to another, seldom twice."""
MAX_ERROR_BODY: Final = 16 << 10
"""Only one line of it is shown."""

_ANY_METHOD: Final = frozenset({307, 308})
_SAFE_METHODS: Final = frozenset({301, 302, 303, 307, 308})
_TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})
_DENIED: Final = frozenset({401, 403})
_ELSEWHERE: Final = frozenset({404, 405})
_MESSAGES: Final = ("message", "detail", "error")
"""Where services put their words: google.rpc.Status and Rekor v1, RFC 9457, and smaller programs."""
_PIECE: Final = r"[A-Za-z0-9_+/-]{12,}"
"""What may be a piece of a secret; to hide less would blot out ordinary words."""


@value
class Answer:
    """An answer that was read whole: where from, its status, and the headers that matter here."""

    url: Url
    status: int
    body: bytes = field(repr=False)
    location: str | None = None
    log_index: str | None = None
    """`x-log-index`, by which Rekor v2 says where an entry is that it has already."""


@value
class Expected:
    """Which answers are answers: of these statuses, and no larger than that."""

    statuses: tuple[int, ...]
    cap: int
    what: str


@value
class Conversation:
    """Requests to one service.

    Attributes:
        service: What the service is called in errors.
        seconds: How long one request may take from its start to the last octet of the answer, retries included.
        hide: Texts that no error may show.
    """

    service: str
    sender: Sender = field(repr=False, compare=False)
    clock: Clock = field(repr=False, compare=False)
    seconds: float
    hide: tuple[str, ...] = field(default=(), repr=False)

    def ask(self, request: Request, expected: Expected) -> Answer:
        """Send a request, and follow redirects within its host; an answer of an expected status is read whole.

        Raises:
            RemoteError: Another status, a redirect elsewhere, or more than is read.
            Unreachable: No usable answer.
        """
        timed = replace(request, deadline=self.clock.monotonic() + self.seconds)
        for _ in range(MAX_REDIRECTS + 1):
            with self.sender.send(timed) as response:
                if response.status in expected.statuses:
                    return self._read(response, expected)
                target = self._redirect(timed, response)
                if target is None:
                    raise self._failure(response)
            timed = replace(timed, url=target)
        raise self.refusal(request.url, None, f"it redirects more than {MAX_REDIRECTS} times")

    def refusal(self, url: Url, status: int | None, why: str) -> RemoteError:
        """Build the error of an answer that cannot be used."""
        return RemoteError(self.service, redact_url(str(url)), status, self._show(why))

    @contextmanager
    def understanding(self, answer: Answer) -> Iterator[None]:
        """Turn what is wrong with the form of an answer into an error that says whose answer it is.

        Raises:
            RemoteError: The answer is malformed.
        """
        try:
            yield
        except MalformedError as error:
            # The cause quotes what was answered, which may be what must not be shown.
            raise self.refusal(answer.url, answer.status, str(error)) from (None if self.hide else error)

    def _read(self, response: Response, expected: Expected) -> Answer:
        try:
            body = response.read(expected.cap, expected.what)
        except LimitExceeded as error:
            raise self.refusal(response.url, response.status, str(error)) from error
        headers = response.headers
        return Answer(response.url, response.status, body, headers.get("Location"), headers.get("x-log-index"))

    def _redirect(self, request: Request, response: Response) -> Url | None:
        """Return where a redirect leads; another host, port or scheme is another server, which nobody configured."""
        location = response.headers.get("Location")
        followed = _SAFE_METHODS if request.method == "GET" else _ANY_METHOD
        if response.status not in followed or location is None:
            return None
        try:
            target = response.url.join(location)
        except MalformedError as error:
            raise self.refusal(response.url, response.status, "it redirects to what is no URL") from error
        if target.origin != response.url.origin:
            where = f"it redirects to another server, {target.origin}"
            raise self.refusal(response.url, response.status, where)
        return target

    def _failure(self, response: Response) -> RemoteError:
        """Turn an answer that is a failure into an error; reads the answer."""
        url, status = redact_url(str(response.url)), response.status
        told = self._show(_read_message(response))
        detail = told or _phrase(status)
        if status in _DENIED:
            return AccessDenied(self.service, url, status, detail)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            delay = parse_retry_after(response.headers, self.clock)
            wait = f"try again in {delay:.0f} seconds" if delay is not None else "try again later"
            return RateLimited(self.service, url, status, detail, retryable=True, hint=wait, retry_after=delay)
        hint = f"is this the address of {self.service}?" if status in _ELSEWHERE and not told else None
        return RemoteError(self.service, url, status, detail, retryable=status in _TRANSIENT, hint=hint)

    def _show(self, text: str) -> str:
        """Return a text without secrets, and without any longer piece of one."""
        for secret in filter(None, self.hide):
            text = text.replace(secret, REDACTED)
        return redact_text(re.sub(_PIECE, self._show_piece, text))

    def _show_piece(self, found: re.Match[str]) -> str:
        return REDACTED if any(found[0] in secret for secret in self.hide) else found[0]


def _read_message(response: Response) -> str:
    """Return the service's own words where it has some: a failure to read them must not hide the failure."""
    try:
        found = JsonObject.parse(response.read(MAX_ERROR_BODY, "error answer"), what="error answer")
    except (MalformedError, Unreachable):
        return ""
    texts = (found.members.get(name) for name in _MESSAGES)
    return next((text for text in texts if isinstance(text, str) and text), "")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return f"status {status}"


def endpoint(base: str, path: str) -> Url:
    """Return the URL of a path below a service's address, as signing configs give it.

    Raises:
        UsageError: The address has a query.
        MalformedError: It is no URL.
    """
    if "?" in base or "#" in base:
        raise UsageError(f"the address {redact_url(base)} has a query or a fragment, and paths are added to it")
    return Url.parse(base.rstrip("/") + path)
