"""The ways to have somebody sign in: in a browser here, in one elsewhere, on another device, or with a client's secret.

Authorization code with PKCE (RFC 7636, RFC 8252), device authorization (RFC 8628), client credentials (RFC 6749
section 4.4). A code or token is believed only with the state and the nonce that were made for it.
"""

import hmac
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import CosignError, IdentityUnusable, MalformedError
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request
from cosignpy.net.url import Url
from cosignpy.services.conversation import Conversation, Expected
from cosignpy.services.oidc.claims import looks_like_token, parse_claims
from cosignpy.services.oidc.discovery import S256, Issuer
from cosignpy.services.oidc.landing import failed, signed_in
from cosignpy.services.oidc.loopback import Fields, Loopback, Received, is_state, parse_answer
from cosignpy.services.oidc.oauth import SCOPES, OAuthClient, OAuthRefused, OAuthSession, hide, make_challenge
from cosignpy.services.oidc.person import Person
from cosignpy.services.oidc.redirect import Redirect
from cosignpy.services.oidc.token import IdentityToken
from cosignpy.values import value

SIGN_IN_SECONDS: Final = 120.0
"""cosign's: enough to find a password and a second factor."""
MAX_DEVICE_SECONDS: Final = 900.0
"""Whatever an issuer says: nobody waits longer at a terminal."""
MAX_DEVICE_ANSWER: Final = 64 * 1024

_DEFAULT_INTERVAL: Final = 5
"""Seconds between two questions where the issuer does not say (RFC 8628 section 3.2)."""
_SLOWER: Final = 5
"""By so much the time between two questions grows when the issuer asks for it (RFC 8628 section 3.5)."""
_SECRET_BYTES: Final = 32
_FORM: Final = "application/x-www-form-urlencoded"
_REFUSALS: Final = {
    "access_denied": "access was denied",
    "expired_token": "the code expired before anybody entered it",
    "login_required": "nobody is signed in there",
}
"""OAuth's errors that people can do something about, in plain words."""


@value
class SignIn:
    """All that a flow needs: whom to ask, as which client, and who is there to help."""

    issuer: Issuer
    client: OAuthClient
    audience: str
    conversation: Conversation
    clock: Clock
    person: Person
    seconds: float = SIGN_IN_SECONDS

    def refusal(self, why: str, hint: str | None = None) -> IdentityUnusable:
        """Build the error of a sign-in that failed."""
        return IdentityUnusable(self.issuer.name, why, hint)

    def session(self, redirect: str = "") -> OAuthSession:
        """Begin OAuth's part."""
        return OAuthSession(self.issuer, self.client, hide(self.conversation, self.client.secret), redirect)

    def accept(self, answer: Mapping[str, Any], member: str, nonce: str | None) -> IdentityToken:
        """Take the token out of an answer and check it.

        Raises:
            IdentityUnusable: There is none, or it is not the one that was asked for.
        """
        raw = answer.get(member)
        if not isinstance(raw, str):
            raise self.refusal("its answer has no identity token", "does this client get the scope openid?")
        token = IdentityToken.parse(raw, self.issuer.name)
        if token.claims.issuer != self.issuer.name:
            raise self.refusal(f"its token names another issuer, {token.claims.issuer!r}")
        if nonce is not None and not hmac.compare_digest(token.claims.nonce.encode(), nonce.encode()):
            raise self.refusal("its token was made for another sign-in (the nonce differs)", "start the sign-in again")
        token.check(self.audience, self.clock.wall())
        return token


def explain(refused: OAuthRefused) -> str:
    """Say what one of OAuth's errors means."""
    told = _REFUSALS.get(refused.code, refused.code)
    return f"{told} ({refused.description})" if refused.description else told


# --- authorization code ---


def sign_in_here(sign_in: SignIn, redirect: Redirect) -> IdentityToken:
    """Have a person sign in with the browser of this machine.

    Raises:
        IdentityUnusable: They did not, or not in time, or what came of it is no good.
        RemoteError: The issuer does not answer as it should.
    """
    state, nonce = secrets.token_urlsafe(_SECRET_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    with Loopback(redirect, state) as loopback:
        session = sign_in.session(loopback.url)
        address = session.begin(state, nonce)
        sign_in.person.tell(f"Your browser will be opened to sign in. If it is not, go to:\n{address}")
        sign_in.person.open_page(address)
        received = loopback.wait(sign_in.seconds)
        return _finish_here(sign_in, session, received, nonce)


def _finish_here(sign_in: SignIn, session: OAuthSession, received: Received, nonce: str) -> IdentityToken:
    try:
        token = _redeem(sign_in, session, received.fields, nonce)
    except CosignError as error:
        received.show(failed(str(error)))
        raise
    received.show(signed_in(token.identity.name))
    return token


def sign_in_elsewhere(sign_in: SignIn, redirect: Redirect) -> IdentityToken:
    """Have a person sign in with a browser of another machine, and bring its last address here.

    Raises:
        IdentityUnusable: What they bring is no answer, or what comes of it is no good.
        RemoteError: The issuer does not answer as it should.
    """
    state, nonce = secrets.token_urlsafe(_SECRET_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    session = sign_in.session(redirect.at(redirect.port or _UNUSED_PORT))
    address = session.begin(state, nonce)
    sign_in.person.tell(
        f"Sign in with a browser on any machine:\n{address}\n"
        "It ends on a page that cannot be opened. Copy the whole address of that page and paste it here."
    )
    pasted = sign_in.person.ask("Address: ").strip()
    fields = parse_answer(pasted.partition("?")[2].partition("#")[0])
    if fields is None or not ({"code", "error"} & fields.keys()):
        raise sign_in.refusal("what was pasted is not the address that the sign-in ended on", "copy all of it")
    if not is_state(fields, state):
        raise sign_in.refusal("what was pasted belongs to another sign-in", "start again, and use the address above")
    return _redeem(sign_in, session, fields, nonce)


_UNUSED_PORT: Final = 1
"""Nobody listens there: the address is only to be copied."""


def _redeem(sign_in: SignIn, session: OAuthSession, fields: Fields, nonce: str) -> IdentityToken:
    issuer = sign_in.issuer
    if "error" in fields:
        raise sign_in.refusal(explain(OAuthRefused.told(fields["error"], fields.get("error_description", ""))))
    if fields.get("iss", issuer.name) != issuer.name or (issuer.tells_issuer and "iss" not in fields):
        raise sign_in.refusal("the answer to the sign-in came from another issuer")
    if not fields.get("code"):
        raise sign_in.refusal("the answer to the sign-in has no code")
    try:
        answer = session.redeem(fields["code"])
    except OAuthRefused as refused:
        raise sign_in.refusal(f"it refused the code: {explain(refused)}") from refused
    return sign_in.accept(answer, "id_token", nonce)


# --- devices ---


@value
class _Begun:
    device_code: str
    user_code: str
    page: str
    interval: int
    seconds: float
    verifier: str


def sign_in_on_device(sign_in: SignIn) -> IdentityToken:
    """Have a person sign in on another device, by a short code.

    Raises:
        IdentityUnusable: They did not, or not in time, or what came of it is no good.
        RemoteError: The issuer does not answer as it should.
    """
    begun = _begin_device(sign_in)
    sign_in.person.tell(
        f"Sign in with a browser on any device:\n{begun.page}\nIt asks for this code: {begun.user_code}"
    )
    session, clock, interval = sign_in.session(), sign_in.clock, begun.interval
    deadline = clock.monotonic() + begun.seconds
    while True:
        clock.sleep(interval)
        try:
            return sign_in.accept(session.poll_device(begun.device_code, begun.verifier), "id_token", None)
        except OAuthRefused as refused:
            if refused.code not in {"authorization_pending", "slow_down"}:
                raise sign_in.refusal(explain(refused)) from refused
            interval += _SLOWER if refused.code == "slow_down" else 0
        if clock.monotonic() + interval > deadline:
            raise sign_in.refusal("nobody entered the code in time", "try again")


def _begin_device(sign_in: SignIn) -> _Begun:
    if sign_in.issuer.device is None:
        raise sign_in.refusal("this issuer lets no devices sign in", "sign in with a browser, or give --identity-token")
    verifier, challenge = make_challenge()
    asked = {"client_id": sign_in.client.name, "scope": " ".join(SCOPES)}
    asked |= {"code_challenge": challenge, "code_challenge_method": S256}
    if sign_in.client.secret:
        asked["client_secret"] = sign_in.client.secret
    headers = {"Content-Type": _FORM, "Accept": "application/json"}
    request = Request("POST", sign_in.issuer.device, headers, urlencode(asked).encode("ascii"))
    talk = hide(sign_in.conversation, sign_in.client.secret)
    answer = talk.ask(request, Expected((200,), MAX_DEVICE_ANSWER, "answer about a device"))
    with talk.understanding(answer):
        found = JsonObject.parse(answer.body, what="answer about a device")
        return _parse_begun(found, verifier)


def _parse_begun(found: JsonObject, verifier: str) -> _Begun:
    page = found.optional_text("verification_uri_complete") or found.text("verification_uri")
    try:
        Url.parse(page)
    except MalformedError as error:
        raise found.malformed("verification_uri", error.why) from error
    return _Begun(
        found.text("device_code"),
        found.text("user_code"),
        page,
        found.integer("interval") if "interval" in found else _DEFAULT_INTERVAL,
        min(float(found.integer("expires_in")), MAX_DEVICE_SECONDS),
        verifier,
    )


# --- machines ---


def sign_in_client(sign_in: SignIn) -> IdentityToken:
    """Have the client itself sign in, by its secret; its identity is a service account's.

    Raises:
        IdentityUnusable: It has no secret, the issuer refuses it, or what comes of it is no good.
        RemoteError: The issuer does not answer as it should.
    """
    if not sign_in.client.secret:
        raise sign_in.refusal("a client has no identity without a secret", "give --oidc-client-secret-file")
    try:
        answer = sign_in.session().fetch_own()
    except OAuthRefused as refused:
        raise sign_in.refusal(f"it refused the client {sign_in.client.name!r}: {explain(refused)}") from refused
    return sign_in.accept(answer, _choose(answer, sign_in.audience), None)


def _choose(answer: Mapping[str, Any], audience: str) -> str:
    """Choose between a client's two tokens: Keycloak's ID token is for the client, and its access token for others."""
    tokens = {name: answer[name] for name in ("id_token", "access_token") if isinstance(answer.get(name), str)}
    for name, raw in tokens.items():
        if _is_for(raw, audience):
            return name
    return next(iter(tokens), "id_token")


def _is_for(raw: str, audience: str) -> bool:
    try:
        return looks_like_token(raw) and audience in parse_claims(raw).audience
    except MalformedError:
        return False  # if it is the one to be used, it is parsed again, and refused
