"""Our sign-in at real identity providers, by every flow, and in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cosignpy.services.oidc import flows
from cosignpy.services.oidc.landing import FOREIGN, HEADERS, STRAY, USED, Page, failed, signed_in
from cosignpy.services.oidc.oauth import OAuthClient
from cosignpy.services.oidc.redirect import DEFAULT_REDIRECT, Redirect
from cosignpy.stack.devidp.server import DevIdp
from tests.interop.identity_providers import ACCOUNT, PROVIDERS, SECRET, IdentityProvider
from tests.support.chromium import Tab
from tests.support.form_browser import FormBrowser
from tests.support.raw_server import RawServer, reply
from tests.support.sign_ins import CLIENT, BrowsingPerson, sign_in

CONTRAST: Final = (Path(__file__).parent / "log_pages" / "contrast.js").read_text()
HERE: Final = Redirect.parse(DEFAULT_REDIRECT)
LOOPBACK: Final = Redirect.parse("http://127.0.0.1:0/auth/callback")
PAGES: Final = {
    "signed in": signed_in("a-rather-long-name-without-any-blank@an-even-longer-subdomain.of.some.example.com"),
    "failed": failed("no identity from https://issuer.example: access was denied"),
    "stray": STRAY,
    "foreign": FOREIGN,
    "used": USED,
}


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    CLIENT.close()


@pytest.fixture(scope="module", params=PROVIDERS)
def provider(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    with PROVIDERS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


def test_a_person_signs_in_with_the_browser(provider: IdentityProvider) -> None:
    person = BrowsingPerson(provider.person)
    token = flows.sign_in_here(sign_in(provider.issuer, person), LOOPBACK)
    assert (token.identity.name, token.identity.issuer) == (provider.person.email, provider.issuer)
    assert "You are signed in" in person.page()


def test_a_person_brings_the_address_of_another_browser(provider: IdentityProvider) -> None:
    def elsewhere(told: str) -> str:
        return FormBrowser("http://127.0.0.1:1/").answer_all(told.splitlines()[1], provider.person.answers)

    token = flows.sign_in_elsewhere(
        sign_in(provider.issuer, BrowsingPerson(provider.person, answers=elsewhere)), LOOPBACK
    )
    assert token.identity.name == provider.person.email


def test_a_person_signs_in_on_another_device(provider: IdentityProvider) -> None:
    person = BrowsingPerson(provider.person)
    asked: list[float] = []

    def sleep(seconds: float) -> None:
        asked.append(seconds)
        if len(asked) == 1:
            page = person.told[0].splitlines()[1]
            FormBrowser("nowhere:").answer_all(page, provider.person.answers)

    token = flows.sign_in_on_device(sign_in(provider.issuer, person, sleep=sleep))
    assert token.identity.name == provider.person.email


def test_a_service_account_shows_its_secret(provider: IdentityProvider) -> None:
    client = OAuthClient(ACCOUNT, SECRET)
    token = flows.sign_in_client(sign_in(provider.issuer, BrowsingPerson(), client))
    assert token.identity.name == token.claims.subject
    assert token.identity.issuer == provider.issuer


# --- a real browser ---


def type_name(tab: Tab, url: str) -> str:
    """Sign in by keyboard, and return the title that it ends on."""
    tab.open(url)
    tab.press("Tab")
    tab.type("ada@example.com")
    tab.press("Enter")
    tab.wait_for_load()
    return str(tab.evaluate("document.title"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_real_browser_comes_back_to_us(tab: Tab, host: str) -> None:
    with DevIdp() as issuer:
        person = BrowsingPerson(visit=lambda url: type_name(tab, url))
        token = flows.sign_in_here(sign_in(issuer.url, person), Redirect.parse(f"http://{host}:0/auth/callback"))
    assert token.identity.name == "ada@example.com"
    assert person.page() == "You are signed in · cosignpy"
    assert tab.problems() == []


def show(tab: Tab, page: Page) -> RawServer:
    headers = {name.replace("-", "_"): text for name, text in HEADERS.items()}
    server = RawServer(reply(page.status, page.encode(), **headers))
    with server:
        tab.open(f"http://{server.address}/")
    return server


@pytest.mark.parametrize("page", PAGES)
def test_a_landing_page_fits_a_phone_and_fetches_nothing(tab: Tab, page: str) -> None:
    tab.send("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=True)
    server = show(tab, PAGES[page])
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
    assert tab.evaluate("getComputedStyle(document.querySelector('main')).borderTopWidth") == "5px"
    assert len(server.requests) == 1
    assert [said for said in tab.problems() if "status of 4" not in said] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_all_text_of_a_landing_page_has_enough_contrast(tab: Tab, page: str, scheme: str) -> None:
    tab.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    show(tab, PAGES[page])
    assert tab.evaluate(CONTRAST) == []
