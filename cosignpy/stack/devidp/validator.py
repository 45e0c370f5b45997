"""The questions that oauthlib asks while it carries out grants, answered from what this issuer knows.

oauthlib decides the order and the errors; here is only what is true. What an answer finds out is left on oauthlib's
request for those after it: `client`, `user` (the approval), `scopes`, `issued` (what a code stands for).
"""

# ruff: noqa: ARG002 - the signatures are oauthlib's

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

from oauthlib.common import Request
from oauthlib.oauth2.rfc8628.request_validator import RequestValidator as DeviceRequestValidator
from oauthlib.openid import RequestValidator

from cosignpy.stack.devidp.clients import (
    CLIENT_CREDENTIALS,
    OFFLINE,
    REFRESH_TOKEN,
    SCOPES,
    SIGSTORE,
    Client,
    ServiceAccount,
    is_loopback_redirect,
)
from cosignpy.stack.devidp.devices import DeviceBook, DeviceState
from cosignpy.stack.devidp.grants import Approval, GrantBook, IssuedCode
from cosignpy.stack.devidp.minting import ACCESS_TOKEN, Minter

_BASIC: Final = "basic"
_ISSUED: Final = "issued"


class Validator(RequestValidator, DeviceRequestValidator):
    """Answers for one issuer."""

    def __init__(self, minter: Minter, clients: Mapping[str, Client], devices: DeviceBook) -> None:
        self._minter = minter
        self._clients = clients
        self._devices = devices
        self._grants = GrantBook(minter.now)

    # --- clients: RFC 6749 section 2.3 ---

    def validate_client_id(self, client_id: str, request: Request, *_: object, **__: object) -> bool:
        """Tell whether there is such a client."""
        request.client = self._clients.get(client_id)
        return request.client is not None

    def client_authentication_required(self, request: Request, *_: object, **__: object) -> bool:
        """Tell whether a client must show a secret: if it has one, or shows one."""
        known = self._clients.get(request.client_id or "")
        return known is None or known.account is not None

    def authenticate_client(self, request: Request, *_: object, **__: object) -> bool:
        """Check a client's secret, from the header or the body."""
        name, secret = _read_basic(request) or (request.client_id or "", request.client_secret or "")
        client = self._clients.get(name)
        if client is None or not client.knows(secret) or request.client_id not in {None, name}:
            return False
        request.client = client
        return True

    def authenticate_client_id(self, client_id: str, request: Request, *_: object, **__: object) -> bool:
        """Take a public client by its name."""
        return self.validate_client_id(client_id, request)

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: object, request: Request, *_: object, **__: object
    ) -> bool:
        """Tell whether a client may ask in this way."""
        return isinstance(client, Client) and grant_type in client.grants

    def validate_response_type(
        self, client_id: str, response_type: str, client: object, request: Request, *_: object, **__: object
    ) -> bool:
        """Allow codes, and no tokens in URLs."""
        return response_type == "code"

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: object, request: Request, *_: object, **__: object
    ) -> bool:
        """Allow the scopes that are known; people's tools get ID tokens, and have to say so."""
        return set(scopes) <= {*SCOPES} and (client != self._clients[SIGSTORE] or "openid" in scopes)

    def get_default_scopes(self, client_id: str, request: Request, *_: object, **__: object) -> list[str]:
        """Return nothing: scopes are asked for."""
        return []

    # --- authorization codes: RFC 6749 section 4.1, RFC 7636 ---

    def get_default_redirect_uri(self, client_id: str, request: Request, *_: object, **__: object) -> str:
        """Return nothing: the port is another each time."""
        return ""

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *_: object, **__: object
    ) -> bool:
        """Allow addresses on the user's machine."""
        return is_loopback_redirect(redirect_uri)

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        """Demand it: every client that may have a code is a public one."""
        return True

    def validate_silent_login(self, request: Request) -> bool:
        """Refuse: nobody stays signed in."""
        return False

    def validate_user_match(self, *_: object, **__: object) -> bool:
        """Allow: there is no session for `id_token_hint` to disagree with."""
        return True

    def save_authorization_code(
        self, client_id: str, code: Mapping[str, Any], request: Request, *_: object, **__: object
    ) -> None:
        """Remember a code, and what must be shown with it."""
        issued = IssuedCode(
            _approval(request), str(request.redirect_uri), str(request.code_challenge), request.nonce or ""
        )
        self._grants.add_code(code["code"], issued)

    def validate_code(
        self, client_id: str, code: str, client: object, request: Request, *_: object, **__: object
    ) -> bool:
        """Take a code; from now on it is worth nothing, even if its verifier turns out to be wrong."""
        issued = self._grants.redeem_code(code, client_id)
        if issued is None:
            return False
        setattr(request, _ISSUED, issued)
        request.user, request.scopes = issued.approval, list(issued.approval.scopes)
        return True

    def get_code_challenge(self, code: str, request: Request) -> str:
        """Return the challenge that came when the code was asked for."""
        return _issued(request).challenge

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        """Return the only method there is."""
        return "S256"

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: object, request: Request, *_: object, **__: object
    ) -> bool:
        """Tell whether the code went there."""
        return _issued(request).redirect_uri == redirect_uri

    def get_authorization_code_nonce(self, client_id: str, code: str, redirect_uri: str, request: Request) -> str:
        """Return the nonce that came when the code was asked for; empty, and in no token, if there was none."""
        return _issued(request).nonce

    def invalidate_authorization_code(self, *_: object, **__: object) -> None:
        """Do nothing: `validate_code` did."""

    # --- refresh tokens: RFC 6749 section 6 ---

    def validate_refresh_token(
        self, refresh_token: str, client: object, request: Request, *_: object, **__: object
    ) -> bool:
        """Tell whether a token is good, and belongs to the client."""
        request.user = self._grants.find_refresh(refresh_token, str(request.client_id))
        return request.user is not None

    def get_original_scopes(self, refresh_token: str, request: Request, *_: object, **__: object) -> list[str]:
        """Return what was approved at the beginning."""
        return list(_approval(request).scopes)

    def is_within_original_scope(self, *_: object, **__: object) -> bool:
        """Refuse scopes beyond the original ones."""
        return False

    def rotate_refresh_token(self, request: Request) -> bool:
        """Give out another each time."""
        self._grants.spend_refresh(str(request.refresh_token))
        return True

    # --- devices: RFC 8628 section 3.4 ---

    def validate_device_code(self, client_id: str, code: str, request: Request, *_: object, **__: object) -> str | None:
        """Tell where a device is."""
        state, approval = self._devices.poll(code, client_id, request.code_verifier or "")
        if approval is not None and state is DeviceState.AUTHORIZED:
            request.user, request.scopes = approval, list(approval.scopes)
        return state and state.value

    # --- tokens ---

    def save_token(self, token: Mapping[str, Any], request: Request, *_: object, **__: object) -> None:
        """Remember a refresh token."""
        if "refresh_token" in token:
            self._grants.add_refresh(token["refresh_token"], _approval(request))

    def get_id_token(self, token: Mapping[str, Any], token_handler: object, request: Request) -> str:
        """Return nothing, so that oauthlib begins one, with nonce and hash of the access token; see below."""
        return ""

    def finalize_id_token(
        self, id_token: dict[str, Any], token: Mapping[str, Any], token_handler: object, request: Request
    ) -> str:
        """Sign an ID token: about whoever approved, or about a service account, whose name its client looks for."""
        bound: dict[str, Any] = {name: id_token[name] for name in ("nonce", "at_hash") if id_token.get(name)}
        if request.grant_type == CLIENT_CREDENTIALS:
            machine = _machine(request)
            told = {"azp": machine.name, **bound, **machine.identity.encode_claims()}
            return self._minter.mint([machine.name, _audience(request)], told)
        approval = _approval(request)
        claims = {"auth_time": approval.moment, **bound, **approval.identity.encode_claims()}
        return self._minter.mint(approval.client_id, claims)

    def make_access_token(self, request: Request) -> str:
        """Sign an access token: about a person as Dex does, since sigstore-python takes it for the ID token.

        About a service account it is RFC 9068's, for the audience that was asked for.
        """
        if request.grant_type == CLIENT_CREDENTIALS:
            machine = _machine(request)
            claims = {"client_id": machine.name, **machine.identity.encode_claims()}
            return self._minter.mint(_audience(request), claims, ACCESS_TOKEN)
        approval = _approval(request)
        return self._minter.mint(approval.client_id, approval.identity.encode_claims())


def wants_refresh_token(request: Request) -> bool:
    """Tell whether a refresh token was approved; one that asks for less this time still has a successor."""
    return request.grant_type == REFRESH_TOKEN or OFFLINE in (request.scopes or ())


def _issued(request: Request) -> IssuedCode:
    """Return what `validate_code` found, and never what a client may have sent by that name."""
    issued: object = getattr(request, _ISSUED)
    assert isinstance(issued, IssuedCode)  # noqa: S101 - see above
    return issued


def _approval(request: Request) -> Approval:
    """Return what the grant found, and never what a client may have sent by that name."""
    approval: object = request.user
    assert isinstance(approval, Approval)  # noqa: S101 - see above
    return approval


def _machine(request: Request) -> ServiceAccount:
    """Return the service account that `authenticate_client` found; no other client has this grant."""
    client: object = request.client
    assert isinstance(client, Client)  # noqa: S101 - see above
    assert client.account is not None  # noqa: S101 - see above
    return client.account


def _audience(request: Request) -> str:
    """Return whom the token of a service account is for; oauthlib does not know this parameter."""
    return str(getattr(request, "audience", None) or SIGSTORE)


def _read_basic(request: Request) -> tuple[str, str] | None:
    """Read HTTP Basic, both parts encoded as in forms (RFC 6749 section 2.3.1); None if it is not that."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != _BASIC:
        return None
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (unquote_plus(name), unquote_plus(secret)) if colon else None
