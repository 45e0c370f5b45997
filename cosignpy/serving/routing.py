"""From a request to the endpoint that answers it, at the cost of one look-up in a dictionary.

Endpoints return their answer, or raise; what is wrong becomes an answer in one place, in the error shape of
the face. A framework's router costs more than all else that a log does for an entry besides verifying it.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Final, NamedTuple, TypeAlias

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from cosignpy.serving.asgi import answer
from cosignpy.serving.problem import ErrorShape, Headers, Problem, problem_json, problem_of
from cosignpy.values import record, replace, value

_LOG: Final = logging.getLogger(__name__)

JSON: Final = (b"content-type", b"application/json")
NO_STORE: Final = (b"cache-control", b"no-cache, no-store, max-age=0")

MAX_DETAIL: Final = 1024
"""Characters of what an error says: it repeats what a request said, which may be megabytes."""

_TEMPLATE: Final = re.compile(r"\{(?P<name>[a-z]+)(?P<rest>\*?)\}")
_METHODS: Final = ("GET", "POST")


class Answer(NamedTuple):
    """What an endpoint says; a tuple, because one is made for each request."""

    status: int
    body: bytes
    headers: Headers = ()


Endpoint: TypeAlias = Callable[[Scope, Receive], Awaitable[Answer]]


@value
class Route:
    """A method and a path: `{name}` stands for one segment, `{name*}` at the end for all that is left."""

    method: str
    path: str
    endpoint: Endpoint


@record
class Refused(Exception):
    """An endpoint's own refusal."""

    problem: Problem

    def __str__(self) -> str:
        return f"{self.problem.status.phrase}: {self.problem.detail}"


@value
class Manner:
    """What the answers of a face have in common: what errors become, how that looks, and headers of every answer."""

    shape: ErrorShape = problem_json
    headers: Headers = ()
    translate: Callable[[Exception], Problem] = problem_of


class Router:
    """The endpoints of one face; an ASGI app."""

    def __init__(self, routes: Sequence[Route], manner: Manner | None = None) -> None:
        self.routes = tuple(routes)
        self._manner = manner or Manner()
        self._exact = {(route.method, route.path): route.endpoint for route in routes if "{" not in route.path}
        self._patterns = [(route.method, _compile(route.path), route.endpoint) for route in routes if "{" in route.path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        method = scope["method"]
        found = self._exact.get((method, scope["path"]))
        try:
            status, body, headers = await (found or self._find(scope))(scope, receive)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:  # noqa: BLE001 # an answer for every error, and a traceback in the log for ours
            status, body, headers = self._refuse(error)
        if method == "HEAD":
            send = _without_body(send)
        await answer(send, status, body, (*headers, *self._manner.headers))

    def _find(self, scope: Scope) -> Endpoint:
        """Find an endpoint by pattern.

        Raises:
            Refused: There is none at that path, or none for that method.
        """
        path: str = scope["path"]
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        found = self._match(method, scope, path)
        if found is not None:
            return found
        allowed = [other for other in _METHODS if self._match(other, scope, path)]
        if scope["method"] == "OPTIONS" and allowed:
            return _preflight
        if allowed:
            allow = (b"allow", ", ".join(allowed).encode())
            raise Refused(Problem(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed", (allow,)))
        raise Refused(Problem(HTTPStatus.NOT_FOUND, "Not Found"))

    def _match(self, method: str, scope: Scope, path: str) -> Endpoint | None:
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact
        for wanted, pattern, endpoint in self._patterns:
            match = pattern.fullmatch(path) if wanted == method else None
            if match is not None:
                scope["path_params"] = match.groupdict()
                return endpoint
        return None

    def _refuse(self, error: Exception) -> Answer:
        problem = error.problem if isinstance(error, Refused) else self._manner.translate(error)
        if problem.ours:
            _LOG.error("request failed", exc_info=error)
        shown = replace(problem, detail=problem.detail[:MAX_DETAIL])
        body = self._manner.shape(shown)
        kind = (b"content-type", body.media_type)
        return Answer(problem.status, body.content, (kind, (b"cache-control", b"no-store"), *problem.headers))


def _without_body(send: Send) -> Send:
    """Send the head only: its length is that of what GET would answer (RFC 9110 section 9.3.2)."""

    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_head


async def _preflight(_scope: Scope, _receive: Receive) -> Answer:
    """Tell a browser what it may send here (Fetch standard, "CORS-preflight request")."""
    allowed = (
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-allow-headers", b"accept, content-type"),
    )
    return Answer(HTTPStatus.OK, b"", allowed)


def _compile(template: str) -> re.Pattern[str]:
    pieces = _TEMPLATE.split(template)
    pattern = re.escape(pieces[0])
    for name, rest, literal in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        pattern += f"(?P<{name}>{'.+' if rest else '[^/]+'})" + re.escape(literal)
    return re.compile(pattern)
