"""Bearer tokens in front of every endpoint (RFC 6750, Docker's token specification)."""

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from cosignpy.localregistry.access import SCOPE_KEY, Access, Action
from cosignpy.localregistry.auth.accounts import Account, credentials
from cosignpy.localregistry.auth.tokens import TokenBook
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.values import value

TOKEN_PATH: Final = "/token"  # noqa: S105 - a path
SERVICE: Final = "cosignpy-registry"
_WANTED: Final[Mapping[Action, str]] = {
    Action.PULL: "pull",
    Action.PUSH: "pull,push",  # whoever pushes looks first what is there
    Action.DELETE: "delete",
}


@value
class BearerAuth:
    """Ask everyone for a token; `anonymous` is what a token without an account allows."""

    accounts: tuple[Account, ...]
    lifetime: float = 300.0
    anonymous: frozenset[Action] = frozenset()


@value
class BearerGate:
    """Middleware that lets in who has a token, with what the token allows."""

    app: ASGIApp
    tokens: TokenBook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or say where tokens are to be had."""
        if scope["path"] == TOKEN_PATH:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        challenge = _Challenge(f"{scope['scheme']}://{headers.get('host', '')}{TOKEN_PATH}")
        token = credentials(headers, "bearer")
        permissions = self.tokens.use(token)
        if permissions is None and (token or scope["path"] == "/v2/"):
            await challenge.refuse("", None, "invalid_token" if token else "").response()(scope, receive, send)
            return
        access = Access(permissions or {}, refusal=challenge.insufficient if token else challenge.missing)
        await self.app({**scope, SCOPE_KEY: access}, receive, send)


@value
class _Challenge:
    """What a 401 says: where to get a token, and for what (RFC 6750 section 3)."""

    realm: str

    def missing(self, name: str, action: Action | None) -> OciError:
        return self.refuse(name, action, "")

    def insufficient(self, name: str, action: Action | None) -> OciError:
        return self.refuse(name, action, "insufficient_scope")

    def refuse(self, name: str, action: Action | None, error: str) -> OciError:
        scope = f"repository:{name}:{_WANTED[action]}" if action else ""
        fields = {"realm": self.realm, "service": SERVICE, "scope": scope, "error": error}
        header = "Bearer " + ",".join(f'{key}="{value}"' for key, value in fields.items() if value)
        message = "the token does not cover this" if error == "insufficient_scope" else "a valid token is needed"
        return OciError(ErrorCode.UNAUTHORIZED, message, headers={"www-authenticate": header})
