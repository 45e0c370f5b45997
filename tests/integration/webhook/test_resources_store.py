"""Policies of a cluster come into force, change and go, over a real connection to an API server in memory."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.webhook.kinds import CLUSTER_IMAGE_POLICY_V1ALPHA1, IMAGE_POLICY, TRUST_ROOT
from cosignpy.webhook.ports import ResourceType
from tests.support.crd_examples import ROOTS
from tests.support.image_policies import BY_KEY, PASS, PEM, document, own_document
from tests.support.kube_api.server import KubeApi
from tests.support.policy_flow import NAMESPACE, Flow, policy_flow, told
from tests.support.recorded_policies import definitions

BY_SECRET: Final = {"key": {"secretRef": {"name": "team-key"}}}
SECRET: Final = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "team-key", "namespace": NAMESPACE},
    "data": {"key": base64.b64encode(PEM.encode()).decode()},
}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[KubeApi]:
    with KubeApi(tmp_path) as running:
        for name in (NAMESPACE, "team-a"):
            running.admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        for each in definitions().values():
            running.admin.create(each)
        yield running


def status(cluster: KubeApi, kind: ResourceType, namespace: str, name: str) -> dict[str, str]:
    return told(cluster.admin.get(kind.api_version, kind.kind, namespace, name))


async def written(flow: Flow, cluster: KubeApi, kind: ResourceType, name: str, ready: str) -> None:
    namespace = "team-a" if kind.namespaced else ""
    await flow.until(lambda: status(cluster, kind, namespace, name).get("Ready") == ready)


def ask(cluster: KubeApi, verb: str, *given: Any) -> asyncio.Future[Any]:
    """Ask from a thread, as others in the cluster do."""
    return asyncio.get_running_loop().run_in_executor(None, getattr(cluster.admin, verb), *given)


def test_a_policy_is_in_force_at_once_follows_its_secret_and_says_so(cluster: KubeApi, tmp_path: Path) -> None:
    kind = CLUSTER_IMAGE_POLICY_V1ALPHA1

    async def act() -> None:
        async with policy_flow(cluster.write_kubeconfig(tmp_path / "config", cluster.admin_token)) as flow:
            await ask(cluster, "create", document(BY_SECRET))
            took = await flow.until(lambda: "team" in flow.problems())
            assert took < 0.1
            await written(flow, cluster, kind, "team", "InliningKeysFailed")
            await ask(cluster, "create", SECRET)
            await flow.until(lambda: flow.problems() == {"team": ""})
            await written(flow, cluster, kind, "team", "True")
            version = flow.store.current().version
            found = await ask(cluster, "get", kind.api_version, kind.kind, "", "team")
            assert found["status"]["observedGeneration"] == found["metadata"]["generation"] == 1
            broken = {**found, "spec": {**found["spec"], "match": [{"resource": "pods", "version": "v1"}]}}
            await ask(cluster, "replace", broken)
            await flow.until(lambda: flow.store.current().version != version)
            await ask(cluster, "delete", kind.api_version, kind.kind, "", "team")
            await flow.until(lambda: flow.store.current().policies == ())

    asyncio.run(act())


def test_trust_roots_and_policies_of_namespaces_are_followed_too(cluster: KubeApi, tmp_path: Path) -> None:
    async def act() -> None:
        async with policy_flow(cluster.write_kubeconfig(tmp_path / "config", cluster.admin_token)) as flow:
            own = own_document(PASS)
            await ask(cluster, "create", {**own, "metadata": {"name": "own", "namespace": "team-a"}})
            await ask(cluster, "create", ROOTS["a mirror"])
            await written(flow, cluster, IMAGE_POLICY, "own", "True")
            await written(flow, cluster, TRUST_ROOT, "mine", "InliningKeysFailed")
            (found,) = flow.store.current().policies
            assert (found.namespace, found.problem) == ("team-a", "")

    asyncio.run(act())


def test_a_server_that_starts_again_changes_nothing(cluster: KubeApi, tmp_path: Path) -> None:
    async def act() -> None:
        async with policy_flow(cluster.write_kubeconfig(tmp_path / "config", cluster.admin_token)) as flow:
            await ask(cluster, "create", document(BY_KEY))
            await flow.until(lambda: flow.problems() == {"team": ""})
            snapshot = flow.store.current()
            await asyncio.get_running_loop().run_in_executor(None, cluster.stop)
            await asyncio.sleep(0.2)
            assert flow.store.current() is snapshot
            await asyncio.get_running_loop().run_in_executor(None, cluster.start)
            await ask(cluster, "create", document(PASS, name="other"))
            await flow.until(lambda: set(flow.problems()) == {"team", "other"})

    asyncio.run(act())


def test_what_was_there_before_is_in_force_when_it_is_ready(cluster: KubeApi, tmp_path: Path) -> None:
    own = own_document(PASS)
    for each in (document(BY_SECRET), SECRET, {**own, "metadata": {"name": "own", "namespace": "team-a"}}):
        cluster.admin.create(each)

    async def act() -> None:
        async with policy_flow(cluster.write_kubeconfig(tmp_path / "config", cluster.admin_token)) as flow:
            assert flow.problems() == {"team": "", "own": ""}
            await written(flow, cluster, CLUSTER_IMAGE_POLICY_V1ALPHA1, "team", "True")
            await written(flow, cluster, IMAGE_POLICY, "own", "True")

    asyncio.run(act())
