"""The API server that other tests rest on: it is the real one, and what they look at is really there."""

import itertools
import subprocess
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.interop import peers
from tests.interop.cluster import manifests
from tests.interop.cluster.api_client import ApiRefusedError
from tests.interop.cluster.fixtures import MakeNamespace
from tests.interop.cluster.manifests import TAGGED
from tests.interop.cluster.program import await_true
from tests.interop.cluster.record import RECORDED, WANTED
from tests.interop.cluster.server import Cluster, environment
from tests.interop.cluster.site_files import STRANGER_TOKEN
from tests.interop.cluster.tiny_webhook import TinyWebhook, configuration, install


def test_the_server_tells_its_version(cluster: Cluster) -> None:
    assert cluster.admin.get("/version")["gitVersion"] == peers.PEERS["kube-apiserver"].version


@pytest.mark.parametrize(
    ("token", "status"), [("token-of-nobody", HTTPStatus.UNAUTHORIZED), (STRANGER_TOKEN, HTTPStatus.FORBIDDEN)]
)
def test_who_has_no_role_is_refused(cluster: Cluster, token: str, status: HTTPStatus) -> None:
    with pytest.raises(ApiRefusedError) as caught:
        cluster.client(token).get("/api/v1/namespaces")
    assert caught.value.answer.status == status


def test_a_service_account_may_do_what_its_role_says(cluster: Cluster, make_namespace: MakeNamespace) -> None:
    namespace = make_namespace()
    account = cluster.client(cluster.token_of(namespace, "default"))
    pods = f"/api/v1/namespaces/{namespace}/pods"
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "reader", "namespace": namespace}}
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
    cluster.admin.create({**rbac, "kind": "Role", "rules": [rule]})
    assert account.call("GET", pods).status == HTTPStatus.FORBIDDEN
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
    cluster.admin.create({**rbac, "kind": "RoleBinding", "roleRef": role, "subjects": [subject]})
    await_true(lambda: account.call("GET", pods).status == HTTPStatus.OK, "the role holds")
    assert account.call("POST", pods, {}).status == HTTPStatus.FORBIDDEN


def test_kubectl_reads_our_kubeconfig(cluster: Cluster, make_namespace: MakeNamespace, tmp_path: Path) -> None:
    namespace = make_namespace(test="kubectl")
    command = [str(peers.path("kubectl")), "get", "namespaces", "--selector=test=kubectl", "--output=name"]
    env = environment(cluster.kubeconfig(tmp_path / "kubeconfig"))
    assert subprocess.check_output(command, env=env, text=True).split() == [f"namespace/{namespace}"]


def test_a_deployment_makes_pods(controlled: Cluster, make_namespace: MakeNamespace) -> None:
    namespace = make_namespace()
    controlled.admin.create(manifests.scaled("Deployment", namespace, "web", TAGGED, replicas=2))
    pods = f"/api/v1/namespaces/{namespace}/pods"
    await_true(lambda: len(controlled.admin.get(pods)["items"]) == 2, "two Pods")
    owners = [pod["metadata"]["ownerReferences"][0]["kind"] for pod in controlled.admin.get(pods)["items"]]
    assert owners == ["ReplicaSet", "ReplicaSet"]


def test_what_a_webhook_notes_and_warns_of_arrives(
    cluster: Cluster, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    namespace = make_namespace(test="notes")
    said = {"allowed": True, "auditAnnotations": {"seen": "yes"}, "warnings": ['a "quoted" warning']}
    with TinyWebhook(tmp_path, lambda _request: said) as webhook:
        install(cluster.admin, webhook, configuration("Validating", "notes", webhook), namespace)
        answer = cluster.admin.try_create(manifests.pod(namespace, "noted", TAGGED))
    cluster.admin.delete("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/notes")
    assert (answer.status, answer.warnings) == (HTTPStatus.CREATED, ('a "quoted" warning',))
    assert cluster.audit.annotations(namespace, "noted")["notes.example.com/seen"] == "yes"


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        pytest.param([4000, 96], [4000, 96], id="all that fits"),
        pytest.param([3900, 100, 300], [256, 100, 256], id="more than 4096 together: each is cut"),
        pytest.param([250] * 20, [250] * 17, id="and what is too much even so is left out"),
    ],
)
def test_warnings_arrive_up_to_a_limit(
    cluster: Cluster, make_namespace: MakeNamespace, tmp_path: Path, sent: list[int], arrives: list[int]
) -> None:
    """What the messages of our webhook are fitted to."""
    namespace = make_namespace(test="warns")
    warnings = [f"{number:02}".ljust(size, "\N{LATIN SMALL LETTER E WITH ACUTE}") for number, size in enumerate(sent)]
    said = {"allowed": True, "warnings": warnings}
    with TinyWebhook(tmp_path, lambda _request: said) as webhook:
        install(cluster.admin, webhook, configuration("Validating", "warns", webhook), namespace)
        answer = cluster.admin.try_create(manifests.pod(namespace, "warned", TAGGED), dryRun="All")
    cluster.admin.delete("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/warns")
    assert [len(warning) for warning in answer.warnings] == arrives


def test_objects_survive_a_restart_and_old_versions_do_not(cluster: Cluster, make_namespace: MakeNamespace) -> None:
    namespace = make_namespace()
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    seen = cluster.admin.get(maps)["metadata"]["resourceVersion"]
    cluster.admin.create(manifests.config_map(namespace, "kept", key="value"))
    (event,) = itertools.islice(cluster.admin.watch(maps, seen), 1)
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "kept")
    cluster.forget_history()
    assert cluster.admin.get(f"{maps}/kept")["data"] == {"key": "value"}
    (event,) = itertools.islice(cluster.admin.watch(maps, seen), 1)
    assert (event["type"], event["object"]["code"]) == ("ERROR", HTTPStatus.GONE)


def test_every_review_was_recorded() -> None:
    assert {file.stem for file in RECORDED.glob("*.json")} == {wanted.file for wanted in WANTED}
