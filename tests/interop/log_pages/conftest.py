"""One browser for all tests, and a tab for each."""

from collections.abc import Iterator

import pytest

from tests.support.chromium import Chromium, Tab
from tests.support.page_site import Site, filled_site


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def tab(browser: Chromium) -> Iterator[Tab]:
    with browser.tab() as opened:
        yield opened


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    with filled_site() as running:
        yield running
