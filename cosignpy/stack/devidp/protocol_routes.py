"""What programs ask: the discovery document, the keys, tokens, and codes for devices."""

from collections.abc import Mapping
from typing import Final

from oauthlib.common import Request as OAuthRequest
from oauthlib.oauth2 import InvalidRequestError, OAuth2Error
from oauthlib.oauth2.rfc8628.endpoints import DeviceAuthorizationEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cosignpy.core.encoding import JsonValue
from cosignpy.serving.asgi import BodyTooLarge, read_capped
from cosignpy.stack.devidp.clients import (
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    REFRESH_TOKEN,
    SCOPES,
)
from cosignpy.stack.devidp.devices import DeviceBook, DeviceCodes
from cosignpy.stack.devidp.endpoints import Endpoints
from cosignpy.stack.devidp.forms import MAX_FORM
from cosignpy.stack.devidp.key_ring import KeyRing
from cosignpy.stack.devidp.pages import CONSEQUENCE, WARNING
from cosignpy.stack.devidp.signing_keys import TokenAlgorithm
from cosignpy.values import value

AUTHORIZE: Final = "/authorize"
TOKEN: Final = "/token"  # noqa: S105 # a path
KEYS: Final = "/keys"
DEVICE_CODES: Final = "/device/code"
DEVICE_PAGE: Final = "/device"
DISCOVERY: Final = "/.well-known/openid-configuration"

_NEVER_KEPT: Final[Mapping[str, str]] = {"cache-control": "no-store", "pragma": "no-cache"}
"""RFC 6749 section 5.1."""
_KEPT: Final[Mapping[str, str]] = {"cache-control": "max-age=60"}


def describe(issuer: str) -> dict[str, JsonValue]:
    """Return the discovery document (OIDC Discovery section 3, RFC 8414 section 2, RFC 8628 section 4)."""
    return {
        "issuer": issuer,
        "development_only": f"{WARNING}. {CONSEQUENCE}",
        "authorization_endpoint": issuer + AUTHORIZE,
        "token_endpoint": issuer + TOKEN,
        "device_authorization_endpoint": issuer + DEVICE_CODES,
        "jwks_uri": issuer + KEYS,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE, CLIENT_CREDENTIALS],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm.value for algorithm in TokenAlgorithm],
        "scopes_supported": [*SCOPES],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "email", "email_verified"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


@value
class ProtocolRoutes:
    """The endpoints of one issuer."""

    issuer: str
    ring: KeyRing
    endpoints: Endpoints
    device_endpoint: DeviceAuthorizationEndpoint
    devices: DeviceBook

    def routes(self) -> list[Route]:
        """Return what answers where."""
        return [
            Route(DISCOVERY, self.discovery),
            Route(KEYS, self.keys),
            Route(TOKEN, self.token, methods=["POST"]),
            Route(DEVICE_CODES, self.device_codes, methods=["POST"]),
        ]

    async def discovery(self, _: Request) -> Response:
        """Say what there is."""
        return JSONResponse(describe(self.issuer), headers=_KEPT)

    async def keys(self, _: Request) -> Response:
        """Send the public keys."""
        return Response(self.ring.encode_jwks(), headers=_KEPT, media_type="application/json")

    async def token(self, request: Request) -> Response:
        """Exchange whatever the client has for tokens (RFC 6749 section 3.2)."""
        try:
            body = await _read_body(request)
            headers, answer, status = self.endpoints.create_token_response(
                _uri(self.issuer, request), "POST", body, _headers(request)
            )
        except (OAuth2Error, ValueError) as error:
            return _refuse(error)
        return Response(answer, status, headers)

    async def device_codes(self, request: Request) -> Response:
        """Begin with a device (RFC 8628 section 3.1)."""
        try:
            asked = OAuthRequest(_uri(self.issuer, request), "POST", await _read_body(request), _headers(request))
            challenge = _read_challenge(asked)
            _, answer, status = self.device_endpoint.create_device_authorization_response(
                asked.uri, "POST", str(asked.body), asked.headers
            )
        except (OAuth2Error, ValueError) as error:
            return _refuse(error)
        codes = DeviceCodes(str(answer["device_code"]), str(answer["user_code"]))
        self.devices.add(codes, str(asked.client_id), tuple(str(answer.get("scope", "")).split()), challenge)
        return JSONResponse(answer, status, _NEVER_KEPT)


def _uri(issuer: str, request: Request) -> str:
    """Return the address that was asked, by our own name for us; oauthlib refuses it if it has a query."""
    query = request.scope["query_string"].decode("latin-1")
    return f"{issuer}{request.scope['path']}{'?' if query else ''}{query}"


def _headers(request: Request) -> dict[str, str]:
    """Return the headers that mean something to oauthlib."""
    return {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}


async def _read_body(request: Request) -> str:
    """Read a form as text, which oauthlib takes apart.

    Raises:
        InvalidRequestError: It is too large.
        ValueError: It is no text.
    """
    try:
        return (await read_capped(request, limit=MAX_FORM)).decode("utf-8")
    except BodyTooLarge as error:
        raise InvalidRequestError(f"at most {error.limit} bytes are read.", status_code=413) from error


def _read_challenge(asked: OAuthRequest) -> str:
    """Return what a device's later answers will be held against, nothing if it wants no such thing.

    Raises:
        InvalidRequestError: It is by a method that protects nothing.
    """
    if asked.code_challenge and asked.code_challenge_method != "S256":
        raise InvalidRequestError("code_challenge_method has to be S256.", request=asked)
    return asked.code_challenge or ""


def _refuse(error: OAuth2Error | ValueError) -> Response:
    """Answer as RFC 6749 section 5.2 says; a ValueError is what oauthlib raises for escapes that are none."""
    said = error if isinstance(error, OAuth2Error) else InvalidRequestError("it cannot be decoded.")
    return Response(said.json, said.status_code, {**_NEVER_KEPT, **said.headers}, "application/json")
