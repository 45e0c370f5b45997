"""What the API server speaks to: raw ASGI, since a router would cost more than a decision that is remembered.

Whatever goes wrong is a denial: as an AdmissionReview where it is known which request is meant, as an HTTP error
elsewhere.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from cosignpy.serving.asgi import BodyLimits, answer, header, read_body
from cosignpy.serving.exchange import exchange_of
from cosignpy.serving.problem import Problem, answer_problem, problem_of
from cosignpy.serving.routing import Refused
from cosignpy.values import record
from cosignpy.webhook.decide import refuse
from cosignpy.webhook.handle import Handled, Handler
from cosignpy.webhook.large_reviews import LARGE, LargeReviews
from cosignpy.webhook.recording import Decision, Record, Webhook
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.review import MAX_REVIEW, ReviewRefused, encode_answer, parse_review, parse_timeout

_LOG: Final = logging.getLogger(__name__)

MUTATIONS: Final = "/mutations"
VALIDATIONS: Final = "/validations"

_LIMITS: Final = BodyLimits(MAX_REVIEW, seconds=5.0, together=64 * 1024 * 1024)
JSON: Final = ((b"content-type", b"application/json"),)
_CLOSING: Final = (*JSON, (b"connection", b"close"))

Handle: TypeAlias = Callable[[AdmissionRequest], Awaitable[Handled]]


@record
class Draining:
    """Whether this process is about to end: it answers all who ask, and asks them to go elsewhere next time."""

    begun: bool = False


class Reviews:
    """`/mutations` or `/validations`: one review, one answer."""

    def __init__(
        self, webhook: Webhook, handle: Handle, record: Record, draining: Draining, large: LargeReviews | None = None
    ) -> None:
        self._webhook = webhook
        self._handle = handle
        self._record = record
        self._draining = draining
        self._large = large or LargeReviews()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one review."""
        started = time.monotonic()
        try:
            raw = await read_json(scope, receive, _LIMITS)
            is_large = len(raw) > LARGE
            if is_large:
                await self._large.enter(_left(scope, started))
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:  # noqa: BLE001 # an answer for every error
            await answer_problem(send, problem_for(error))
            return
        try:
            await self._review(scope, send, raw, started)
        finally:
            if is_large:
                self._large.leave()

    async def _review(self, scope: Scope, send: Send, raw: bytes, started: float) -> None:
        try:
            left = _left(scope, started)
            large = len(raw) > LARGE
            request = await asyncio.to_thread(parse_review, raw, left) if large else parse_review(raw, left)
        except ReviewRefused as error:
            if not error.uid:
                await answer_problem(send, Problem(HTTPStatus.BAD_REQUEST, f"malformed AdmissionReview: {error.why}"))
                return
            took = time.monotonic() - started
            await self._answer(scope, send, error.uid, Decision(self._webhook, None, error.denial, (), took))
            return
        except Exception as error:  # noqa: BLE001 # the same
            await answer_problem(send, problem_for(error))
            return
        handled = await self._decide(request)
        made = Decision(self._webhook, request, handled.answer, handled.findings, time.monotonic() - started)
        await self._answer(scope, send, request.uid, made)

    async def _answer(self, scope: Scope, send: Send, uid: str, made: Decision) -> None:
        """Send an answer, as a whole where the protocol takes it so."""
        body, headers = encode_answer(uid, made.answer), _CLOSING if self._draining.begun else JSON
        exchange = exchange_of(scope)
        complete = (*headers, (b"content-length", b"%d" % len(body)))
        if exchange is None or not exchange.answer(HTTPStatus.OK, complete, body):
            await answer(send, HTTPStatus.OK, body, headers)
        self._record(made)

    async def _decide(self, request: AdmissionRequest) -> Handled:
        try:
            return await self._handle(request)
        except Exception:  # noqa: BLE001 # whatever it is, the object is refused
            _LOG.exception("an admission request could not be decided")
            why = "the webhook failed over this object; its log says how. Ask the administrators of the cluster"
            return Handled(refuse(HTTPStatus.INTERNAL_SERVER_ERROR, why))


async def read_json(scope: Scope, receive: Receive, limits: BodyLimits) -> bytes:
    """Return the body of a request that can be a review.

    Raises:
        Refused: It cannot.
        Exception: As `read_body`.
    """
    if scope["method"] != "POST":
        raise Refused(Problem(HTTPStatus.METHOD_NOT_ALLOWED, "POST only", ((b"allow", b"POST"),)))
    kind = header(scope, b"content-type").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise Refused(Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "reviews are application/json"))
    return await read_body(scope, receive, limits)


@lru_cache(maxsize=64)
def _timeout(query: bytes) -> float:
    """Return how long the API server waits: it says so in each query, and nearly always the same."""
    found = parse_qs(query.decode("latin-1")).get("timeout", [""])
    return parse_timeout(found[0])


def _left(scope: Scope, started: float) -> float:
    """Return how long the API server still waits, in seconds."""
    return _timeout(scope["query_string"]) - (time.monotonic() - started)


def problem_for(error: Exception) -> Problem:
    """Return what to tell a client; what is our own mistake is logged."""
    problem = error.problem if isinstance(error, Refused) else problem_of(error)
    if problem.ours:
        _LOG.error("request failed", exc_info=error)
    return problem


class Paths:
    """Finds the app of a path."""

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self._apps.get(scope["path"])
        if app is None:
            await answer_problem(send, Problem(HTTPStatus.NOT_FOUND, f"there are {', '.join(self._apps)}"))
        else:
            await app(scope, receive, send)


def build_reviews(handler: Handler, record: Record, draining: Draining) -> Mapping[str, ASGIApp]:
    """Build the apps that decide over workloads, by their paths, which are the policy controller's."""
    large = LargeReviews()
    return {
        MUTATIONS: Reviews(Webhook.MUTATING, handler.mutate, record, draining, large),
        VALIDATIONS: Reviews(Webhook.VALIDATING, handler.validate, record, draining, large),
    }
