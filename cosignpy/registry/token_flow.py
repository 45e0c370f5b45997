"""Getting bearer tokens: the token server of the distribution spec, and its OAuth2 form.

https://distribution.github.io/distribution/spec/auth/token/ and .../spec/auth/oauth/
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import AccessDenied, MalformedError, RateLimited, RemoteError
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Response, Sender
from cosignpy.net.redaction import redact_url
from cosignpy.net.redirects import send_following
from cosignpy.net.retry import parse_retry_after
from cosignpy.net.url import Origin, Url
from cosignpy.registry.auth import Challenge
from cosignpy.registry.credentials import Anonymous, BasicCredential, IdentityToken, TokenCredential
from cosignpy.values import field, replace, value

MAX_TOKEN_ANSWER: Final = 256 * 1024
"""A token with hundreds of group claims reaches some 20 KiB."""

DEFAULT_LIFETIME: Final = 60
"""Seconds a token lives where the server does not say (spec: "expires_in")."""

_MARGIN: Final = 0.1
"""The part of a token's life in which it is replaced already, so that it does not expire on the way."""

_CLIENT: Final = "cosignpy"
_BEARER: Final = re.compile(r"[\x21-\x7e]+")
_NOT_HERE: Final = frozenset({404, 405})
_DENIED: Final = frozenset({400, 401, 403})
_OK: Final = 200


@value
class Token:
    """A bearer token and the moment, by the monotonic clock, to stop using it."""

    value: str = field(repr=False)
    expires_at: float


@value
class TokenServer:
    """The token server a registry's challenge names."""

    client: Sender
    clock: Clock
    registry: Origin
    realm: Url
    service: str

    @classmethod
    def named_by(cls, challenge: Challenge, client: Sender, clock: Clock, registry: Origin) -> "TokenServer":
        """Read a Bearer challenge.

        Raises:
            RemoteError: The realm is no URL, or plain HTTP where the registry is not.
        """
        try:
            realm = Url.parse(challenge.get("realm"))
        except MalformedError as error:
            raise _refused(registry, f"its challenge names a realm that is no URL ({error.why})") from error
        if realm.origin.scheme == "http" and registry.scheme != "http":
            raise _refused(registry, f"its challenge names a token server on plain HTTP, {realm.origin}")
        return cls(client, clock, registry, realm, challenge.get("service"))

    def fetch_token(self, scopes: tuple[str, ...], credential: TokenCredential) -> Token:
        """Ask for a token that covers the scopes.

        Raises:
            AccessDenied: The credentials are wrong, or not enough.
            RemoteError: The server failed, or it must not see these credentials.
            MalformedError: Its answer is not what the spec says.
        """
        self._refuse_exposure(credential)
        match credential:
            case IdentityToken(token):
                form = {"grant_type": "refresh_token", "refresh_token": token}
                return self._parse(self._post(scopes, form))
            case BasicCredential(username, password):
                response = self._get(scopes, {"Authorization": credential.header})
                if response.status in _NOT_HERE:
                    response.close()
                    form = {"grant_type": "password", "username": username, "password": password}
                    response = self._post(scopes, form)
                return self._parse(response)
            case Anonymous():
                return self._parse(self._get(scopes, {}))

    def _refuse_exposure(self, credential: TokenCredential) -> None:
        """A registry on plain HTTP may be anyone; it shall not send our password to a third party's ears."""
        if isinstance(credential, Anonymous):
            return
        if self.realm.origin.scheme == "http" and self.realm.origin.host != self.registry.host:
            why = f"it wants credentials sent over plain HTTP to {self.realm.origin.authority}"
            raise _refused(self.registry, why)

    def _get(self, scopes: tuple[str, ...], headers: Mapping[str, str]) -> Response:
        query = [("service", self.service)] if self.service else []
        query += [("scope", scope) for scope in scopes]
        joint = "&" if "?" in self.realm.target else "?"
        target = f"{self.realm.target}{joint}{urlencode(query)}" if query else self.realm.target
        request = Request("GET", replace(self.realm, target=target), {"Accept": "application/json", **headers})
        return send_following(self.client, request)

    def _post(self, scopes: tuple[str, ...], grant: Mapping[str, str]) -> Response:
        """Post a form. A redirect is not followed: it would take the secret in the body elsewhere."""
        form = {**grant, "service": self.service, "client_id": _CLIENT, "scope": " ".join(scopes)}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return self.client.send(Request("POST", self.realm, headers, urlencode(form).encode("ascii")))

    def _parse(self, response: Response) -> Token:
        asked = self.clock.monotonic()
        with response:
            if response.status != _OK:
                raise self._failure(response)
            answer = JsonObject.parse(response.read(MAX_TOKEN_ANSWER, "token answer"), what="token answer")
        value = answer.optional_text("token") or answer.optional_text("access_token")
        if not _BEARER.fullmatch(value):
            raise MalformedError("token answer", "no token in it")
        lifetime = answer.integer("expires_in") if "expires_in" in answer else DEFAULT_LIFETIME
        return Token(value, asked + lifetime * (1 - _MARGIN))

    def _failure(self, response: Response) -> RemoteError:
        service, url = f"the token server of {self.registry.authority}", redact_url(str(self.realm))
        if response.status in _DENIED:
            hint = f"run `cosignpy login {self.registry.authority}` with credentials that are valid"
            return AccessDenied(service, url, response.status, "credentials refused", hint=hint)
        if response.status == 429:  # noqa: PLR2004 - Too Many Requests, named by the class below
            delay = parse_retry_after(response.headers, self.clock)
            return RateLimited(service, url, response.status, "too many requests", retry_after=delay)
        return RemoteError(service, url, response.status, "no token given")


def _refused(registry: Origin, why: str) -> RemoteError:
    return RemoteError(registry.authority, str(registry), None, why)
