"""The fixtures of tests that need the API server: one server for the whole run, a namespace for each test."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.interop.cluster.server import Cluster

MakeNamespace = Callable[..., str]
"""Makes a namespace with labels and a new name, and returns that."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API server without controllers, at first."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="session")
def controlled(cluster: Cluster) -> Cluster:
    """The same API server, with controllers from then on."""
    cluster.start_controllers()
    return cluster


@pytest.fixture(scope="session")
def make_namespace(cluster: Cluster) -> MakeNamespace:
    numbers = itertools.count(1)

    def make(**labels: str) -> str:
        return cluster.make_namespace(f"test-{next(numbers)}", **labels)

    return make
