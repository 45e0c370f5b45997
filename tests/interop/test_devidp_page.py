"""The pages of the development issuer in a real browser, and as a keyboard, a phone and a screen reader have them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.stack.devidp.server import DevIdp, DevIdpOptions
from cosignpy.stack.devidp.signing_keys import TokenAlgorithm
from tests.support.chromium import Tab
from tests.support.oidc_client import OidcClient
from tests.support.raw_server import RawServer, reply

CONTRAST: Final = (Path(__file__).parent / "log_pages" / "contrast.js").read_text()
PAGES: Final = ("home", "sign-in", "device", "mistake", "refusal", "none")


@pytest.fixture(scope="module")
def issuer() -> Iterator[DevIdp]:
    with DevIdp(DevIdpOptions(algorithm=TokenAlgorithm.ES256)) as running:
        yield running


@pytest.fixture
def client(issuer: DevIdp) -> OidcClient:
    return OidcClient.discover(issuer.url)


def show(tab: Tab, client: OidcClient, page: str) -> None:
    """Open one of the pages."""
    paths = {"home": "/", "device": "/device?user_code=BDFG-HJKL", "none": "/none"}
    if page in paths:
        tab.open(client.described["issuer"] + paths[page])
        return
    tab.open(client.request_code(client_id="unknown" if page == "refusal" else "sigstore").url)
    if page == "mistake":
        tab.evaluate("document.querySelector('form').noValidate = true; document.querySelector('button').click()")
        tab.wait_for_load()
        assert tab.evaluate("document.querySelectorAll('[aria-invalid]').length") == 1


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_without_complaint_and_fits_a_phone(tab: Tab, client: OidcClient, page: str) -> None:
    tab.send("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=True)
    show(tab, client, page)
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
    refused = [said for said in tab.problems() if "400" not in said and "404" not in said]
    assert refused == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_all_text_has_enough_contrast(tab: Tab, client: OidcClient, page: str, scheme: str) -> None:
    tab.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    show(tab, client, page)
    assert tab.evaluate(CONTRAST) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_keyboard_is_enough_to_sign_in(tab: Tab, client: OidcClient, host: str) -> None:
    with RawServer(reply(200, b"<title>arrived</title>", Content_Type="text/html")) as waiting:
        tab.open(client.request_code(redirect_uri=f"http://{host}:{waiting.port}/auth/callback").url)
        tab.press("Tab")
        assert tab.evaluate("document.activeElement.id") == "email"
        tab.type("ada@example.com")
        tab.press("Enter")
        tab.wait_for_load()
        assert tab.evaluate("document.title") == "arrived"
        assert "code=" in waiting.requests[0].target


def test_the_second_button_says_no(tab: Tab, client: OidcClient) -> None:
    with RawServer(reply(200, b"<title>arrived</title>", Content_Type="text/html")) as waiting:
        tab.open(client.request_code(redirect_uri=f"http://127.0.0.1:{waiting.port}/").url)
        tab.evaluate("document.querySelector('button.second').click()")
        tab.wait_for_load()
        assert "error=access_denied" in waiting.requests[0].target


def test_a_device_is_approved_by_keyboard(tab: Tab, client: OidcClient) -> None:
    begun = client.begin_device()
    tab.open(begun["verification_uri"])
    tab.press("Tab")
    tab.type(begun["user_code"].lower())
    tab.press("Tab")
    tab.type("ada@example.com")
    tab.press("Enter")
    tab.wait_for_load()
    assert tab.evaluate("document.querySelector('h1').textContent") == "Approved"
    assert client.poll_device(begun)["id_token"]


def test_a_screen_reader_is_told_what_there_is(tab: Tab, client: OidcClient) -> None:
    show(tab, client, "mistake")
    nodes = tab.send("Accessibility.getFullAXTree")["nodes"]
    told = {(_value(node, "role"), _value(node, "name")) for node in nodes if not node["ignored"]}
    assert {("textbox", "E-mail address"), ("button", "Sign in"), ("button", "Cancel")} <= told
    assert {"main", "note", "alert", "heading"} <= {role for role, _ in told}
    assert tab.evaluate("document.title").startswith("Error: ")


def _value(node: dict[str, Any], member: str) -> str:
    return str(node.get(member, {}).get("value", ""))
