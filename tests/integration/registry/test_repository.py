"""The repository contract, kept on the embedded registry with and without the referrers API."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from cosignpy.localregistry.faults import Faults
from cosignpy.operations.ports import Repository
from tests.support.registries import RunningRegistry, run_embedded
from tests.support.repository_contract import FullContract


@pytest.fixture(scope="module", params=[False, True], ids=["referrers-api", "fallback-tag"])
def registry(request: pytest.FixtureRequest) -> Iterator[RunningRegistry]:
    with run_embedded(Faults(no_referrers_api=request.param, page_size=2)) as running:
        yield running


@pytest.fixture
def repository(registry: RunningRegistry) -> Repository:
    return registry.open_repository(f"team/{uuid4().hex}")


class TestEmbeddedRegistry(FullContract):
    pass
