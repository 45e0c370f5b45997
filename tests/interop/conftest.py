"""One browser for all pages, and a tab for each test; one Kubernetes API server, and a namespace for each test."""

from collections.abc import Iterator

import pytest

from tests.interop.cluster.fixtures import cluster, controlled, guarded, make_namespace, site, webhook
from tests.support.chromium import Chromium, Tab

__all__ = ["browser", "cluster", "controlled", "guarded", "make_namespace", "site", "tab", "webhook"]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def tab(browser: Chromium) -> Iterator[Tab]:
    with browser.tab() as opened:
        yield opened
