import zlib
from collections.abc import Iterator

import pytest

from cosignpy.localregistry.server import LocalRegistry
from tests.integration.localregistry.wire import Wire


@pytest.fixture(scope="module")
def shared_registry() -> Iterator[LocalRegistry]:
    with LocalRegistry() as running:
        yield running


@pytest.fixture
def registry(shared_registry: LocalRegistry) -> LocalRegistry:
    shared_registry.clear_requests()
    return shared_registry


@pytest.fixture
def wire(registry: LocalRegistry) -> Wire:
    return Wire(registry.address)


@pytest.fixture
def repository(request: pytest.FixtureRequest) -> str:
    """A repository of the test's own, whose name is the same on every run."""
    return f"tests/{zlib.crc32(request.node.nodeid.encode()):x}"
