"""The store of policies and the writer of statuses, on the API server that a kubeconfig file names."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from cosignpy.values import value
from cosignpy.webhook.cluster.api import KubernetesApi
from cosignpy.webhook.cluster.connection import open_connection
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.policies.status_writer import StatusPorts, StatusWriter
from cosignpy.webhook.policies.store import PolicyStore
from cosignpy.webhook.policies.watched import watch_policies
from tests.support.cluster_fakes import FakeLeadership
from tests.support.policy_supplies import FakeSupplies

NAMESPACE = "cosign-system"
SECONDS = 10.0


@value
class Flow:
    """What runs."""

    api: KubernetesApi
    store: PolicyStore
    supplies: FakeSupplies

    async def until(self, holds: Callable[[], bool]) -> float:
        """Wait, and return how many seconds it took."""
        began = time.monotonic()
        while not holds():
            assert time.monotonic() - began < SECONDS, self.api.problems()
            await asyncio.sleep(0.002)
        return time.monotonic() - began

    def problems(self) -> dict[str, str]:
        """Return why policies refuse everything, by their names in front of a cluster."""
        return {each.document.name: each.problem for each in self.store.current().policies}


@asynccontextmanager
async def policy_flow(kubeconfig: Path) -> AsyncIterator[Flow]:
    """Run both, the writer as the leader."""
    api = KubernetesApi(open_connection(str(kubeconfig)))
    caches = watch_policies(api, NAMESPACE, own=True)
    supplies = FakeSupplies()
    store = PolicyStore(caches, supplies, LiveSettings())
    writer = StatusWriter(store, StatusPorts(caches, api, FakeLeadership()))
    running = [asyncio.create_task(each) for each in (store.run(), writer.run())]
    flow = Flow(api, store, supplies)
    try:
        await flow.until(lambda: store.is_ready)
        yield flow
        assert not any(each.done() for each in running)
    finally:
        for each in running:
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each
        await api.close()
        await asyncio.sleep(0.1)  # the event loop ends a TLS connection a moment after it was closed


def told(found: dict[str, Any]) -> dict[str, str]:
    """Return the conditions of an object, each with its reason where there is one."""
    conditions = found.get("status", {}).get("conditions", [])
    return {each["type"]: each.get("reason") or each["status"] for each in conditions}
