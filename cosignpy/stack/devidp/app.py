"""The issuer put together: routes, and around them what refuses strangers and writes the log."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cosignpy.errors import MalformedError
from cosignpy.net.url import Url
from cosignpy.serving.asgi import BodyTooLarge, header
from cosignpy.serving.health import Alive
from cosignpy.serving.problem import Problem, answer_problem
from cosignpy.serving.request_log import LogRequests
from cosignpy.stack.devidp.clients import Client
from cosignpy.stack.devidp.devices import DeviceBook
from cosignpy.stack.devidp.endpoints import Endpoints, build_device_endpoint
from cosignpy.stack.devidp.forms import ForeignForm, FormGuard
from cosignpy.stack.devidp.minting import Minter
from cosignpy.stack.devidp.pages import MessagePage, Renderer
from cosignpy.stack.devidp.people_routes import PeopleRoutes
from cosignpy.stack.devidp.protocol_routes import DEVICE_PAGE, ProtocolRoutes
from cosignpy.stack.devidp.validator import Validator

PROBES: Final = ("/healthz", "/readyz")
"""It is ready when it lives: it needs nothing else."""

_LOG: Final = logging.getLogger(__name__)
_STATUS: Final[Mapping[type[Exception], int]] = {ForeignForm: 403, MalformedError: 400, BodyTooLarge: 413}


def build_app(minter: Minter, clients: Mapping[str, Client], interval: int) -> ASGIApp:
    """Put an issuer together."""
    devices = DeviceBook(minter.now, interval)
    validator = Validator(minter, clients, devices)
    endpoints = Endpoints(validator, minter.seconds)
    device_endpoint = build_device_endpoint(validator, minter.issuer + DEVICE_PAGE, interval)
    renderer = Renderer()
    routes = [
        *ProtocolRoutes(minter.issuer, minter.ring, endpoints, device_endpoint, devices).routes(),
        *PeopleRoutes(minter.issuer, endpoints, devices, minter.now, renderer, FormGuard()).routes(),
        *(Route(path, Alive()) for path in PROBES),
    ]
    refusals = Refusals(renderer)
    handlers = dict.fromkeys((*_STATUS, HTTPException), refusals)
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return LogRequests(OwnNameOnly(app, Url.parse(minter.issuer).origin.host), _LOG)


class Refusals:
    """Pages for requests that cannot be answered."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def __call__(self, _: Request, error: Exception) -> Response:
        """Say what is wrong."""
        if isinstance(error, HTTPException):
            return self._renderer.answer(MessagePage(error.detail, "Nothing here answers that."), error.status_code)
        status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
        return self._renderer.answer(MessagePage("That did not work", f"{error}."), status)


class OwnNameOnly:
    """Refuses requests that came here by another name than the issuer's or this machine's.

    Else a page of any site could have its name lead here (DNS rebinding), and sign in as whom it likes.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it; probes know machines by their addresses only."""
        if scope["path"] in PROBES or self._is_ours(header(scope, b"host").decode("latin-1")):
            await self._app(scope, receive, send)
            return
        await answer_problem(send, Problem(HTTPStatus.MISDIRECTED_REQUEST, "this is another server than you asked for"))

    def _is_ours(self, host: str) -> bool:
        try:
            origin = Url.parse(f"http://{host}").origin
        except MalformedError:
            return False
        return origin.host == self._host or origin.is_loopback
