"""The pages in a real browser, and as a screen reader, a keyboard and a phone have them."""

from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.chromium import Tab
from tests.support.page_logs import draft, fulcio_leaf, hashedrekord, pem, rekor_v1
from tests.support.page_site import ENTRY, Site, check

HOSTILE: Final = "https://x.example/<script>hacked=1</script><img src=x onerror=hacked=1>"
STEPS: Final = 5
CONTRAST: Final = Path(__file__).with_name("contrast.js").read_text()


def test_what_a_stranger_logged_never_runs(tab: Tab) -> None:
    log = rekor_v1().add(hashedrekord(1, pem(fulcio_leaf(HOSTILE, _12=HOSTILE))), draft(HOSTILE.encode(), HOSTILE))
    with Site(log) as running:
        for path in ("/", "/log/rekor-v1/0", "/log/rekor-v1/0/entry/0", "/log/rekor-v1/0/entry/1"):
            tab.open(running.url(path))
            assert tab.evaluate("globalThis.hacked") is None
            assert tab.problems() == []


PATHS: Final = ("/", "/log/rekor-v1/0", ENTRY, "/log/ct/0/entry/0", "/search?q=many", "/search?q=nobody", "/log/no/0")


@pytest.mark.parametrize("path", PATHS)
def test_pages_fit_a_phone(tab: Tab, site: Site, path: str) -> None:
    tab.send("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=True)
    tab.open(site.url(path))
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert tab.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_all_text_has_enough_contrast(tab: Tab, site: Site, path: str, scheme: str) -> None:
    tab.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    tab.open(site.url(path))
    assert tab.evaluate(CONTRAST) == []


def roles(tab: Tab) -> list[tuple[str, str]]:
    """Return what a screen reader is told: roles and names."""
    nodes = tab.send("Accessibility.getFullAXTree")["nodes"]
    return [(_value(node, "role"), _value(node, "name")) for node in nodes if not node["ignored"]]


def _value(node: dict[str, Any], member: str) -> str:
    return str(node.get(member, {}).get("value", ""))


@pytest.mark.parametrize("width", [390, 1200])
def test_a_screen_reader_is_told_what_there_is(tab: Tab, site: Site, width: int) -> None:
    tab.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    tab.open(site.url("/log/rekor-v1/0"))
    told = roles(tab)
    assert {("searchbox", "Look up an entry"), ("table", "Entries, the newest first"), ("rowheader", "5")} <= set(told)
    assert {"banner", "search", "main", "contentinfo", "columnheader", "cell"} <= {role for role, _ in told}
    assert ("columnheader", "Kind") in told


def test_a_screen_reader_is_told_the_verdict_and_each_step(tab: Tab, site: Site) -> None:
    check(tab, site.url(ENTRY))
    told = roles(tab)
    assert told.count(("image", "Holds:")) == STEPS
    assert "status" in {role for role, _ in told}


def test_everything_can_be_done_with_the_keyboard(tab: Tab, site: Site) -> None:
    tab.open(site.url("/"))
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.evaluate("document.activeElement.getBoundingClientRect().height") > 10
    tab.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "content"
    tab.evaluate("document.activeElement.blur()")
    tab.open(site.url("/"))
    for _ in range(3):
        tab.press("Tab")
    assert tab.evaluate("document.activeElement.id") == "query"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.type(f"{3:064x}")
    tab.press("Enter")
    tab.wait_for_load()
    assert tab.evaluate("location.pathname") == "/search"
