"""One filled log for all tests of its pages."""

from collections.abc import Iterator

import pytest

from tests.support.page_site import Site, filled_site


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    with filled_site() as running:
        yield running
