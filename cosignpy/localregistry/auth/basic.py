"""HTTP basic authentication in front of every endpoint (RFC 7617)."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from cosignpy.localregistry.access import SCOPE_KEY, Access
from cosignpy.localregistry.auth.accounts import Account, Accounts
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.values import value


@value
class BasicAuth:
    """Ask everyone for name and password."""

    accounts: tuple[Account, ...]


@value
class BasicGate:
    """Middleware that lets in who has an account, with what the account allows."""

    app: ASGIApp
    accounts: Accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or ask for credentials."""
        account = self.accounts.authenticate_basic(Headers(scope=scope))
        if account is None:
            challenge = {"www-authenticate": 'Basic realm="cosignpy registry", charset="UTF-8"'}
            error = OciError(ErrorCode.UNAUTHORIZED, "name and password are needed", headers=challenge)
            await error.response()(scope, receive, send)
            return
        await self.app({**scope, SCOPE_KEY: Access(everywhere=account.actions)}, receive, send)
