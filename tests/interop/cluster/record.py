"""Record what the real API server asks webhooks: `python -m tests.interop.cluster.record [FOLDER]`.

Everything that can happen to an object that runs images is done once, by people and by controllers. The reviews are
written as they came, but for `metadata.managedFields`, which only two of them keep.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.interop.cluster import manifests
from tests.interop.cluster.api_client import STRATEGIC, ApiClient, Json
from tests.interop.cluster.manifests import PINNED, TAGGED
from tests.interop.cluster.program import ProgramError, await_true
from tests.interop.cluster.server import Cluster
from tests.interop.cluster.tiny_webhook import ANY_RULE, TinyWebhook, configuration, install

RECORDED: Final = Path(__file__).resolve().parents[2] / "vectors" / "admission_reviews"
_NAMESPACE: Final = "recorded"
_GROUP: Final = "example.com"
_CRON_SECONDS: Final = 150.0
"""A CronJob starts at the full minute, when its controller next looks."""
_WHOLE: Final = frozenset({"pod-create", "pod-patch-image"})
"""Kept with their managed fields, which are half of a review."""

_CONTROLLERS: Final = "system:serviceaccount:kube-system:"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One review to keep: the first that has all of this; `user` is the end of who asked, `name` the start."""

    file: str
    operation: str
    resource: str
    name: str
    subresource: str = ""
    user: str = "admin"
    being_deleted: bool = False

    def is_met(self, request: Json) -> bool:
        """Tell whether a request is the one."""
        metadata = ((request["object"] or {}).get("metadata")) or {}
        return (
            (request["operation"], request["resource"]["resource"]) == (self.operation, self.resource)
            and request.get("subResource", "") == self.subresource
            and request.get("name", "").startswith(self.name)
            and request["userInfo"]["username"].endswith(self.user)
            and ("deletionTimestamp" in metadata) == self.being_deleted
        )


WANTED: Final = (
    Wanted("pod-create", "CREATE", "pods", "created"),
    Wanted("pod-create-dry-run", "CREATE", "pods", "dry-run"),
    Wanted("pod-create-generate-name", "CREATE", "pods", "generated-"),
    Wanted("pod-create-all-images", "CREATE", "pods", "all-images"),
    Wanted("pod-patch-image", "UPDATE", "pods", "created"),
    Wanted("pod-patch-labels", "UPDATE", "pods", "labelled"),
    Wanted("pod-ephemeral-container", "UPDATE", "pods", "created", "ephemeralcontainers"),
    Wanted("pod-status", "UPDATE", "pods", "created", "status"),
    Wanted("pod-resize", "UPDATE", "pods", "labelled", "resize"),
    Wanted("pod-eviction", "CREATE", "pods", "all-images", "eviction"),
    Wanted("pod-exec", "CONNECT", "pods", "created", "exec"),
    Wanted("pod-delete", "DELETE", "pods", "created"),
    Wanted("pod-remove-finalizer", "UPDATE", "pods", "finalized", being_deleted=True),
    Wanted("replicaset-create", "CREATE", "replicasets", "lone"),
    Wanted("pod-by-replicaset", "CREATE", "pods", "lone-", user="replicaset-controller"),
    Wanted("pod-orphaned", "UPDATE", "pods", "lone-", user="generic-garbage-collector"),
    Wanted("deployment-create", "CREATE", "deployments", "web"),
    Wanted("deployment-patch-image", "UPDATE", "deployments", "web"),
    Wanted("deployment-scale", "UPDATE", "deployments", "web", "scale"),
    Wanted("deployment-status", "UPDATE", "deployments", "web", "status", user="deployment-controller"),
    Wanted("replicaset-by-deployment", "CREATE", "replicasets", "web-", user="deployment-controller"),
    Wanted("replicaset-scaled", "UPDATE", "replicasets", "web-", user="deployment-controller"),
    Wanted("deployment-delete", "DELETE", "deployments", "web"),
    Wanted(
        "deployment-garbage-collected",
        "UPDATE",
        "deployments",
        "web",
        user="generic-garbage-collector",
        being_deleted=True,
    ),
    Wanted("statefulset-create", "CREATE", "statefulsets", "store"),
    Wanted("pod-by-statefulset", "CREATE", "pods", "store-", user="statefulset-controller"),
    Wanted("daemonset-create", "CREATE", "daemonsets", "agent"),
    Wanted("replicationcontroller-create", "CREATE", "replicationcontrollers", "old"),
    Wanted("pod-by-replicationcontroller", "CREATE", "pods", "old-", user="replication-controller"),
    Wanted("podtemplate-create", "CREATE", "podtemplates", "form"),
    Wanted("job-create", "CREATE", "jobs", "once"),
    Wanted("pod-by-job", "CREATE", "pods", "once-", user="job-controller"),
    Wanted("cronjob-create", "CREATE", "cronjobs", "minutely"),
    Wanted("job-by-cronjob", "CREATE", "jobs", "minutely-", user="cronjob-controller"),
    Wanted("rollout-create", "CREATE", "rollouts", "custom"),
    Wanted("configmap-create", "CREATE", "configmaps", "plain"),
)


def record(cluster: Cluster, folder: Path) -> None:
    """Do everything on a cluster with controllers, and write the reviews.

    Raises:
        ProgramError: Some of them never came.
    """
    cluster.make_namespace(_NAMESPACE, test="record")
    with TinyWebhook(cluster.folder / "record") as webhook:
        manifest = configuration("Validating", "record", webhook, rules=[{**ANY_RULE, "operations": ["*"]}])
        install(cluster.admin, webhook, manifest, _NAMESPACE)
        _do_everything(cluster.admin)
        await_true(lambda: bool(_found(webhook, "job-by-cronjob")), "the Job of a CronJob", _CRON_SECONDS)
        missing = [wanted.file for wanted in WANTED if not _found(webhook, wanted.file)]
        if missing:
            raise ProgramError(f"never asked about {', '.join(missing)}")
        folder.mkdir(parents=True, exist_ok=True)
        for wanted in WANTED:
            _write(_found(webhook, wanted.file)[0], wanted.file, folder)


def _found(webhook: TinyWebhook, name: str) -> Sequence[Json]:
    (wanted,) = (wanted for wanted in WANTED if wanted.file == name)
    return [review for review in webhook.reviews(_NAMESPACE) if wanted.is_met(review["request"])]


def _write(review: Json, name: str, folder: Path) -> None:
    for document in (review["request"]["object"], review["request"]["oldObject"]):
        if name not in _WHOLE and document is not None:
            document.get("metadata", {}).pop("managedFields", None)
    (folder / f"{name}.json").write_text(f"{json.dumps(review, indent=1)}\n")


def _do_everything(admin: ApiClient) -> None:
    admin.create(manifests.cron_job(_NAMESPACE, "minutely", TAGGED))
    _do_workloads(admin)
    _do_pods(admin)
    _do_custom(admin)
    _do_removals(admin)


def _do_workloads(admin: ApiClient) -> None:
    for manifest in (
        manifests.scaled("ReplicaSet", _NAMESPACE, "lone", TAGGED, replicas=1),
        manifests.scaled("Deployment", _NAMESPACE, "web", TAGGED, replicas=2),
        manifests.scaled("StatefulSet", _NAMESPACE, "store", TAGGED, serviceName="store"),
        manifests.scaled("DaemonSet", _NAMESPACE, "agent", TAGGED),
        manifests.replication_controller(_NAMESPACE, "old", TAGGED),
        manifests.pod_template(_NAMESPACE, "form", TAGGED),
        manifests.job(_NAMESPACE, "once", TAGGED),
        manifests.config_map(_NAMESPACE, "plain", key="value"),
    ):
        admin.create(manifest)
    web = f"/apis/apps/v1/namespaces/{_NAMESPACE}/deployments/web"
    admin.patch(web, {"spec": {"template": _changed_image(PINNED)}}, STRATEGIC)
    admin.patch(f"{web}/scale", {"spec": {"replicas": 1}})


def _do_pods(admin: ApiClient) -> None:
    pods = f"/api/v1/namespaces/{_NAMESPACE}/pods"
    admin.create(manifests.pod(_NAMESPACE, "created", TAGGED))
    admin.create(manifests.pod(_NAMESPACE, "dry-run", TAGGED), dryRun="All")
    generated = manifests.pod(_NAMESPACE, "generated", TAGGED)
    generated["metadata"] = {"generateName": "generated-", "namespace": _NAMESPACE}
    admin.create(generated)
    admin.create(_pod_with_all_images())
    admin.patch(f"{pods}/created", _changed_image(PINNED), STRATEGIC)
    labelled = manifests.pod(_NAMESPACE, "labelled", TAGGED)
    labelled["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "10m"}}
    admin.create(labelled)
    admin.patch(f"{pods}/labelled", {"metadata": {"labels": {"tier": "front"}}})
    debugger = {"name": "debugger", "image": "busybox", "targetContainerName": "c0"}
    admin.patch(f"{pods}/created/ephemeralcontainers", {"spec": {"ephemeralContainers": [debugger]}}, STRATEGIC)
    admin.patch(f"{pods}/created/status", {"status": {"phase": "Running"}})
    more = {"name": "c0", "resources": {"requests": {"cpu": "20m"}}}
    admin.patch(f"{pods}/labelled/resize", {"spec": {"containers": [more]}}, STRATEGIC)
    admin.call("POST", f"{pods}/created/exec?command=true&stdout=1&container=c0")
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "all-images"}}
    admin.expect("POST", f"{pods}/all-images/eviction", eviction)


def _pod_with_all_images() -> Json:
    sidecar = {"name": "sidecar", "image": PINNED, "restartPolicy": "Always"}
    volume = {
        "name": "files",
        "image": {"reference": "registry.example.com/team/files:2", "pullPolicy": "IfNotPresent"},
    }
    return manifests.pod(
        _NAMESPACE,
        "all-images",
        TAGGED,
        "busybox",
        initContainers=[{"name": "prepare", "image": "registry.example.com/team/prepare"}, sidecar],
        volumes=[volume],
        imagePullSecrets=[{"name": "pull"}],
    )


def _do_custom(admin: ApiClient) -> None:
    admin.create(manifests.custom_type(_GROUP, "Rollout"))
    fields = {"spec": {"replicas": 1, "template": manifests.template("custom", TAGGED)}}
    rollout = manifests.custom(_GROUP, "Rollout", _NAMESPACE, "custom", fields)
    await_true(lambda: "rollouts" in str(admin.call("GET", f"/apis/{_GROUP}/v1").body), "the type Rollout")
    await_true(lambda: admin.try_create(rollout).status in {201, 409}, "a Rollout")


def _do_removals(admin: ApiClient) -> None:
    pods = f"/api/v1/namespaces/{_NAMESPACE}/pods"
    apps = f"/apis/apps/v1/namespaces/{_NAMESPACE}"
    finalized = manifests.pod(_NAMESPACE, "finalized", TAGGED)
    finalized["metadata"]["finalizers"] = ["example.com/later"]
    admin.create(finalized)
    admin.delete(f"{pods}/finalized")
    admin.patch(f"{pods}/finalized", {"metadata": {"finalizers": None}})
    await_true(lambda: "lone-" in str(admin.get(pods)), "the Pod of a ReplicaSet")
    admin.delete(f"{apps}/replicasets/lone", {"propagationPolicy": "Orphan"})
    web = f"{apps}/deployments/web"
    await_true(lambda: admin.get(web).get("status", {}).get("updatedReplicas") == 1, "a changed Deployment")
    admin.delete(web, {"propagationPolicy": "Foreground"})
    admin.delete(f"{pods}/created")


def _changed_image(image: str) -> Json:
    return {"spec": {"containers": [{"name": "c0", "image": image}]}}


def main() -> int:
    """Start a cluster, record, and stop it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDED
    with tempfile.TemporaryDirectory() as place, Cluster(Path(place)) as cluster:
        cluster.start_controllers()
        record(cluster, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
