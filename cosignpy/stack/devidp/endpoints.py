"""oauthlib's endpoints put together, as far as this issuer has them: codes, devices, service accounts, refreshing."""

from collections.abc import Callable
from typing import Any, Final

from oauthlib.common import Request, generate_token
from oauthlib.oauth2 import AuthorizationEndpoint, BearerToken, ClientCredentialsGrant, OAuth2Token, TokenEndpoint
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError
from oauthlib.oauth2.rfc8628.endpoints import DeviceAuthorizationEndpoint
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant
from oauthlib.openid.connect.core.grant_types import AuthorizationCodeGrant, RefreshTokenGrant
from oauthlib.openid.connect.core.grant_types.base import GrantTypeBase

from cosignpy.stack.devidp.clients import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, DEVICE_CODE, REFRESH_TOKEN
from cosignpy.stack.devidp.devices import DEVICE_SECONDS, make_user_code
from cosignpy.stack.devidp.validator import Validator, wants_refresh_token

MAX_PARAMETER: Final = 1024
"""Of state, nonce and the like; Sigstore's tools send about 40 characters."""

_REQUIRED: Final = ("state", "code_challenge")
_LIMITED: Final = (*_REQUIRED, "nonce")
"""sigstore-python sends no nonce; where there is a challenge, a code is of no use to others all the same."""


class Endpoints(AuthorizationEndpoint, TokenEndpoint):
    """The authorization endpoint and the token endpoint (RFC 6749 section 3)."""

    def __init__(self, validator: Validator, seconds: int) -> None:
        tokens = _Tokens(validator, seconds)
        code = AuthorizationCodeGrant(validator)
        code.custom_validators.pre_auth.append(_demand_protection)
        AuthorizationEndpoint.__init__(self, "code", tokens, {"code": code})  # type: ignore[arg-type] # not a text
        TokenEndpoint.__init__(
            self,
            AUTHORIZATION_CODE,
            tokens,  # type: ignore[arg-type] # nor is it here
            {
                AUTHORIZATION_CODE: code,
                CLIENT_CREDENTIALS: _IdTokenGrant(ClientCredentialsGrant(validator)),
                DEVICE_CODE: _IdTokenGrant(DeviceCodeGrant(validator)),
                REFRESH_TOKEN: RefreshTokenGrant(validator),
            },
        )


def build_device_endpoint(validator: Validator, page: str, interval: int) -> DeviceAuthorizationEndpoint:
    """Build the endpoint where devices begin (RFC 8628 section 3.1); `page` is where their users go."""
    return DeviceAuthorizationEndpoint(
        validator,
        verification_uri=page,
        expires_in=DEVICE_SECONDS,
        interval=interval,
        verification_uri_complete=page + "?user_code={user_code}",
        user_code_generator=make_user_code,  # type: ignore[arg-type] # it is called without the argument of its type
    )


class _Tokens(BearerToken):
    """Makes access tokens, and refresh tokens where they were asked for."""

    def __init__(self, validator: Validator, seconds: int) -> None:
        super().__init__(validator, validator.make_access_token, seconds, lambda _: generate_token())

    def create_token(self, request: Request, refresh_token: bool = False, **more: object) -> OAuth2Token:  # noqa: FBT001, FBT002
        """Make the tokens of an answer."""
        return super().create_token(request, refresh_token and wants_refresh_token(request), **more)


class _IdTokenGrant(GrantTypeBase):
    """A grant that to oauthlib has nothing to do with ID tokens, and where `openid` gets one all the same."""

    def __init__(self, grant: ClientCredentialsGrant | DeviceCodeGrant) -> None:
        self.proxy_target = grant

    def create_token_response(self, request: Request, tokens: BearerToken) -> tuple[dict[str, str], str, int | None]:
        """Answer a client."""
        return self.proxy_target.create_token_response(request, _WithIdToken(tokens, self.add_id_token))


class _WithIdToken(BearerToken):
    """Makes tokens as another does, and adds an ID token."""

    def __init__(self, tokens: BearerToken, add: Callable[[OAuth2Token, BearerToken, Request], OAuth2Token]) -> None:
        self._tokens = tokens
        self._add = add

    def create_token(self, request: Request, refresh_token: bool = False, **more: object) -> OAuth2Token:  # noqa: FBT001, FBT002
        """Make the tokens of an answer."""
        made = self._tokens.create_token(request, refresh_token, **more)
        return self._add(made, self._tokens, request)


def _demand_protection(request: Request) -> dict[str, Any]:
    """Refuse requests that a stolen or planted code could be used with: RFC 9700 sections 2.1.1 and 4.7.

    Raises:
        InvalidRequestError: state or an S256 challenge is missing, something is immense, or another answer is wanted
            than one in the query.
    """
    for name in _REQUIRED:
        if not getattr(request, name):
            raise InvalidRequestError(f"{name} is required.", request=request)
    for name in _LIMITED:
        if len(getattr(request, name) or "") > MAX_PARAMETER:
            raise InvalidRequestError(f"{name} has more than {MAX_PARAMETER} characters.", request=request)
    if request.code_challenge_method != "S256":
        raise InvalidRequestError("code_challenge_method has to be S256.", request=request)
    if request.response_mode not in {None, "query"}:
        request.response_mode = None
        raise InvalidRequestError("response_mode has to be query.", request=request)
    return {}
