"""The client of clusters with an API server in this process, over TLS."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.certificate_flow import CERTIFICATE_FLOWS
from tests.support.cluster_flows import FLOWS, ApiServer
from tests.support.kube_api.server import KubeApi

SECONDS: Final = 60.0

# The API server keeps its connections to webhooks that are gone; what is left of them is collected at any time.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class _Running:
    """As the flows want it."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api

    @property
    def port(self) -> int:
        return self._api.port

    def kubeconfig(self, file: Path) -> Path:
        return self._api.write_kubeconfig(file, self._api.admin_token)

    def forget(self) -> None:
        self._api.compact()

    def restart(self) -> None:
        self._api.stop()
        self._api.start()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Running]:
    with KubeApi(tmp_path_factory.mktemp("api")) as api:
        yield _Running(api)


@pytest.mark.parametrize("flow", [*FLOWS, *CERTIFICATE_FLOWS], ids=lambda flow: flow.__name__)
def test_flow(server: _Running, tmp_path: Path, flow: Callable[[ApiServer, Path], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(SECONDS):
            await flow(server, tmp_path)

    asyncio.run(main())
