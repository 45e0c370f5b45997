"""OAuth's messages by requests-oauthlib, which is nowhere else; what travels goes through our own HTTP client.

The library's own transport would follow redirects with codes and secrets in hand, read without a limit, and refuse
plain HTTP to this machine as well. It also logs every message, tokens and all: that is turned off.
"""

import io
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self
from urllib.parse import parse_qsl, quote_plus

from oauthlib.oauth2 import BackendApplicationClient, Client, DeviceClient, OAuth2Error
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import IdentityUnusable
from cosignpy.net.http import Request
from cosignpy.net.redaction import REDACTED, redact_text
from cosignpy.net.url import Url
from cosignpy.services.conversation import Conversation, Expected
from cosignpy.services.oidc.discovery import S256, Issuer
from cosignpy.values import field, record, replace, value

SCOPES: Final = ("openid", "email")
MAX_TOKENS: Final = 256 * 1024
"""Three tokens of people in hundreds of groups."""

_ANSWERS: Final = (200, 400, 401, 403, 428)
"""Success, and the ways in which issuers say what OAuth calls an error; Google has 428 for "not yet"."""
_SENT: Final = ("Accept", "Authorization", "Content-Type")
_WHAT: Final = "answer of the token endpoint"
_VERIFIER_LENGTH: Final = 64
_SHORTEST_SECRET: Final = 8
"""Characters; to hide less would blot out ordinary words."""
_SECRET_FIELDS: Final = frozenset({"client_secret", "code", "code_verifier", "device_code"})
_TLS: Final = "https://"

for _chatty in ("oauthlib", "requests_oauthlib"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)


@value
class OAuthClient:
    """Who asks the issuer: the program, by the name that it is registered with; a public one has no secret."""

    name: str
    secret: str = field(default="", repr=False)


@record
class OAuthRefused(Exception):
    """The issuer answered with one of OAuth's errors."""

    code: str
    description: str

    @classmethod
    def told(cls, code: str, description: str, secrets: Iterable[str] = ()) -> Self:
        """Build it of what somebody else wrote, fit to be shown and without what was sent to them."""
        return cls(_scrub(code, secrets), _scrub(description, secrets))


class OAuthSession:
    """One sign-in: it remembers what has to match when the issuer answers."""

    def __init__(self, issuer: Issuer, client: OAuthClient, conversation: Conversation, redirect: str = "") -> None:
        self._issuer = issuer
        self._client = client
        self._conversation = conversation
        self._redirect = redirect
        self._sent: list[str] = []
        self._session = self._open(None)

    def begin(self, state: str, nonce: str) -> str:
        """Return the address where a person signs in.

        Raises:
            IdentityUnusable: The issuer signs nobody in there, or cannot bind a code to us.
        """
        issuer = self._issuer
        if issuer.authorization is None:
            raise IdentityUnusable(issuer.name, "this issuer has no sign-in page", "try --fulcio-auth-flow device")
        if not issuer.proves_codes:
            raise IdentityUnusable(issuer.name, "this issuer does not support PKCE with S256, so codes could be stolen")
        shown = str(issuer.authorization)
        self._session.scope = list(SCOPES)
        address, _ = self._session.authorization_url(_as_tls(shown), state=state, nonce=nonce)
        self._session.scope = None  # oauthlib would refuse tokens for more or fewer scopes, and only `openid` matters
        return shown + address.removeprefix(_as_tls(shown))

    def redeem(self, code: str) -> Mapping[str, Any]:
        """Exchange a code for tokens.

        Raises:
            OAuthRefused: The issuer refused.
            RemoteError: It did not answer, or not as it should.
        """
        return self._fetch(self._session, code=code)

    def poll_device(self, device_code: str, verifier: str) -> Mapping[str, Any]:
        """Ask for the tokens of a device.

        Raises:
            OAuthRefused: Not yet, or never.
            RemoteError: The issuer did not answer, or not as it should.
        """
        session = self._open(DeviceClient(self._client.name))
        return self._fetch(session, device_code=device_code, code_verifier=verifier)

    def fetch_own(self) -> Mapping[str, Any]:
        """Exchange the client's secret for tokens about the client itself.

        Raises:
            OAuthRefused: The issuer refused.
            RemoteError: It did not answer, or not as it should.
        """
        session = self._open(BackendApplicationClient(self._client.name))
        return self._fetch(session, scope=" ".join(SCOPES))

    def _open(self, client: Client | None) -> OAuth2Session:
        pkce = S256 if client is None else None
        session = OAuth2Session(self._client.name, client=client, redirect_uri=self._redirect or None, pkce=pkce)
        session.mount(_TLS, _Transport(self._issuer.token, self._conversation, self._sent))
        return session

    def _fetch(self, session: OAuth2Session, **grant: str) -> Mapping[str, Any]:
        more: dict[str, Any] = {**self._authentication(), **grant}
        try:
            found: Mapping[str, Any] = session.fetch_token(_as_tls(str(self._issuer.token)), **more)
        except OAuth2Error as error:
            # Not `from error`: the library's errors carry the answer.
            raise OAuthRefused.told(error.error or "invalid answer", error.description or "", self._sent) from None
        return found

    def _authentication(self) -> dict[str, Any]:
        """Say how the client shows who it is: RFC 6749 section 2.3.1, or by its name alone."""
        if not self._client.secret:
            return {"include_client_id": True}
        if self._issuer.secrets_in_form:
            return {"include_client_id": True, "client_secret": self._client.secret}
        return {"auth": HTTPBasicAuth(quote_plus(self._client.name), quote_plus(self._client.secret))}


class _Transport(BaseAdapter):
    """Sends what the library would send, to the one endpoint, whatever address the library takes it for."""

    def __init__(self, url: Url, conversation: Conversation, sent: list[str]) -> None:
        super().__init__()
        self._url = url
        self._sent = sent
        self._conversation = conversation

    def send(self, request: PreparedRequest, *_: object, **__: object) -> Response:
        """Send a form and read the answer, which has to be a JSON object."""
        body = request.body or b""
        raw = body.encode("ascii") if isinstance(body, str) else body
        headers = {name: str(request.headers[name]) for name in _SENT if name in request.headers}
        self._sent += _secrets_of(raw.decode("ascii"))
        talk = hide(self._conversation, *self._sent)
        answer = talk.ask(Request("POST", self._url, headers, raw), Expected(_ANSWERS, MAX_TOKENS, _WHAT))
        with talk.understanding(answer):
            JsonObject.parse(answer.body, what=_WHAT)
        response = Response()
        response.status_code, response.encoding, response.request = answer.status, "utf-8", request
        response.raw = io.BytesIO(answer.body)
        return response

    def close(self) -> None:
        """Keep nothing open: the connections are the HTTP client's."""


def _secrets_of(form: str) -> list[str]:
    """Return what nobody else may see of a form, as it is and as it travels."""
    secrets = [content for name, content in parse_qsl(form) if name in _SECRET_FIELDS]
    return [*secrets, *map(quote_plus, secrets)]


def _scrub(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, REDACTED)
    return redact_text(text)


def _as_tls(url: str) -> str:
    """Say https of an address that is known to be private; oauthlib knows no other way to say that."""
    return _TLS + url.partition("://")[2]


def make_challenge() -> tuple[str, str]:
    """Make a verifier, to be kept, and its challenge, to be sent before (RFC 7636 section 4)."""
    client = Client("")
    verifier = client.create_code_verifier(_VERIFIER_LENGTH)
    return verifier, client.create_code_challenge(verifier, S256)


def hide(conversation: Conversation, *secrets: str) -> Conversation:
    """Return a conversation whose errors do not repeat these either."""
    return replace(conversation, hide=(*conversation.hide, *filter(None, secrets)))
