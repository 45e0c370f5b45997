"""One route per path with a table of methods, so that a wrong method is answered once and alike."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Endpoint = Callable[[Request], Awaitable[Response]]


def route(path: str, methods: Mapping[str, Endpoint]) -> Route:
    """Build the route of a path; HEAD is answered as GET, without the body, by the server."""
    table = dict(methods)
    if "GET" in table:
        table["HEAD"] = table["GET"]

    async def choose(request: Request) -> Response:
        return await table[request.method](request)

    return Route(path, choose, methods=list(table))
