"""Our API server asks webhooks what the real one was recorded asking (`tests/vectors/admission_reviews`)."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.interop.cluster import manifests
from tests.support.kube_api.client import KubeClient, path_of
from tests.support.kube_api.review_hook import EVERYTHING, ReviewHook, configuration, install
from tests.support.kube_api.server import KubeApi

RECORDED: Final = Path(__file__).resolve().parents[2] / "vectors" / "admission_reviews"
PLACE: Final = "recorded"
TAGGED: Final = "registry.example.com/team/app:1.0"
PINNED: Final = f"registry.example.com/team/app@sha256:{'a1' * 32}"
STRATEGIC: Final = "application/strategic-merge-patch+json"
VOLATILE: Final = ("uid", "creationTimestamp", "resourceVersion", "managedFields", "generation")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    folder = tmp_path_factory.mktemp("golden")
    with KubeApi(folder) as api, ReviewHook(folder / "hook") as hook:
        api.admin.create(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE, "labels": {"test": "all"}}}
        )
        rule = EVERYTHING | {"operations": ["CREATE", "UPDATE", "DELETE"]}
        settings = hook.settings("all", rules=[rule])
        install(api.admin, hook, configuration("Validating", "all", settings), PLACE)
        _act(api.admin)
        yield _named(hook.requests())


def _act(admin: KubeClient) -> None:
    for manifest in (
        manifests.cron_job(PLACE, "minutely", TAGGED),
        manifests.scaled("Deployment", PLACE, "web", TAGGED, replicas=2),
        manifests.scaled("StatefulSet", PLACE, "store", TAGGED, serviceName="store"),
        manifests.scaled("DaemonSet", PLACE, "agent", TAGGED),
        manifests.replication_controller(PLACE, "old", TAGGED),
        manifests.pod_template(PLACE, "form", TAGGED),
        manifests.job(PLACE, "once", TAGGED),
        manifests.config_map(PLACE, "plain", key="value"),
    ):
        admin.create(manifest)
    web = path_of("apps/v1", "Deployment", PLACE, "web")
    change = {"spec": {"containers": [{"name": "c0", "image": PINNED}]}}
    admin.ask("PATCH", web, {"spec": {"template": change}}, content_type=STRATEGIC)
    admin.ask("PATCH", f"{web}/scale", {"spec": {"replicas": 1}}, content_type="application/merge-patch+json")
    created = path_of("v1", "Pod", PLACE, "created")
    admin.create(manifests.pod(PLACE, "created", TAGGED))
    admin.create(manifests.pod(PLACE, "dry-run", TAGGED), dryRun="All")
    admin.ask("PATCH", created, change, content_type=STRATEGIC)
    debugger = {"name": "debugger", "image": "busybox", "targetContainerName": "c0"}
    more = {"spec": {"ephemeralContainers": [debugger]}}
    admin.ask("PATCH", f"{created}/ephemeralcontainers", more, content_type=STRATEGIC)
    running = {"status": {"phase": "Running"}}
    admin.ask("PATCH", f"{created}/status", running, content_type="application/merge-patch+json")
    admin.ask("DELETE", created)


def _named(requests: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return requests by the names of the files they are recorded in."""
    found = {}
    for request in requests:
        kind = request["resource"]["resource"].removesuffix("s")
        what = {"CREATE": "create", "UPDATE": "patch-image", "DELETE": "delete"}[request["operation"]]
        if request.get("subResource") == "status":
            what = "status"
        what = {"scale": "scale", "ephemeralcontainers": "ephemeral-container"}.get(
            request.get("subResource", ""), what
        )
        found[f"{kind}-create-dry-run" if request["dryRun"] else f"{kind}-{what}"] = request
    return found


NAMES: Final = (
    "pod-create",
    "pod-create-dry-run",
    "pod-patch-image",
    "pod-ephemeral-container",
    "pod-status",
    "pod-delete",
    "deployment-create",
    "deployment-patch-image",
    "deployment-scale",
    "statefulset-create",
    "daemonset-create",
    "cronjob-create",
    "configmap-create",
    "replicationcontroller-create",
    "podtemplate-create",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_review_is_the_recorded_one(asked: Mapping[str, Any], name: str) -> None:
    recorded = json.loads((RECORDED / f"{name}.json").read_text())["request"]
    assert _settled(asked[name]) == _settled(recorded)


def _settled(request: Mapping[str, Any]) -> Any:
    """Return a request without what differs from time to time."""
    parts = {key: content for key, content in request.items() if key not in {"uid", "userInfo"}}
    return {key: _clean(content) for key, content in parts.items()}


def _clean(content: Any) -> Any:
    if isinstance(content, dict):
        kept = {key: _clean(each) for key, each in content.items() if key not in VOLATILE and each != {}}
        return {key: each for key, each in kept.items() if each not in (None, {}, [])}
    if isinstance(content, list):
        return [_clean(each) for each in content]
    return re.sub(r"kube-api-access-\w+", "kube-api-access", content) if isinstance(content, str) else content
