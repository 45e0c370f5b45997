"""What people see: where they sign in, for themselves or for a device."""

import math
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from oauthlib.oauth2 import AccessDeniedError, FatalClientError, OAuth2Error
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cosignpy.errors import MalformedError
from cosignpy.serving.rate_limit import ClientAddresses, Rate, TokenBuckets
from cosignpy.stack.devidp.devices import Device, DeviceBook
from cosignpy.stack.devidp.endpoints import Endpoints
from cosignpy.stack.devidp.expiring import Now
from cosignpy.stack.devidp.forms import FormGuard, read_form
from cosignpy.stack.devidp.grants import Approval
from cosignpy.stack.devidp.identity import MAX_EMAIL, Identity, parse_email
from cosignpy.stack.devidp.pages import (
    DevicePage,
    HomePage,
    MessagePage,
    Renderer,
    SignInPage,
    answer_asset,
    load_assets,
)
from cosignpy.stack.devidp.protocol_routes import AUTHORIZE, DEVICE_PAGE
from cosignpy.values import field, replace, value

_SEE_OTHER: Final = 303
"""The form's content must not be sent on, which 307 would do (RFC 9700 section 4.12)."""
_BAD_REQUEST: Final = 400
_NOT_FOUND: Final = 404
_TOO_MANY: Final = 429
_MAX_SHOWN: Final = 32
GUESSES: Final = Rate(1.0, 60)
"""Codes of devices that one browser's machine may try: at that rate none is guessed before it expires."""
_UNKNOWN_CODE: Final = "No device waits with this code: it is mistyped, used up or older than ten minutes."

Fields = Mapping[str, str]


@value
class _Asked:
    """An authorization request that oauthlib found to be in order."""

    query: str
    scopes: tuple[str, ...]
    info: Mapping[str, Any]

    @property
    def redirect_uri(self) -> str:
        """Where the answer goes."""
        return str(self.info["redirect_uri"])


@value
class PeopleRoutes:
    """The pages of one issuer."""

    issuer: str
    endpoints: Endpoints
    devices: DeviceBook
    now: Now
    renderer: Renderer
    guard: FormGuard
    guesses: TokenBuckets = field(default_factory=lambda: TokenBuckets(GUESSES))
    client_of: ClientAddresses = field(default_factory=ClientAddresses)

    def routes(self) -> list[Route]:
        """Return what answers where."""
        assets = load_assets()

        async def asset(request: Request) -> Response:
            if request.path_params["name"] not in assets:
                raise HTTPException(_NOT_FOUND)
            return answer_asset(assets[request.path_params["name"]])

        return [
            Route("/", self.home),
            Route(AUTHORIZE, self.authorize),
            Route(AUTHORIZE, self.sign_in, methods=["POST"]),
            Route(DEVICE_PAGE, self.device),
            Route(DEVICE_PAGE, self.answer_device, methods=["POST"]),
            Route("/static/{name}", asset),
        ]

    async def home(self, _: Request) -> Response:
        """Say what this is."""
        return self.renderer.answer(HomePage(self.issuer))

    async def authorize(self, request: Request) -> Response:
        """Ask a person who they are (OIDC Core section 3.1.2)."""
        asked = self._validate(request)
        if isinstance(asked, Response):
            return asked
        return self._show_sign_in(request, asked, str(asked.info.get("login_hint") or "")[:MAX_EMAIL])

    async def sign_in(self, request: Request) -> Response:
        """Take a person's answer, and send the browser back with a code, or with a no."""
        asked = self._validate(request)
        if isinstance(asked, Response):
            return asked
        fields = await read_form(request)
        self.guard.check(request, fields, AUTHORIZE + asked.query)
        if fields.get("answer") != "yes":
            denied = AccessDeniedError("the user said no.", request=asked.info["request"])
            return RedirectResponse(denied.in_uri(asked.redirect_uri), _SEE_OTHER)
        try:
            identity = Identity(parse_email(fields.get("email", "")))
        except MalformedError as error:
            return self._show_sign_in(request, asked, fields.get("email", "")[:MAX_EMAIL], error.why)
        approval = Approval(str(asked.info["client_id"]), identity, asked.scopes, int(self.now()))
        headers, _, _ = self.endpoints.create_authorization_response(
            f"{self.issuer}{AUTHORIZE}?{asked.query}", scopes=[*asked.scopes], credentials={"user": approval}
        )
        return RedirectResponse(headers["Location"], _SEE_OTHER)

    async def device(self, request: Request) -> Response:
        """Ask for a device's code, and who the device shall be (RFC 8628 section 3.3)."""
        return self._show_device(request, DevicePage("", "", request.query_params.get("user_code", "")[:_MAX_SHOWN]))

    async def answer_device(self, request: Request) -> Response:
        """Take the answer of a device's user."""
        fields = await read_form(request)
        self.guard.check(request, fields, DEVICE_PAGE)
        wait = math.ceil(self.guesses.take(self.client_of(request.scope), self.now()))
        if wait:
            page = MessagePage("Too many codes", f"Try again in {wait} s.")
            return self.renderer.answer(page, _TOO_MANY, **{"retry-after": str(wait)})
        code, email = fields.get("user_code", ""), fields.get("email", "")
        device = self.devices.find(code)
        shown = DevicePage("", "", code[:_MAX_SHOWN], email[:MAX_EMAIL])
        if device is None:
            return self._show_device(request, replace(shown, code_problem=_UNKNOWN_CODE))
        if fields.get("answer") != "yes":
            device.denied = True
            return self.renderer.answer(MessagePage("Denied", "The device gets no token. You can close this page."))
        try:
            self._approve(device, parse_email(email))
        except MalformedError as error:
            return self._show_device(request, replace(shown, email_problem=error.why))
        told = f"The device is {email.strip()} from now on, and goes on by itself. You can close this page."
        return self.renderer.answer(MessagePage("Approved", told))

    def _approve(self, device: Device, email: str) -> None:
        device.approval = Approval(device.client_id, Identity(email), device.scopes, int(self.now()))

    def _validate(self, request: Request) -> _Asked | Response:
        """Have oauthlib look at an authorization request; return it, or the answer to one that is not in order.

        Where the client or the address for answers is wrong, nobody is sent there (RFC 6749 section 4.1.2.1).
        """
        query = _canonical_query(request)
        try:
            scopes, info = self.endpoints.validate_authorization_request(f"{self.issuer}{AUTHORIZE}?{query}")
        except OAuth2Error as error:
            if isinstance(error, FatalClientError) or error.redirect_uri is None:
                return self._refuse(error.description or str(error.error))
            return RedirectResponse(error.in_uri(error.redirect_uri), _SEE_OTHER)
        return _Asked(query, tuple(scopes), info)

    def _refuse(self, why: str) -> Response:
        page = MessagePage("This sign-in cannot go on", f"The program that sent you here asked wrongly: {why}")
        return self.renderer.answer(page, _BAD_REQUEST)

    def _show_sign_in(self, request: Request, asked: _Asked, email: str, problem: str = "") -> Response:
        session = self.guard.session(request)
        action = f"{AUTHORIZE}?{asked.query}"
        token = self.guard.make_token(session, AUTHORIZE + asked.query)
        page = SignInPage(str(asked.info["client_id"]), asked.redirect_uri, action, token, email, problem)
        status = _BAD_REQUEST if problem else 200
        return self.guard.remember(self.renderer.answer(page, status, leads_to=asked.redirect_uri), session)

    def _show_device(self, request: Request, page: DevicePage) -> Response:
        session = self.guard.session(request)
        shown = replace(page, action=DEVICE_PAGE, form_token=self.guard.make_token(session, DEVICE_PAGE))
        status = _BAD_REQUEST if page.code_problem or page.email_problem else 200
        return self.guard.remember(self.renderer.answer(shown, status), session)


def _canonical_query(request: Request) -> str:
    """Return the query in one spelling, so that it is still the same when a browser sends it back."""
    given = request.scope["query_string"].decode("latin-1")
    return urlencode(parse_qsl(given, keep_blank_values=True))
