"""The timestamp authority's interface, that of the real server (timestamp-authority: `openapi.yaml`)."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import orjson
from starlette.types import Receive, Scope

from ca_server.authority.protocol import encode_chain
from ca_server.tsa.clock import ClockUntrusted
from ca_server.tsa.json_request import MAX_JSON, PolicyTooLong, parse_json_request
from ca_server.tsa.policy import NotValidNow, UnacceptedExtension, UnacceptedPolicy
from ca_server.tsa.respond import Responder, Stamp
from cosignpy.core.timestamp.imprint import WeakHash, WrongDigestLength
from cosignpy.core.timestamp.request import MAX_REQUEST, TimestampRequest
from cosignpy.core.x509.der_values import MAX_ARCS
from cosignpy.errors import CosignError, MalformedError
from cosignpy.serving.asgi import BodyLimits, header, read_body
from cosignpy.serving.problem import Body, Headers, Problem, problem_of
from cosignpy.serving.request_log import fields
from cosignpy.serving.routing import JSON, NO_STORE, Answer, Manner, Refused, Route
from cosignpy.values import value

_AUDIT: Final = logging.getLogger("ca_server.audit")

TIMESTAMP: Final = "/api/v1/timestamp"
CHAIN: Final = f"{TIMESTAMP}/certchain"
PING: Final = "/ping"

_REPLY: Final = (b"content-type", b"application/timestamp-reply")
_PEM_CHAIN: Final = (b"content-type", b"application/pem-certificate-chain")
_TEXT: Final = (b"content-type", b"text/plain")

_FAILED: Final = "Error generating timestamp response"
_RETRY_SECONDS: Final = b"30"


@value
class _Form:
    """A form of requests: how much of one is read, and how it is parsed."""

    limits: BodyLimits
    parse: Callable[[bytes], TimestampRequest]


_FORMS: Final[Mapping[bytes, _Form]] = MappingProxyType(
    {
        b"application/timestamp-query": _Form(BodyLimits(size=MAX_REQUEST), TimestampRequest.parse),
        b"application/json": _Form(BodyLimits(size=MAX_JSON), parse_json_request),
    }
)


class Timestamps:
    """The endpoints."""

    def __init__(self, responder: Responder, *, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._responder = responder
        self._status = status

    async def stamp(self, scope: Scope, receive: Receive) -> Answer:
        """POST: give a stamp.

        Raises:
            Refused: Another media type.
            BodyTooLarge: More than any request has.
            CosignError: The request is malformed, or is refused.
        """
        try:
            form = _select_form(scope)
            request = form.parse(await read_body(scope, receive, form.limits))
            stamp = self._responder.respond(request)
        except Exception as error:
            _AUDIT.warning("timestamp refused", extra=fields(reason=_reason(error)))
            raise
        _write_audit(stamp)
        return Answer(self._status, stamp.response, (_REPLY, NO_STORE))

    async def chain(self, _scope: Scope, _receive: Receive) -> Answer:
        """GET the certificates that stamps are given under, the leaf first.

        The real server lets them be kept for a day. With those of yesterday nobody can verify what a key that was
        rotated today stamps, so nobody keeps these, as nobody keeps the trust bundle.
        """
        pems = "".join(encode_chain(self._responder.chain())).encode("ascii")
        return Answer(HTTPStatus.OK, pems, (_PEM_CHAIN, NO_STORE))

    async def ping(self, _scope: Scope, _receive: Receive) -> Answer:
        """GET a sign of life, as the real server gives it."""
        return Answer(HTTPStatus.OK, b".", (_TEXT,))


def build_timestamp_routes(timestamps: Timestamps) -> tuple[Route, ...]:
    """Return the table of contents."""
    return (
        Route("POST", TIMESTAMP, timestamps.stamp),
        Route("GET", CHAIN, timestamps.chain),
        Route("GET", PING, timestamps.ping),
    )


def _select_form(scope: Scope) -> _Form:
    media_type = header(scope, b"content-type")
    form = _FORMS.get(media_type) or _FORMS.get(media_type.partition(b";")[0].strip().lower())
    if form is None:
        raise Refused(Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _FAILED))
    return form


def _reason(error: Exception) -> str:
    """Say why; the words of errors that are not ours may hold anything."""
    return str(error) if isinstance(error, CosignError | Refused) else type(error).__name__


def _write_audit(stamp: Stamp) -> None:
    """Hand a record to the handlers, without `Logger.info`'s search for the line of code it came from."""
    if not _AUDIT.isEnabledFor(logging.INFO):
        return
    info = stamp.info
    line = logging.LogRecord(_AUDIT.name, logging.INFO, "", 0, "timestamp issued", None, None)
    vars(line).update(
        fields(
            serial=f"{info.serial:040x}", imprint=str(info.imprint), policy=info.policy, time=info.moment.isoformat()
        )
    )
    _AUDIT.handle(line)


def _unavailable(message: str) -> Problem:
    retry: Headers = ((b"retry-after", _RETRY_SECONDS),)
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, message, retry)


_PROBLEMS: Final[Mapping[type[Exception], Problem]] = MappingProxyType(
    {
        WeakHash: Problem(HTTPStatus.BAD_REQUEST, "Weak hash algorithm in timestamp request"),
        WrongDigestLength: Problem(
            HTTPStatus.BAD_REQUEST, "Message digest has incorrect length for specified algorithm"
        ),
        PolicyTooLong: Problem(HTTPStatus.BAD_REQUEST, f"OID should be comprised of at most {MAX_ARCS} components"),
        UnacceptedPolicy: Problem(
            HTTPStatus.BAD_REQUEST, "unaccepted policy: requested TSA policy is not supported by the TSA"
        ),
        UnacceptedExtension: Problem(
            HTTPStatus.BAD_REQUEST, "unaccepted extension: requested extensions are not supported by the TSA"
        ),
        ClockUntrusted: _unavailable("the clock of the timestamp authority is not trusted at the moment"),
        NotValidNow: _unavailable("the certificate of the timestamp authority is not valid at the moment"),
        MalformedError: Problem(HTTPStatus.BAD_REQUEST, _FAILED),
        CosignError: Problem(HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED, ours=True),
    }
)
"""From the most specific class to the least: the first that an error is an instance of counts. The sentences are those
of the real server; the reason is in the audit line."""


def translate(error: Exception) -> Problem:
    """Return what to tell the client of an error."""
    return next((problem for kind, problem in _PROBLEMS.items() if isinstance(error, kind)), problem_of(error))


def timestamp_error(problem: Problem) -> Body:
    """Write an error as the real server does, which never uses PKIStatus for it."""
    return Body(orjson.dumps({"code": int(problem.status), "message": problem.detail}), JSON[1])


TIMESTAMP_MANNER: Final = Manner(timestamp_error, (), translate)
