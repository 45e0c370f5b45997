"""The registry put together: routes, and around them authentication, faults and the request log."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cosignpy.localregistry.auth.accounts import Accounts
from cosignpy.localregistry.auth.basic import BasicAuth, BasicGate
from cosignpy.localregistry.auth.bearer import BearerAuth, BearerGate
from cosignpy.localregistry.auth.tokens import TokenBook
from cosignpy.localregistry.auth.tokenserver import TokenRoutes
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.misbehaviour import Misbehaviour
from cosignpy.localregistry.requestlog import RequestLog
from cosignpy.localregistry.routes.blobs import BlobRoutes
from cosignpy.localregistry.routes.dispatch import route
from cosignpy.localregistry.routes.manifests import ManifestRoutes
from cosignpy.localregistry.routes.paging import MAX_PAGE
from cosignpy.localregistry.routes.referrers import ReferrerRoutes
from cosignpy.localregistry.routes.tags import TagRoutes
from cosignpy.localregistry.routes.uploads import UploadRoutes
from cosignpy.localregistry.storage import open_storage
from cosignpy.serving.asgi import BodyTooLarge
from cosignpy.values import value

_CLIENT_GONE = 499
"""For the log only: nobody is there to read it."""


Authentication = BasicAuth | BearerAuth
"""How clients have to show who they are."""


@value
class Registry:
    """The finished application and its request log."""

    app: ASGIApp
    log: RequestLog


def build_registry(directory: Path, faults: Faults, authentication: Authentication | None) -> Registry:
    """Put a registry together over a folder."""
    storage = open_storage(directory)
    page_size = faults.page_size or MAX_PAGE
    routes = [
        route("/v2/", {"GET": _ping}),
        *UploadRoutes(storage).routes(),
        *BlobRoutes(storage).routes(),
        *ManifestRoutes(storage).routes(),
        *TagRoutes(storage, page_size).routes(),
        *ReferrerRoutes(storage, page_size).routes(),
    ]
    log = RequestLog(Misbehaviour(_guard(routes, faults, authentication), faults))
    return Registry(log, log)


def _guard(routes: list[Route], faults: Faults, authentication: Authentication | None) -> ASGIApp:
    """Put the authentication in front of the routes; bearer tokens add the endpoint that issues them."""
    match authentication:
        case BasicAuth(accounts):
            return BasicGate(_build_app(routes), Accounts(accounts))
        case BearerAuth(accounts, lifetime, anonymous):
            tokens = TokenBook(lifetime, faults.token_uses)
            token_routes = TokenRoutes(Accounts(accounts), anonymous, tokens).routes()
            return BearerGate(_build_app([*token_routes, *routes]), tokens)
    return _build_app(routes)


def _build_app(routes: list[Route]) -> Starlette:
    handlers = {OciError: _refuse, HTTPException: _refuse_path, ClientDisconnect: _give_up, BodyTooLarge: _refuse_size}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app


async def _ping(_: Request) -> Response:
    """Say that this is a registry ("Determining Support")."""
    return Response(b"{}", headers={"docker-distribution-api-version": "registry/2.0"}, media_type="application/json")


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, OciError)  # noqa: S101 - Starlette's handlers are typed for any exception
    return error.response()


async def _refuse_path(_: Request, error: Exception) -> Response:
    """Answer an unknown path or a wrong method, which Starlette raises itself, with an error body, too."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    headers = error.headers or {}
    return OciError(ErrorCode.UNSUPPORTED, error.detail, status=error.status_code, headers=headers).response()


async def _refuse_size(_: Request, error: Exception) -> Response:
    return OciError(ErrorCode.SIZE_INVALID, str(error), status=413).response()


async def _give_up(_request: Request, _error: Exception) -> Response:
    return Response(status_code=_CLIENT_GONE)
