"""Our API server keeps the contract that the real one keeps."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.kube_api.client import KubeClient
from tests.support.kube_api.server import KubeApi
from tests.support.kube_api_contract import CHECKS, Check

if TYPE_CHECKING:
    from pathlib import Path


class Ours:
    def __init__(self, api: KubeApi) -> None:
        self._api = api

    def client(self) -> KubeClient:
        return self._api.admin

    def client_of(self, namespace: str, account: str) -> KubeClient:
        return self._api.client(self._api.service_account_token(namespace, account))

    def make_namespace(self, name: str, **labels: str) -> str:
        self._api.admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        return name


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    folder: Path = tmp_path_factory.mktemp("kube-api")
    with KubeApi(folder) as api:
        yield Ours(api)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_our_api_server(server: Ours, check: Check) -> None:
    check(server)
