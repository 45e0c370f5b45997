"""Secrets to pull images with, from an API server that allows no more than is needed."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.errors import Forbidden
from cosignpy.registry.credentials import BasicCredential
from cosignpy.registry.keyring import Keyring
from cosignpy.webhook.cluster.api import KubernetesApi
from cosignpy.webhook.cluster.connection import open_connection
from cosignpy.webhook.credentials.pull_secrets import ClusterPullSecrets
from cosignpy.webhook.verdicts import PullCredentials
from tests.support.kube_api.server import KubeApi

RIGHTS: Final = [
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get", "list", "watch"]},
]
RBAC: Final = "rbac.authorization.k8s.io"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[KubeApi]:
    with KubeApi(tmp_path) as api:
        yield api


def create(cluster: KubeApi, version: str, kind: str, members: Mapping[str, Any]) -> None:
    cluster.admin.create({"apiVersion": version, "kind": kind, **members})


def allow(cluster: KubeApi, rules: list[Mapping[str, Any]]) -> None:
    subject = {"kind": "ServiceAccount", "namespace": "cosign-system", "name": "webhook"}
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "webhook"}
    version = f"{RBAC}/v1"
    create(cluster, version, "ClusterRole", {"metadata": {"name": "webhook"}, "rules": rules})
    binding = {"metadata": {"name": "webhook"}, "subjects": [subject], "roleRef": reference}
    create(cluster, version, "ClusterRoleBinding", binding)


def fill(cluster: KubeApi) -> None:
    create(cluster, "v1", "Namespace", {"metadata": {"name": "team"}})
    add_secret(cluster, "pods")
    add_secret(cluster, "accounts")
    account = {"metadata": {"name": "builder", "namespace": "team"}, "imagePullSecrets": [{"name": "accounts"}]}
    create(cluster, "v1", "ServiceAccount", account)


def add_secret(cluster: KubeApi, name: str) -> None:
    raw = encode_json({"auths": {"registry.example": {"username": name, "password": "secret"}}})
    secret = {
        "metadata": {"name": name, "namespace": "team"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": encode_b64(raw)},
    }
    create(cluster, "v1", "Secret", secret)


def run(cluster: KubeApi, folder: Path, work: Any) -> Any:
    token = cluster.service_account_token("cosign-system", "webhook")
    kubeconfig = cluster.write_kubeconfig(folder / "kubeconfig", token)

    async def all_of_it() -> Any:
        api = KubernetesApi(open_connection(str(kubeconfig)))
        try:
            secrets = ClusterPullSecrets.of(api)
            found = await asyncio.wait_for(work(secrets), 20)
            await synced(secrets)
            return found
        finally:
            await api.close()

    coroutine: Coroutine[Any, Any, Any] = all_of_it()
    return asyncio.run(coroutine)


def users(found: PullCredentials) -> list[str]:
    credentials = Keyring.parse(found.docker_config).find("registry.example", "team/app")
    return [each.username for each in credentials if isinstance(each, BasicCredential)]


def got(cluster: KubeApi) -> list[str]:
    """Return the Secrets that were asked for one by one."""
    start = "/api/v1/namespaces/team/secrets/"
    return [each.path.removeprefix(start) for each in cluster.audited if each.path.startswith(start)]


POD: Final = {"imagePullSecrets": [{"name": "pods"}], "serviceAccountName": "builder"}


async def synced(secrets: ClusterPullSecrets) -> None:
    for _ in range(1000):
        if secrets.accounts.is_synced:
            return
        await asyncio.sleep(0.01)


def test_secrets_are_had_with_the_least_rights_and_asked_for_once(cluster: KubeApi, tmp_path: Path) -> None:
    fill(cluster)
    allow(cluster, RIGHTS)

    async def work(secrets: ClusterPullSecrets) -> None:
        early = await secrets.find("team", POD)
        assert users(early) == ["pods", "accounts"]
        await synced(secrets)
        before = len(cluster.audited)
        for _ in range(20):
            assert await secrets.find("team", POD) is early
        assert len(cluster.audited) == before

    run(cluster, tmp_path, work)
    assert got(cluster) == ["pods", "accounts"]


def test_an_account_that_changes_is_seen(cluster: KubeApi, tmp_path: Path) -> None:
    fill(cluster)
    allow(cluster, RIGHTS)

    async def work(secrets: ClusterPullSecrets) -> None:
        await synced(secrets)
        account = {"metadata": {"name": "builder", "namespace": "team"}, "imagePullSecrets": [{"name": "pods"}]}
        cluster.admin.replace({"apiVersion": "v1", "kind": "ServiceAccount", **account})
        for _ in range(1000):
            found = users(await secrets.find("team", {"serviceAccountName": "builder"}))
            if found == ["pods"]:
                return
            await asyncio.sleep(0.01)
        pytest.fail("it was not seen")

    run(cluster, tmp_path, work)


def test_a_secret_that_is_not_there_is_told(cluster: KubeApi, tmp_path: Path) -> None:
    fill(cluster)
    allow(cluster, RIGHTS)

    async def work(secrets: ClusterPullSecrets) -> PullCredentials:
        return await secrets.find("team", {"imagePullSecrets": [{"name": "gone"}], "serviceAccountName": "builder"})

    found = run(cluster, tmp_path, work)
    assert users(found) == ["accounts"]
    assert found.warnings == ("there is no Secret team/gone",)


def test_without_the_right_to_read_secrets_images_are_refused(cluster: KubeApi, tmp_path: Path) -> None:
    fill(cluster)
    allow(cluster, RIGHTS[1:])

    async def work(secrets: ClusterPullSecrets) -> None:
        with pytest.raises(Forbidden) as caught:
            await secrets.find("team", {"imagePullSecrets": [{"name": "pods"}]})
        assert "secrets" in f"{caught.value} {caught.value.hint}"

    run(cluster, tmp_path, work)
