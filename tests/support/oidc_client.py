"""What a tool does to get a token, by oauthlib's client side: the same for every identity provider."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import urlencode

from oauthlib.oauth2 import BackendApplicationClient, DeviceClient, WebApplicationClient

from cosignpy.values import field, value
from tests.support.form_browser import FormBrowser
from tests.support.http_calls import Caller, Reply

CLIENT: Final = "sigstore"
CALLBACK: Final = "http://127.0.0.1:1/auth/callback"
SCOPE: Final = "openid email"

_PLAIN: Final = {"OAUTHLIB_INSECURE_TRANSPORT": "1"}
"""oauthlib's clients insist on TLS else, also on the way to this machine."""
_FORM: Final = "application/x-www-form-urlencoded"


@value
class Person:
    """Who signs in: all that sign-in pages ask for."""

    email: str
    password: str = field(default="anything", repr=False)
    willing: bool = True

    @property
    def answers(self) -> Mapping[str, str]:
        """Return what to put into forms, by the names that providers have for it."""
        who = dict.fromkeys(("email", "login", "username"), self.email)
        agrees = {"answer": "yes", "accept": "Yes"} if self.willing else {"answer": "no", "cancel": "No"}
        return {**who, **agrees, "password": self.password}


@value
class CodeRequest:
    """What a client remembers between asking for a code and redeeming it."""

    url: str
    state: str
    nonce: str
    verifier: str = field(repr=False)


@value
class OidcClient:
    """A public client of one issuer; `described` is the issuer's discovery document."""

    described: Mapping[str, Any]

    @classmethod
    def discover(cls, issuer: str) -> "OidcClient":
        """Read the discovery document."""
        return cls(Caller(issuer).get("/.well-known/openid-configuration").json)

    def post(self, endpoint: str, body: str, **headers: str) -> Reply:
        """Send a form to one of the issuer's endpoints."""
        return Caller(self.described[endpoint]).post("", body.encode(), Content_Type=_FORM, **headers)

    # --- authorization code ---

    def request_code(self, scope: str = SCOPE, **changed: str) -> CodeRequest:
        """Begin: make what protects the exchange, and the address to send a browser to; empty parameters are absent."""
        client = WebApplicationClient(CLIENT)
        verifier = client.create_code_verifier(64)
        state, nonce = secrets.token_urlsafe(), secrets.token_urlsafe()
        asked = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": CALLBACK,
            "scope": scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": client.create_code_challenge(verifier, "S256"),
            "code_challenge_method": "S256",
            **changed,
        }
        query = urlencode({name: content for name, content in asked.items() if content})
        return CodeRequest(f"{self.described['authorization_endpoint']}?{query}", state, nonce, verifier)

    def sign_in(self, request: CodeRequest, person: Person) -> str:
        """Have a person sign in, and return the code.

        Raises:
            oauthlib.oauth2.OAuth2Error: The issuer sent an error instead.
        """
        location = FormBrowser(CALLBACK).answer_all(request.url, person.answers)
        with patch.dict("os.environ", _PLAIN):
            answer: dict[str, str] = WebApplicationClient(CLIENT).parse_request_uri_response(location, request.state)
        return answer["code"]

    def redeem(self, code: str, verifier: str, **changed: str) -> dict[str, Any]:
        """Exchange a code for tokens.

        Raises:
            oauthlib.oauth2.OAuth2Error: The issuer refused.
        """
        asked: dict[str, Any] = {"redirect_uri": CALLBACK, "code_verifier": verifier, **changed}
        body = WebApplicationClient(CLIENT).prepare_request_body(code, **asked)
        return self._tokens(self.post("token_endpoint", body))

    def authorize(self, person: Person, scope: str = SCOPE) -> dict[str, Any]:
        """Do all of it: the tokens of a person."""
        request = self.request_code(scope)
        return self.redeem(self.sign_in(request, person), request.verifier)

    def refresh(self, token: str, **changed: str) -> dict[str, Any]:
        """Exchange a refresh token for another, and more.

        Raises:
            oauthlib.oauth2.OAuth2Error: The issuer refused.
        """
        client = WebApplicationClient(CLIENT)
        body = client.prepare_refresh_body(refresh_token=token, client_id=CLIENT, **changed)
        return self._tokens(self.post("token_endpoint", body))

    # --- devices ---

    def begin_device(self, scope: str = SCOPE) -> dict[str, Any]:
        """Ask for the two codes; as cosign does, with a challenge, whose `code_verifier` is added to the answer."""
        client = DeviceClient(CLIENT)
        verifier = client.create_code_verifier(64)
        challenge = client.create_code_challenge(verifier, "S256")
        asked = {"client_id": CLIENT, "scope": scope, "code_challenge": challenge, "code_challenge_method": "S256"}
        reply = self.post("device_authorization_endpoint", urlencode(asked))
        assert reply.status == 200, reply.body
        return {**reply.json, "code_verifier": verifier}

    def approve_device(self, begun: Mapping[str, Any], person: Person) -> str:
        """Have a person approve; return what the last page says."""
        return FormBrowser(CALLBACK).answer_all(begun["verification_uri_complete"], person.answers)

    def poll_device(self, begun: Mapping[str, Any]) -> dict[str, Any]:
        """Ask whether the person did.

        Raises:
            oauthlib.oauth2.OAuth2Error: Not yet, or the issuer refused.
        """
        more = {"code_verifier": begun["code_verifier"]} if "code_verifier" in begun else {}
        body = DeviceClient(CLIENT).prepare_request_body(begun["device_code"], include_client_id=True, **more)
        return self._tokens(self.post("token_endpoint", body))

    # --- service accounts ---

    def client_credentials(self, name: str, secret: str, **more: str) -> dict[str, Any]:
        """Get the token of a service account.

        Raises:
            oauthlib.oauth2.OAuth2Error: The issuer refused.
        """
        client = BackendApplicationClient(name)
        body = client.prepare_request_body(include_client_id=True, client_secret=secret, **more)
        return self._tokens(self.post("token_endpoint", body))

    def _tokens(self, reply: Reply) -> dict[str, Any]:
        """Read an answer of the token endpoint."""
        client = WebApplicationClient(CLIENT)
        parsed: dict[str, Any] = dict(client.parse_request_body_response(json.dumps(reply.json)))
        return parsed
