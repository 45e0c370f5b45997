"""Where and how much the webhook enforces, what of running things it leaves alone, and what is allowed all the same."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.kube_api.client import Answered, path_of
from tests.support.kube_api.contract.checks import deployment, pod, unique
from tests.support.kube_api.flows import OTHER, PUBLIC, Registry, denied, serve_team
from tests.support.kube_api.webhook_site import NAMESPACE, WebhookSite, await_that, key_policy, webhook_site

ENFORCEMENT = "policy.cosignpy.dev/enforcement"


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with serve_team() as made:
        yield made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[WebhookSite]:
    with webhook_site(tmp_path_factory.mktemp("site")) as made:
        made.start(f"--plain-http-registry={registry.address}")
        made.apply_policy("team", **key_policy(PUBLIC, registry.glob))
        yield made


@pytest.fixture
def place(site: WebhookSite) -> str:
    return site.make_namespace(unique("team"))


def _answers(site: WebhookSite, place: str, image: str, code: int, seconds: float = 10) -> Answered:
    """Wait until an image is answered with a code."""

    def ask() -> Answered | None:
        found = site.admin.try_create(pod(place, unique("p"), image), dryRun="All")
        return found if found.code == code else None

    found: Answered = await_that(ask, f"{image}: {code}", seconds)
    return found


def test_a_namespace_may_only_warn(site: WebhookSite, registry: Registry) -> None:
    place = site.make_namespace(unique("team"), **{ENFORCEMENT: "warn"})
    found = _answers(site, place, registry.unsigned, 201)
    assert any("failed policy: team" in warning for warning in found.warnings)


def test_a_namespace_may_only_be_audited(site: WebhookSite, registry: Registry) -> None:
    place = site.make_namespace(unique("team"), **{ENFORCEMENT: "audit"})
    found = _answers(site, place, registry.unsigned, 201)
    assert found.warnings == ()
    noted = [line.annotations for line in site.api.audited if line.path.startswith(f"/api/v1/namespaces/{place}/pods")]
    assert noted[-1]["policy.sigstore.dev/verdict"] == "admitted in spite of refusals: audit"


def test_a_label_does_not_loosen_what_nobody_may_loosen(site: WebhookSite, place: str, registry: Registry) -> None:
    """Labels that switch enforcement are for those who have the right to."""
    site.admin.create(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "namespace-owner"},
            "rules": [{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "patch"]}],
        }
    )
    site.admin.create(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "namespace-owner"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "namespace-owner"},
            "subjects": [{"kind": "User", "name": "owner"}],
        }
    )
    owner = site.api.client(site.api.token("owner"))
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place}}
    for labels in ({"policy.sigstore.dev/include": "false"}, {ENFORCEMENT: "warn"}):
        found = owner.merge(namespace, {"metadata": {"labels": labels}})
        assert (found.code, "denied request: " in found.message) == (403, True)
    assert owner.merge(namespace, {"metadata": {"labels": {"team": "a"}}}).code == 200
    assert site.admin.try_create(pod(place, "a", registry.unsigned)).code == 403


def test_namespaced_policies_only_add_demands(site: WebhookSite, place: str, registry: Registry) -> None:
    document = {"apiVersion": "cosignpy.dev/v1alpha1", "kind": "ImagePolicy"}
    metadata = {"name": "ours", "namespace": place}
    _answers(site, place, registry.signed, 201)
    site.admin.apply({**document, "metadata": metadata, "spec": key_policy(OTHER, registry.glob)})
    found = _answers(site, place, registry.signed, 403)
    assert "ours" in denied(found)
    other = site.make_namespace(unique("team"))
    _answers(site, other, registry.signed, 201)
    site.admin.apply({**document, "metadata": metadata, "spec": key_policy(PUBLIC, registry.glob)})
    _answers(site, place, registry.signed, 201)
    _answers(site, place, registry.unsigned, 403)


def test_what_runs_is_left_alone_but_for_its_images(site: WebhookSite, place: str, registry: Registry) -> None:
    """What was admitted once can be scaled, labelled, let go and deleted, whatever policies say now."""
    site.api.start_controllers()
    made = site.admin.create(deployment(place, "web", registry.signed))
    await_that(lambda: _pods(site, place), "a Pod")
    site.apply_policy("team", **key_policy(OTHER, registry.glob))
    try:
        _answers(site, place, registry.signed, 403)
        (found,) = _pods(site, place)
        assert site.admin.merge(found, {"metadata": {"labels": {"a": "b"}}}).code == 200
        assert site.admin.merge(made, {"spec": {"replicas": 0}}, "scale").code == 200
        await_that(lambda: _pods(site, place) == [], "no Pods")
        held = {"metadata": {"finalizers": ["example.com/wait"]}}
        assert site.admin.merge(made, held).code == 200
        options = {"propagationPolicy": "Orphan"}
        site.admin.ask("DELETE", path_of("apps/v1", "Deployment", place, "web"), options)
        await_that(lambda: _is_orphaned(site, place), "the ReplicaSet has no owner")
        assert site.admin.merge(made, {"metadata": {"finalizers": None}}).code == 200
        assert site.admin.get("apps/v1", "Deployment", place, "web") is None
    finally:
        site.apply_policy("team", **key_policy(PUBLIC, registry.glob))


def _pods(site: WebhookSite, place: str) -> Any:
    return site.admin.list("v1", "Pod", place)["items"]


def _is_orphaned(site: WebhookSite, place: str) -> bool:
    (found,) = site.admin.list("apps/v1", "ReplicaSet", place)["items"]
    return not found["metadata"].get("ownerReferences")


def test_a_refused_rollout_says_why_where_people_look(site: WebhookSite, place: str, registry: Registry) -> None:
    """The Pods of a ReplicaSet that was there before the policy are refused, and the Deployment tells."""
    site.api.start_controllers()
    site.apply_policy("team", **key_policy(PUBLIC, registry.glob, mode="warn"))
    made = site.admin.create(deployment(place, "web", registry.unsigned))
    await_that(lambda: _pods(site, place), "a Pod")
    site.apply_policy("team", **key_policy(PUBLIC, registry.glob))
    _answers(site, place, registry.unsigned, 403)
    site.admin.merge(made, {"spec": {"replicas": 2}})
    told = await_that(lambda: _failures(site, place), "ReplicaFailure")
    assert 'admission webhook "policy.sigstore.dev" denied the request' in told[0]["message"]
    assert "no signatures found" in told[0]["message"]


def _failures(site: WebhookSite, place: str) -> list[Any]:
    found = site.admin.get("apps/v1", "Deployment", place, "web")
    conditions = (found.get("status") or {}).get("conditions") or []
    return [each for each in conditions if each["type"] == "ReplicaFailure"]


def test_a_signed_exception_admits_what_is_refused(
    site: WebhookSite, place: str, registry: Registry, tmp_path: Path
) -> None:
    """It has to be signed by who may, is for one namespace, and is warned of and recorded."""
    _run(tmp_path, "generate-key-pair", "--output-key-prefix=oncall")
    image = f"{registry.address}/team/unsigned"
    common = ("webhook", "break-glass", image, f"--namespace={place}", "--reason=INC-1: down", "--name=fire")
    manifest = yaml.safe_load(_run(tmp_path, *common, "--key=oncall.key", "--tlog-upload=false"))
    manifest["metadata"]["namespace"] = place
    _answers(site, place, registry.unsigned, 403)
    site.set_settings(break_glass="true")
    site.admin.create(manifest)
    _answers(site, place, registry.unsigned, 403, 2)
    authority = {"name": "oncall", "key": {"data": (tmp_path / "oncall.pub").read_text()}}
    spec = {"files": [{"glob": "break-glass.yaml"}], "authorities": [authority]}
    metadata = {"name": "exceptions", "namespace": NAMESPACE}
    site.admin.apply({"apiVersion": "cosignpy.dev/v1alpha1", "kind": "ImagePolicy", "metadata": metadata, "spec": spec})
    found = _answers(site, place, registry.unsigned, 201)
    assert any("INC-1: down" in warning for warning in found.warnings)
    noted = [line.annotations for line in site.api.audited if line.path == f"/api/v1/namespaces/{place}/pods"]
    assert any("INC-1" in text for text in noted[-1].values())
    other = site.make_namespace(unique("team"))
    assert site.admin.try_create(pod(other, "a", registry.unsigned)).code == 403
    site.admin.delete("cosignpy.dev/v1alpha1", "BreakGlass", place, "fire")
    _answers(site, place, registry.unsigned, 403)


def _run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-c", "from cosignpy.cli.app import main; main()", *arguments]
    home = {"COSIGN_PASSWORD": "", "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=os.environ | home, capture_output=True, text=True, check=True)
    return done.stdout
