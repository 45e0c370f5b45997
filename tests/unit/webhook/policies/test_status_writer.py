"""Statuses are written by the leader, once, and until they are there."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from cosignpy.errors import ClusterError, Conflict
from cosignpy.webhook import kinds
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.policies.status_writer import StatusPorts, StatusWriter
from cosignpy.webhook.policies.store import PolicyStore
from cosignpy.webhook.policies.watched import watch_policies
from tests.support.cluster_fakes import FakeCluster, FakeLeadership
from tests.support.crd_examples import trust_root
from tests.support.image_policies import BY_KEY, PASS, document, own_document
from tests.support.policy_supplies import FakeSupplies

NAMESPACE: Final = "cosign-system"
NOW: Final = datetime(2026, 11, 30, tzinfo=UTC)


class Site:
    def __init__(self, *, is_leader: bool) -> None:
        self.cluster = FakeCluster()
        self.caches = watch_policies(self.cluster, NAMESPACE, own=True)
        self.leadership = FakeLeadership(is_leader=is_leader)
        self.policies = self.cluster.caches[kinds.CLUSTER_IMAGE_POLICY_V1ALPHA1]
        self.own = self.cluster.caches[kinds.IMAGE_POLICY]
        self.roots = self.cluster.caches[kinds.TRUST_ROOT]

    def ready(self, name: str = "team") -> str:
        found = self.policies.get("", name) or {}
        conditions = {each["type"]: each["status"] for each in found.get("status", {}).get("conditions", [])}
        return str(conditions.get("Ready", ""))

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(400):
            if holds():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("it never came true")


def follow(act: Callable[[Site], Awaitable[None]], *, is_leader: bool = True) -> None:
    async def run() -> None:
        site = Site(is_leader=is_leader)
        store = PolicyStore(site.caches, FakeSupplies(), LiveSettings())
        writer = StatusWriter(store, StatusPorts(site.caches, site.cluster, site.leadership, lambda: NOW), 0.01)
        running = [asyncio.create_task(each) for each in (store.run(), writer.run())]
        try:
            await act(site)
            assert not any(each.done() for each in running)
        finally:
            for each in running:
                each.cancel()
                with suppress(asyncio.CancelledError):
                    await each

    asyncio.run(run())


def made(*authorities: Any, generation: int = 1, **spec: Any) -> dict[str, Any]:
    found = document(*authorities, **spec)
    found["metadata"] |= {"uid": "u", "generation": generation, "resourceVersion": "7"}
    return found


def test_a_status_is_written_once() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(BY_KEY))
        await site.until(lambda: site.ready() == "True")
        found = site.policies.get("", "team") or {}
        assert found["status"]["observedGeneration"] == 1
        await asyncio.sleep(0.05)
        assert site.cluster.done == [("update status", "", "team")]
        site.policies.put(made(BY_KEY, generation=2, mode="zzz") | {"status": found["status"]})
        await site.until(lambda: site.ready() == "False")
        site.policies.remove("", "team")
        await asyncio.sleep(0.05)
        assert len(site.cluster.done) == 2

    follow(act)


def test_all_kinds_have_one() -> None:
    async def act(site: Site) -> None:
        own = own_document(PASS)
        site.own.put({**own, "metadata": {"name": "own", "namespace": "team-a", "uid": "o"}})
        root = {
            "apiVersion": "policy.sigstore.dev/v1alpha1",
            "kind": "TrustRoot",
            "metadata": {"name": "mine"},
            "spec": {},
        }
        site.roots.put(root)
        await site.until(lambda: len(site.cluster.done) == 2)
        assert sorted(site.cluster.done) == [("update status", "", "mine"), ("update status", "team-a", "own")]

    follow(act)


def test_who_does_not_lead_writes_nothing_until_it_does() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(BY_KEY))
        site.roots.put(trust_root())
        await asyncio.sleep(0.1)
        assert site.cluster.done == []
        site.leadership.lead(is_leader=True)
        await site.until(lambda: len(site.cluster.done) == 2)
        site.leadership.lead(is_leader=False)
        site.policies.put(made(BY_KEY, generation=2, mode="zzz"))
        await asyncio.sleep(0.1)
        assert len(site.cluster.done) == 2

    follow(act, is_leader=False)


@pytest.mark.parametrize(
    "error", [Conflict("update x", "here", "changed", 409), ClusterError("update x", "here", "no")]
)
def test_a_write_that_fails_is_made_again(error: ClusterError) -> None:
    async def act(site: Site) -> None:
        site.cluster.refusal = error
        site.policies.put(made(BY_KEY))
        await asyncio.sleep(0.1)
        assert site.ready() == ""
        site.cluster.refusal = None
        await site.until(lambda: site.ready() == "True")

    follow(act)


def test_an_object_that_changed_meanwhile_is_left_for_later() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(BY_KEY))
        await site.until(lambda: site.ready() == "True")
        site.policies._objects["", "team"] = made(PASS, generation=2)  # an event that nobody was told of yet
        site.leadership.lead(is_leader=True)
        await asyncio.sleep(0.05)
        assert len(site.cluster.done) == 1

    follow(act)


def test_an_object_that_went_meanwhile_has_no_status() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(BY_KEY))
        await site.until(lambda: site.ready() == "True")
        del site.policies._objects["", "team"]  # an event that nobody was told of yet
        site.leadership.lead(is_leader=True)
        await asyncio.sleep(0.05)
        assert len(site.cluster.done) == 1

    follow(act)
