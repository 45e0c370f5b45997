"""The client of clusters with the real API server: watches, versions that etcd forgot, restarts, leases, webhooks."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest

from tests.interop.cluster.server import Cluster
from tests.support.certificate_flow import CERTIFICATE_FLOWS
from tests.support.cluster_flows import FLOWS, ApiServer

# The API server keeps its connections to webhooks that are gone; what is left of them is collected at any time.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SECONDS: Final = 180.0


class _Running:
    """As the flows want it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    @property
    def port(self) -> int:
        return self._cluster.port

    def kubeconfig(self, file: Path) -> Path:
        return self._cluster.kubeconfig(file)

    def forget(self) -> None:
        self._cluster.forget_history()

    def restart(self) -> None:
        self._cluster.restart_api_server()


@pytest.mark.parametrize("flow", [*FLOWS, *CERTIFICATE_FLOWS], ids=lambda flow: flow.__name__)
def test_flow(cluster: Cluster, tmp_path: Path, flow: Callable[[ApiServer, Path], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(SECONDS):
            await flow(_Running(cluster), tmp_path)

    asyncio.run(main())
