"""The endpoint that issues tokens (Docker's token specification, and its OAuth2 variant)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cosignpy.core.encoding import encode_json
from cosignpy.localregistry.access import Action
from cosignpy.localregistry.auth.accounts import Account, Accounts
from cosignpy.localregistry.auth.bearer import TOKEN_PATH
from cosignpy.localregistry.auth.tokens import TokenBook, parse_scopes
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.routes.dispatch import route
from cosignpy.serving.asgi import read_capped
from cosignpy.values import value

MAX_FORM: Final = 64 << 10
"""Bytes of a token request; the scopes of a few hundred repositories fit."""


@value
class TokenRoutes:
    """`/token`."""

    accounts: Accounts
    anonymous: frozenset[Action]
    tokens: TokenBook

    def routes(self) -> list[Route]:
        """Return the routes of this module."""
        return [route(TOKEN_PATH, {"GET": self.get, "POST": self.post})]

    async def get(self, request: Request) -> Response:
        """Issue a token for basic credentials, or without any for what everyone may do."""
        account = None
        if "authorization" in request.headers:
            account = self.accounts.authenticate_basic(request.headers)
            if account is None:
                raise OciError(ErrorCode.UNAUTHORIZED, "wrong name or password")
        query = request.query_params
        return self._answer(account, query.getlist("scope"), offline=query.get("offline_token") == "true")

    async def post(self, request: Request) -> Response:
        """Issue a token for a password or a refresh token (RFC 6749 sections 4.3 and 6)."""
        body = await read_capped(request, limit=MAX_FORM)
        form = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))
        grants = {"password": self._by_password, "refresh_token": self._by_refresher}
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            return _refuse("unsupported_grant_type")
        account = grant(form)
        if account is None:
            return _refuse("invalid_grant")
        return self._answer(account, form.get("scope", "").split(), offline=form.get("access_type") == "offline")

    def _by_password(self, form: dict[str, str]) -> Account | None:
        return self.accounts.authenticate(form.get("username", ""), form.get("password", ""))

    def _by_refresher(self, form: dict[str, str]) -> Account | None:
        return self.tokens.refreshers.get(form.get("refresh_token", ""))

    def _answer(self, account: Account | None, scopes: Iterable[str], *, offline: bool) -> Response:
        allowed = account.actions if account else self.anonymous
        token = self.tokens.issue(allowed, parse_scopes(part for text in scopes for part in text.split()))
        body = {
            "token": token,
            "access_token": token,
            "expires_in": int(self.tokens.lifetime),
            "issued_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        if account and offline:
            body["refresh_token"] = self.tokens.issue_refresher(account)
        return _json(body, 200)


def _refuse(error: str) -> Response:
    return _json({"error": error}, 400)


def _json(body: dict[str, object], status: int) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(encode_json(body), status_code=status, headers=headers, media_type="application/json")
