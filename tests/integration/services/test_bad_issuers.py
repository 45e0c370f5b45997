"""Issuers that answer what they should not, and what people get to see of it."""

import json
import logging
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from cosignpy.errors import CosignError, IdentityUnusable, RemoteError
from cosignpy.services.oidc import flows
from cosignpy.services.oidc.oauth import OAuthClient
from cosignpy.services.oidc.redirect import DEFAULT_REDIRECT, Redirect
from cosignpy.values import replace
from tests.support.form_browser import FormBrowser
from tests.support.http_calls import Caller
from tests.support.identity_tokens import token
from tests.support.raw_server import Handler, RawServer, reply
from tests.support.sign_ins import CLIENT, BrowsingPerson, sign_in

HERE = Redirect.parse(DEFAULT_REDIRECT)
SECRET = "the-secret-of-the-client"
WAITING = {"device_code": "d" * 20, "user_code": "ABCD", "verification_uri": "http://127.0.0.1:1/", "expires_in": 60}


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    CLIENT.close()


class FakeIssuer:
    """An issuer whose document, token answer and device answer are as a test wants them."""

    def __init__(self) -> None:
        self.described: dict[str, Any] = {}
        self.tokens: Handler = reply(200, b"{}")
        self.devices: Handler = reply(200, json.dumps(WAITING).encode())
        self.nonce = ""

    def __call__(self, connection: Any, request: Any) -> None:
        handlers = {"/token": self.tokens, "/device": self.devices}
        if request.target == "/.well-known/openid-configuration":
            handler = reply(200, json.dumps(self.described).encode())
        else:
            handler = handlers[request.target]
        handler(connection, request)

    def describe(self, url: str, **changes: Any) -> None:
        whole = {
            "issuer": url,
            "token_endpoint": f"{url}/token",
            "authorization_endpoint": f"{url}/authorize?tenant=1",
            "device_authorization_endpoint": f"{url}/device",
            "code_challenge_methods_supported": ["plain", "S256"],
        }
        self.described = {name: content for name, content in {**whole, **changes}.items() if content is not None}


@pytest.fixture
def fake() -> FakeIssuer:
    return FakeIssuer()


@pytest.fixture
def url(fake: FakeIssuer) -> Iterator[str]:
    with RawServer(fake) as server:
        fake.describe(f"http://{server.address}")
        yield f"http://{server.address}"


def come_back(address: str) -> str:
    """Come back from the issuer with a code, as a browser does."""
    fields = _fields(address)
    answered = f"{fields['redirect_uri']}?code=the-code-0123456789&state={fields['state']}"
    return Caller(answered).get("").body.decode()


def approving(fake: FakeIssuer, url: str, **claims: Any) -> BrowsingPerson:
    """Return somebody whose browser comes back with a code at once; tokens are about them, for the right nonce."""

    def visit(address: str) -> str:
        fields = _fields(address)
        whole = {"iss": url, "nonce": fields["nonce"], "exp": time.time() + 300, "iat": time.time(), **claims}
        fake.tokens = answer(200, access_token="a", token_type="bearer", id_token=token(**whole))
        return come_back(address)

    return BrowsingPerson(visit=visit)


def returning(handler: Handler, fake: FakeIssuer) -> BrowsingPerson:
    def visit(address: str) -> str:
        fake.tokens = handler
        return come_back(address)

    return BrowsingPerson(visit=visit)


def _fields(address: str) -> Mapping[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def answer(status: int, **members: Any) -> Handler:
    return reply(status, json.dumps(members).encode(), Content_Type="application/json")


def test_a_fake_that_does_everything_right_is_believed(fake: FakeIssuer, url: str) -> None:
    person = approving(fake, url)
    assert flows.sign_in_here(sign_in(url, person), HERE).identity.name == "ada@example.com"
    assert person.opened[0].startswith(f"{url}/authorize?tenant=1&response_type=code&")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://another.example"},
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"exp": 1},
        {"email_verified": False},
        {"iss": None},
    ],
)
def test_a_token_with_one_claim_changed_is_refused(fake: FakeIssuer, url: str, claims: dict[str, Any]) -> None:
    person = approving(fake, url, **claims)
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_here(sign_in(url, person), HERE)
    assert "You are not signed in" in person.page()
    assert "eyJ" not in f"{caught.value!r}{caught.value}{person.page()}"


def leaky(status: int, **members: Any) -> Handler:
    """Answer with everything that was sent and a token besides, in each place where people might get to see it."""

    def handle(connection: Any, request: Any) -> None:
        said = f"{request.body.decode()} {request.headers.get('authorization', '')} {token()}"
        told = {name: said if content is ... else content for name, content in members.items()}
        answer(status, **told)(connection, request)

    return handle


@pytest.mark.parametrize(
    "handler",
    [
        answer(200),
        answer(200, access_token=token()),
        answer(200, access_token="a", id_token=7),
        answer(200, access_token="a", id_token=token()[:-5] + "."),
        leaky(400, error="invalid_grant", error_description=...),
        leaky(400, error=..., error_description="x"),
        leaky(401, message=...),
        leaky(500, message=...),
        leaky(418, error=...),
        reply(200, token().encode()),
        reply(200, b"access_token=a&id_token=b"),
        reply(200, b"[]"),
        reply(307, Location="http://127.0.0.2:1/"),
    ],
)
def test_no_failure_shows_what_was_sent_or_a_token(
    fake: FakeIssuer, url: str, handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    person = returning(handler, fake)
    with pytest.raises(CosignError) as caught:
        flows.sign_in_here(sign_in(url, person, OAuthClient("sigstore", SECRET)), HERE)
    chain: BaseException | None = caught.value
    shown = caplog.text + person.page()
    while chain is not None:
        shown += f"{chain!r}{chain}{getattr(chain, 'hint', '')}"
        chain = chain.__cause__
    assert [text for text in (SECRET, "the-code", "eyJ") if text in shown] == []
    assert not re.search("code_verifier=(?!REDACTED)", shown)
    assert "You are not signed in" in person.page()


def test_a_redirect_takes_no_code_to_another_server(fake: FakeIssuer, url: str) -> None:
    with RawServer(answer(200)) as elsewhere:
        person = returning(reply(307, Location=f"http://{elsewhere.address}/token"), fake)
        with pytest.raises(RemoteError):
            flows.sign_in_here(sign_in(url, person), HERE)
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://another.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"token_endpoint": "no URL"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://elsewhere.example/"},
        {"code_challenge_methods_supported": "S256"},
    ],
)
def test_a_document_that_is_wrong_in_one_way_is_refused(fake: FakeIssuer, url: str, changes: dict[str, Any]) -> None:
    fake.describe(url, **changes)
    with pytest.raises(RemoteError):
        sign_in(url, BrowsingPerson())


def test_an_issuer_is_asked_for_what_it_has(fake: FakeIssuer, url: str) -> None:
    fake.describe(url, device_authorization_endpoint=None, code_challenge_methods_supported=None)
    found = sign_in(url, BrowsingPerson()).issuer
    assert (found.device, found.proves_codes, found.secrets_in_form, found.tells_issuer) == (None, False, False, False)


def test_a_device_waits_as_long_as_it_is_told_and_longer_when_it_is_too_fast(fake: FakeIssuer, url: str) -> None:
    slept: list[float] = []
    left = [answer(400, error="authorization_pending"), answer(400, error="slow_down")]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        whole = token(iss=url, exp=time.time() + 300, iat=time.time())
        fake.tokens = left.pop(0) if left else answer(200, access_token="a", id_token=whole)

    assert flows.sign_in_on_device(sign_in(url, BrowsingPerson(), sleep=sleep)).identity.name == "ada@example.com"
    assert slept == [5, 5, 10]


@pytest.mark.parametrize(
    "changes",
    [
        {"device_code": None},
        {"user_code": 1},
        {"verification_uri": None},
        {"verification_uri": "javascript:alert(1)"},
        {"expires_in": -1},
        {"interval": "x"},
    ],
)
def test_an_answer_about_a_device_that_is_wrong_is_refused(fake: FakeIssuer, url: str, changes: dict[str, Any]) -> None:
    fake.devices = answer(200, **{**WAITING, **changes})
    with pytest.raises(RemoteError):
        flows.sign_in_on_device(sign_in(url, BrowsingPerson()))


def test_a_secret_of_a_client_goes_with_its_device(fake: FakeIssuer, url: str) -> None:
    def handle(connection: Any, request: Any) -> None:
        assert SECRET in request.body.decode()
        leaky(403, error_description=..., message=...)(connection, request)

    fake.devices = handle
    with pytest.raises(RemoteError) as caught:
        flows.sign_in_on_device(sign_in(url, BrowsingPerson(), OAuthClient("sigstore", SECRET)))
    assert SECRET not in f"{caught.value!r}{caught.value}"


def test_a_client_gets_an_access_token_where_there_is_no_id_token(fake: FakeIssuer, url: str) -> None:
    whole = token(iss=url, exp=time.time() + 300, iat=time.time())
    fake.tokens = answer(200, access_token=whole, scope="openid email profile")
    found = flows.sign_in_client(sign_in(url, BrowsingPerson(), OAuthClient("ci", SECRET)))
    assert found.raw == whole


def test_of_a_clients_two_tokens_the_one_for_the_audience_counts(fake: FakeIssuer, url: str) -> None:
    whole = {"iss": url, "exp": time.time() + 300, "iat": time.time()}
    client = OAuthClient("ci", SECRET)
    for ours, theirs in (("sigstore", "ci"), ("ci", "sigstore")):
        tokens = {"id_token": token(**whole, aud=ours), "access_token": token(**whole, aud=theirs)}
        fake.tokens = answer(200, **tokens)
        found = flows.sign_in_client(sign_in(url, BrowsingPerson(), client))
        assert found.raw == tokens["id_token" if ours == "sigstore" else "access_token"]
    fake.tokens = answer(200, id_token=token(**whole, aud="ci"), access_token="opaque")
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_client(sign_in(url, BrowsingPerson(), client))
    assert "for 'ci'" in caught.value.why
    fake.tokens = answer(200, access_token="opaque")
    with pytest.raises(IdentityUnusable):
        flows.sign_in_client(sign_in(url, BrowsingPerson(), client))


def test_a_client_whose_token_is_malformed_is_told_so(fake: FakeIssuer, url: str) -> None:
    fake.tokens = answer(200, access_token=token(iss=None))
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_client(sign_in(url, BrowsingPerson(), OAuthClient("ci", SECRET)))
    assert "iss" in caught.value.why


def test_stray_requests_do_not_end_the_wait(fake: FakeIssuer, url: str) -> None:
    """Others on this machine, browsers that look for an icon, and pages whose name leads here."""
    seen: list[int] = []
    person = approving(fake, url)
    approve = person.visit
    assert approve is not None

    def visit(address: str) -> str:
        fields = _fields(address)
        here = fields["redirect_uri"]
        right = f"{here}?code=x&state={fields['state']}"
        origin = here.removesuffix("/auth/callback")
        seen.append(Caller(f"{origin}/favicon.ico").get("").status)
        seen.append(Caller(right).get("", Host="evil.example").status)
        seen.append(Caller(right).post("", b"").status)
        return approve(address)

    person.visit = visit
    assert flows.sign_in_here(sign_in(url, person), HERE).identity.name == "ada@example.com"
    assert seen == [404, 404, 501]


def test_an_answer_counts_once(fake: FakeIssuer, url: str) -> None:
    person = approving(fake, url)
    approve = person.visit
    assert approve is not None
    used: list[int] = []

    def hold(connection: Any, request: Any) -> None:
        fields = _fields(person.opened[0])
        used.append(Caller(f"{fields['redirect_uri']}?code=second&state={fields['state']}").get("").status)
        answer(400, error="invalid_grant")(connection, request)

    def visit(address: str) -> str:
        fake.tokens = hold
        fields = _fields(address)
        return Caller(f"{fields['redirect_uri']}?code=first&state={fields['state']}").get("").body.decode()

    person.visit = visit
    with pytest.raises(IdentityUnusable):
        flows.sign_in_here(sign_in(url, person), HERE)
    assert used == [409]


def test_the_page_may_not_be_kept_framed_or_read_elsewhere(url: str) -> None:
    pages: list[Mapping[str, str]] = []

    def visit(address: str) -> str:
        page = FormBrowser("nowhere:").open(_fields(address)["redirect_uri"])
        pages.append(page.headers)
        return ""

    with pytest.raises(IdentityUnusable):
        flows.sign_in_here(replace(sign_in(url, BrowsingPerson(visit=visit)), seconds=0.5), HERE)
    (headers,) = pages
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Server" not in headers or headers["Server"].strip() == "cosignpy"
