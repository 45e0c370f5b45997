"""The real kube-apiserver keeps the contract that our API server for tests is held to."""

from collections.abc import Iterator

import pytest

from tests.interop.cluster.server import Cluster
from tests.interop.cluster.site_files import ADMIN_TOKEN
from tests.support.kube_api.client import KubeClient
from tests.support.kube_api_contract import CHECKS, Check


class Real:
    """The real server as the contract wants it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def client(self) -> KubeClient:
        """Return the administrator's client."""
        return KubeClient(self._cluster.url, self._cluster.ca_file, ADMIN_TOKEN)

    def client_of(self, namespace: str, account: str) -> KubeClient:
        """Return a client with a token of a service account."""
        metadata = {"name": account, "namespace": namespace}
        self.client().try_create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
        return KubeClient(self._cluster.url, self._cluster.ca_file, self._cluster.token_of(namespace, account))

    def make_namespace(self, name: str, **labels: str) -> str:
        """Make a namespace and its service account."""
        return self._cluster.make_namespace(name, **labels)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """Start the real server."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield Real(cluster)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_real_api_server(server: Real, check: Check) -> None:
    check(server)
