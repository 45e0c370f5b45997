"""The pages of the development issuer, and what they do not let happen."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest

from cosignpy.stack.devidp.forms import COOKIE
from cosignpy.stack.devidp.people_routes import GUESSES
from cosignpy.stack.devidp.server import DevIdp, DevIdpOptions
from cosignpy.stack.devidp.signing_keys import TokenAlgorithm
from tests.support.form_browser import Arrived, FormBrowser, Page
from tests.support.http_calls import Caller
from tests.support.oidc_client import CALLBACK, OidcClient

HOSTILE: Final = "\"'><script>alert(1)</script>"
FORM: Final = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def issuer() -> Iterator[DevIdp]:
    with DevIdp(DevIdpOptions(algorithm=TokenAlgorithm.ES256)) as running:
        yield running


class Hands:
    """A clock that is moved by hand."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def client(issuer: DevIdp) -> OidcClient:
    return OidcClient.discover(issuer.url)


@pytest.fixture
def browser() -> FormBrowser:
    return FormBrowser(CALLBACK)


def arrive(browser: FormBrowser, url: str) -> dict[str, list[str]]:
    """Open a page that leads to the client at once, and return what the client is told."""
    with pytest.raises(Arrived) as caught:
        browser.open(url)
    assert caught.value.url.startswith(CALLBACK + "?")
    return parse_qs(urlsplit(caught.value.url).query)


# --- what is asked wrongly ---


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": ""},
        {"client_id": "unknown"},
        {"redirect_uri": ""},
        {"redirect_uri": "https://attacker.example/cb"},
        {"redirect_uri": "http://attacker.example/cb"},
        {"redirect_uri": "http://localhost.attacker.example/cb"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "/device"},
        {"redirect_uri": CALLBACK + "#fragment"},
        {"claims": "{"},  # oauthlib does not tell where to send this one
    ],
    ids=lambda changed: "=".join(*changed.items()),
)
def test_nobody_is_sent_where_a_request_is_not_to_be_trusted(
    client: OidcClient, browser: FormBrowser, changed: dict[str, str]
) -> None:
    page = browser.open(client.request_code(**changed).url)
    assert page.status == 400
    assert page.form is None
    assert "cannot go on" in page.body


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"scope": "email"}, "invalid_scope"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"nonce": "n" * 1025}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
        ({"state": "s" * 1025}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
    ids=lambda changed: "=".join(*changed.items())[:40] if isinstance(changed, dict) else "",
)
def test_the_client_is_told_what_else_is_wrong(
    client: OidcClient, browser: FormBrowser, changed: dict[str, str], error: str
) -> None:
    request = client.request_code(**changed)
    told = arrive(browser, request.url)
    assert told["error"] == [error]
    assert told.get("state", [""]) == [changed.get("state", request.state)]


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "scope", "response_type"])
def test_nothing_is_asked_twice(client: OidcClient, browser: FormBrowser, name: str) -> None:
    assert browser.open(f"{client.request_code().url}&{name}=x").status == 400


@pytest.mark.parametrize("query", ["%zz", "=", "&&", "client_id=%ff", "a" * 2000, ""])
def test_addresses_that_mean_nothing_get_a_page(issuer: DevIdp, browser: FormBrowser, query: str) -> None:
    assert browser.open(f"{issuer.url}/authorize?{query}").status == 400


# --- forms ---


def test_the_page_says_who_asks_and_proposes_an_address(client: OidcClient, browser: FormBrowser) -> None:
    page = browser.open(client.request_code(login_hint="ada@example.com").url)
    assert page.form is not None
    assert page.form.fields["email"] == "ada@example.com"
    assert CALLBACK in page.body


def test_an_address_that_is_none_is_asked_for_again(client: OidcClient, browser: FormBrowser) -> None:
    page = browser.open(client.request_code().url)
    again = browser.submit(page, {"email": HOSTILE, "answer": "yes"})
    assert again.status == 400
    assert 'aria-invalid="true"' in again.body
    assert again.form is not None
    assert again.form.fields["email"] == HOSTILE
    with pytest.raises(Arrived):
        browser.submit(again, {"email": "ada@example.com", "answer": "yes"})


def test_without_an_answer_it_is_no(client: OidcClient, browser: FormBrowser) -> None:
    page = browser.open(client.request_code().url)
    with pytest.raises(Arrived) as caught:
        browser.submit(page, {"email": "ada@example.com"})
    assert "error=access_denied" in caught.value.url


def forge(page: Page, fields: dict[str, str], cookie: str | None) -> int:
    """Send a page's form as another site would: by a browser that has that cookie, or none."""
    assert page.form is not None
    headers = {} if cookie is None else {"Cookie": f"{COOKIE}={cookie}"}
    return FormBrowser(CALLBACK).open(page.form.action, {**page.form.fields, **fields}, **headers).status


def session(browser: FormBrowser) -> str:
    (cookie,) = browser.cookies
    assert (cookie.name, cookie.path) == (COOKIE, "/")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "strict"
    return str(cookie.value)


YES: Final = {"email": "ada@example.com", "answer": "yes"}


@pytest.mark.parametrize("path", ["authorize", "device"])
def test_a_form_from_elsewhere_is_refused(client: OidcClient, browser: FormBrowser, path: str) -> None:
    url = client.request_code().url if path == "authorize" else client.begin_device()["verification_uri_complete"]
    page, other = browser.open(url), FormBrowser(CALLBACK)
    other.open(url)
    assert forge(page, YES, None) == 403
    assert forge(page, YES, session(other)) == 403
    assert forge(page, {**YES, "form_token": ""}, session(browser)) == 403
    assert forge(page, {**YES, "form_token": "é"}, session(browser)) == 403


def test_a_form_does_not_answer_another_request(client: OidcClient, browser: FormBrowser) -> None:
    first, second = (browser.open(client.request_code().url) for _ in range(2))
    assert first.form is not None
    assert forge(second, {**YES, "form_token": first.form.fields["form_token"]}, session(browser)) == 403


def test_two_forms_of_one_browser_do_not_disturb_each_other(client: OidcClient, browser: FormBrowser) -> None:
    first, second = (browser.open(client.request_code().url) for _ in range(2))
    for page in (first, second):
        with pytest.raises(Arrived) as caught:
            browser.submit(page, YES)
        assert "code=" in caught.value.url


def test_a_form_has_a_limit_and_a_type(client: OidcClient) -> None:
    url = client.request_code().url
    for path in (url.removeprefix(client.described["issuer"]), "/device"):
        caller = Caller(client.described["issuer"])
        assert caller.post(path, b"a=" + b"b" * 65536, Content_Type=FORM).status == 413
        assert caller.post(path, b"{}").status == 400
        assert caller.post(path, b"a=1&a=2", Content_Type=FORM).status == 400
        assert caller.post(path, b"&".join([b"a=1"] * 65), Content_Type=FORM).status == 400
        assert caller.post(path, b"a=%ff", Content_Type=FORM).status == 400


def test_the_form_of_a_wrong_request_is_not_read(client: OidcClient) -> None:
    path = client.request_code(client_id="unknown").url.removeprefix(client.described["issuer"])
    assert Caller(client.described["issuer"]).post(path, b"a=1", Content_Type=FORM).status == 400


# --- devices ---


def test_a_code_may_be_typed_in_any_way(client: OidcClient, browser: FormBrowser) -> None:
    begun = client.begin_device()
    page = browser.open(begun["verification_uri"])
    typed = begun["user_code"].lower().replace("-", "  ")
    assert "Approved" in browser.submit(page, {**YES, "user_code": typed}).body
    assert client.poll_device(begun)["id_token"]


@pytest.mark.parametrize("given", [{"user_code": "XXXX-XXXX"}, {"user_code": ""}, {"email": "nobody"}])
def test_what_is_wrong_with_a_device_is_said_beside_it(
    client: OidcClient, browser: FormBrowser, given: dict[str, str]
) -> None:
    begun = client.begin_device()
    page = browser.open(begun["verification_uri_complete"])
    again = browser.submit(page, {**YES, **given})
    (name,) = given
    assert again.status == 400
    assert re.search(rf'name="{name}".*?aria-invalid="true"', again.body, re.DOTALL)
    corrected = {**YES, "user_code": begun["user_code"]}
    assert "Approved" in browser.submit(again, corrected).body


def test_a_device_is_approved_once(client: OidcClient, browser: FormBrowser) -> None:
    page = browser.open(client.begin_device()["verification_uri_complete"])
    assert browser.submit(page, YES).status == 200
    assert browser.submit(page, {**YES, "email": "eve@example.com"}).status == 400


def test_codes_cannot_be_guessed(hands: Hands) -> None:
    with DevIdp(DevIdpOptions(algorithm=TokenAlgorithm.ES256, now=hands)) as running:
        begun, browser = OidcClient.discover(running.url).begin_device(), FormBrowser(CALLBACK)
        page = browser.open(f"{running.url}/device")
        for _ in range(GUESSES.burst):
            assert browser.submit(page, {**YES, "user_code": "XXXX-XXXX"}).status == 400
        right = {**YES, "user_code": begun["user_code"]}
        refused = browser.submit(page, right)
        assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        hands.now += 1
        assert "Approved" in browser.submit(page, right).body


# --- all pages ---


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/device", 200), ("/authorize", 400), ("/none", 404), ("/static/none", 404), ("/none/", 404)],
)
def test_every_page_says_that_it_is_for_development_and_confines_itself(issuer: DevIdp, path: str, status: int) -> None:
    reply = Caller(issuer.url).get(path)
    assert reply.status == status
    assert b"For development only" in reply.body
    assert reply.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; ")
    assert reply.headers["content-security-policy"].endswith("form-action 'self'")
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("callback", "target"),
    [("http://localhost:8080/cb", "http://localhost:8080"), ("http://[::1]:8080/cb", "http:")],
)
def test_a_form_may_lead_to_the_client_and_nowhere_else(
    client: OidcClient, browser: FormBrowser, callback: str, target: str
) -> None:
    page = browser.open(client.request_code(redirect_uri=callback).url)
    assert page.headers["content-security-policy"].endswith(f"form-action 'self' {target}")


def test_nothing_that_is_shown_becomes_markup(client: OidcClient, browser: FormBrowser) -> None:
    hostile = f"{CALLBACK}?x={HOSTILE}".replace(" ", "")
    for url in (
        client.request_code(login_hint=HOSTILE).url,
        client.request_code(redirect_uri=hostile).url,
        f"{client.described['issuer']}/device?user_code={HOSTILE}",
    ):
        assert "<script" not in browser.open(url).body


@pytest.mark.parametrize("name", ["style.css", "icon.svg"])
def test_what_pages_refer_to_is_there(issuer: DevIdp, name: str) -> None:
    reply = Caller(issuer.url).get(f"/static/{name}")
    assert (reply.status, reply.headers["x-content-type-options"]) == (200, "nosniff")


# --- the server ---


@pytest.mark.parametrize("host", ["attacker.example", "attacker.example:80", "", "a b", "127.0.0.1.attacker.example"])
def test_requests_by_another_name_are_refused(issuer: DevIdp, host: str) -> None:
    assert Caller(issuer.url).get("/", Host=host).status == 421
    assert Caller(issuer.url).get("/healthz", Host=host or "x").status == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:5556"])
def test_requests_by_this_machines_names_are_served(issuer: DevIdp, host: str) -> None:
    assert Caller(issuer.url).get("/", Host=host).status == 200


def test_an_issuer_has_the_name_that_clients_know_it_by() -> None:
    with DevIdp(DevIdpOptions(url="https://idp.test/", algorithm=TokenAlgorithm.ES256)) as running:
        assert running.url == "https://idp.test"
        caller = Caller(f"http://{running.address}")
        described = caller.get("/.well-known/openid-configuration", Host="idp.test").json
        assert described["issuer"] == "https://idp.test"
        assert described["jwks_uri"] == "https://idp.test/keys"
        assert "For development only" in described["development_only"]
