"""The routes of the pages at `/`: addresses to view models to HTML, and nothing more."""

import logging
from asyncio import get_running_loop
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from cosignpy.core.encoding import encode_json
from cosignpy.errors import MalformedError, NotFoundError
from log_server.log import Log
from log_server.tlog.reader import LogDamaged
from log_server.web.lookup import MAX_QUERY, parse_query
from log_server.web.pages import (
    ErrorPage,
    SearchPage,
    search,
    view_entry_page,
    view_home,
    view_page,
    view_search,
)
from log_server.web.places import NoSuchPage, Place, find_active, find_place, parse_number, places_of
from log_server.web.proofs import encode_proven, prove
from log_server.web.rendering import SECURITY_HEADERS, Renderer, answer_asset, load_assets

_LOG: Final = logging.getLogger(__name__)

View: TypeAlias = Callable[[Request], Response]

MAX_WAITING: Final = 64
"""Pages that wait to be made: two seconds of them. Whoever comes then is told to come again."""

_SHARD: Final = "/log/{kind}/{number}"
_ENTRY: Final = _SHARD + "/entry/{index}"


def build_routes(logs: Sequence[Log]) -> list[BaseRoute]:
    """Build the routes of all pages over the logs of this server, to be mounted at `/`."""
    site = Site(logs)
    views: dict[str, View] = {
        "/": site.show_home,
        "/search": site.show_search,
        "/log/{kind}": site.find_log,
        _SHARD: site.show_log,
        _ENTRY: site.show_entry,
        _ENTRY + "/json": site.send_entry,
        "/static/{name}": site.send_asset,
        "/{path:path}": site.refuse,
    }
    return [Route(path, site.endpoint(view)) for path, view in views.items()]


class Site:
    """The pages over some logs. They are made in a thread of their own, one at a time: writers do not wait for them."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._logs = logs
        self._renderer = Renderer()
        self._assets = load_assets()
        self._thread = ThreadPoolExecutor(1, "pages")
        self._waiting = 0

    def endpoint(self, view: View) -> Callable[[Request], Awaitable[Response]]:
        """Make an endpoint of a view."""

        async def answer(request: Request) -> Response:
            if self._waiting >= MAX_WAITING:
                return self._refuse_now(request)
            self._waiting += 1
            try:
                return await get_running_loop().run_in_executor(self._thread, self._show, view, request)
            finally:
                self._waiting -= 1

        return answer

    def _show(self, view: View, request: Request) -> Response:
        """Make a page; where there is nothing to show, or a log is damaged, one that says so."""
        try:
            return view(request)
        except NotFoundError as error:
            return self._page(request, "error.html", ErrorPage("Not found", str(error)), 404)
        except (LogDamaged, MalformedError) as error:  # nothing that is read here comes with the request
            _LOG.exception("a page could not be shown")
            return self._page(
                request, "error.html", ErrorPage("This log is damaged", f"the page cannot be shown: {error}"), 500
            )

    def _refuse_now(self, request: Request) -> Response:
        page = ErrorPage("Too many readers", "more people look at this log than it has time for; try again in a moment")
        answer = self._page(request, "error.html", page, 503)
        answer.headers["retry-after"] = "2"
        return answer

    def refuse(self, _request: Request) -> Response:
        """Refuse every other address.

        Raises:
            NoSuchPage: Always.
        """
        raise NoSuchPage("page at this address")

    def show_home(self, request: Request) -> Response:
        """Show all logs."""
        return self._page(request, "home.html", view_home(self._logs))

    def find_log(self, request: Request) -> Response:
        """Lead to the shard that takes entries, under an address that is the same through every rotation.

        Raises:
            NoSuchPage: There is no such log.
        """
        place = find_active(self._logs, request.path_params["kind"])
        return RedirectResponse(_base(request) + place.path, 303, SECURITY_HEADERS)

    def show_log(self, request: Request) -> Response:
        """Show a shard and a page of its entries.

        Raises:
            NoSuchPage: There is no such shard, or `before` is no number.
        """
        before = request.query_params.get("before")
        end = None if before is None else parse_number(before, what="page before entry")
        return self._page(request, "log.html", view_page(self._place(request), end))

    def show_entry(self, request: Request) -> Response:
        """Show an entry in full, with its proof.

        Raises:
            NotFoundError: There is no such shard, or no such entry in it.
        """
        return self._page(request, "entry.html", view_entry_page(self._place(request), _index(request)))

    def send_entry(self, request: Request) -> Response:
        """Send an entry with its proof as JSON.

        Raises:
            NotFoundError: There is no such shard, or no such entry in it.
        """
        place = self._place(request)
        members = encode_proven(place.shard.identity, prove(place, _index(request)))
        return Response(encode_json(members), headers=SECURITY_HEADERS, media_type="application/json")

    def show_search(self, request: Request) -> Response:
        """Show what a look-up finds; a single entry is shown itself.

        Raises:
            NoSuchPage: The log, or the index from which on it is searched, is none.
        """
        text = request.query_params.get("q", "").strip()
        if len(text) > MAX_QUERY:
            problem = f"That is longer than {MAX_QUERY} characters, which nothing in a log is found by."
            return self._page(request, "search.html", SearchPage(text[:MAX_QUERY], problem=problem), 400)
        query = parse_query(text)
        found = search(self._searched(request), query, _after(request))
        indices = [one.place.entry_path(index) for one in found for index in one.indices]
        if len(indices) == 1 and "after" not in request.query_params:
            return RedirectResponse(_base(request) + indices[0], 303, SECURITY_HEADERS)
        return self._page(request, "search.html", view_search(found, query, f"/search?{urlencode({'q': text})}"))

    def send_asset(self, request: Request) -> Response:
        """Send the style sheet, a script or the icon.

        Raises:
            NoSuchPage: There is no such file.
        """
        name = request.path_params["name"]
        if name not in self._assets:
            raise NoSuchPage(f"file {name[:64]!r}")
        return answer_asset(self._assets[name], request.headers.get("if-none-match"))

    def _searched(self, request: Request) -> Sequence[Place]:
        name = request.query_params.get("log")
        return [find_place(self._logs, name)] if name else tuple(places_of(self._logs))

    def _place(self, request: Request) -> Place:
        return find_place(self._logs, "{kind}/{number}".format(**request.path_params))

    def _page(self, request: Request, name: str, page: object, status: int = 200) -> Response:
        return self._renderer.page(name, page, base=_base(request), status=status)


def _base(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _index(request: Request) -> int:
    return parse_number(request.path_params["index"], what="entry")


def _after(request: Request) -> int:
    after = request.query_params.get("after")
    return -1 if after is None else parse_number(after, what="entries behind")
