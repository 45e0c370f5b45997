"""The controllers that make Pods of workloads and tidy up after them, as far as admission sees them."""

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import uuid4

from tests.support.kube_api.calls import Call, User, service_account
from tests.support.kube_api.failures import ApiFailure
from tests.support.kube_api.garbage import Garbage
from tests.support.kube_api.kinds import BUILT_IN, Kind
from tests.support.kube_api.metadata import timestamp
from tests.support.kube_api.paths import Target
from tests.support.kube_api.rest import Rest
from tests.support.kube_api.store import Object

_PAUSE: Final = 0.05
_FIRST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 5.0
HASH: Final = "pod-template-hash"


class Controllers:
    """Runs in a thread until `stop`; whatever changes is looked at again."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._kinds = {kind.plural: kind for kind in reversed(BUILT_IN)}
        self._garbage = Garbage(rest)
        self._seen = -1
        self._stopped = threading.Event()
        self._waits: dict[str, tuple[float, float, str]] = {}
        self.bug: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stopped.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stopped.wait(_PAUSE):
            version = self._rest.store.version
            if version == self._seen and not self._waits:
                continue
            self._seen = version
            try:
                self._reconcile()
            except Exception as bug:
                self.bug = bug
                raise

    def _reconcile(self) -> None:
        for reconcile in (self._deployments, self._replica_sets, self._stateful_sets, self._jobs):
            reconcile()
        self._garbage.collect()

    def run_cron_job(self, namespace: str, name: str) -> Object:
        """Make the Job of a CronJob now, as its controller does when it is time.

        Raises:
            ApiFailure: It is refused.
        """
        cron = self._rest.get(Target(self._kinds["cronjobs"], namespace, name, ""))
        template = cron["spec"]["jobTemplate"]
        metadata = dict(template.get("metadata") or {}) | {"name": f"{name}-{int(time.time() * 1000)}"}
        job = {"metadata": metadata | {"ownerReferences": [owner(cron, "CronJob")]}, "spec": template["spec"]}
        return self._create("jobs", namespace, job, "cronjob-controller")

    def _deployments(self) -> None:
        for deployment in self._all("deployments"):
            self._roll(deployment)

    def _roll(self, deployment: Object) -> None:
        _place, _name = deployment["metadata"]["namespace"], deployment["metadata"]["name"]
        template = deployment["spec"]["template"]
        mark = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]
        owned = [each for each in self._all("replicasets") if is_owned(each, deployment)]
        current = next((each for each in owned if each["metadata"]["labels"].get(HASH) == mark), None)
        wanted = deployment["spec"]["replicas"]
        if current is None:
            self._try(deployment, "replicasets", _replica_set(deployment, mark), "deployment-controller")
            return
        self._scale(current, wanted)
        for each in owned:
            if each is not current:
                self._scale(each, 0)
        found = [each for each in (current.get("status") or {}).get("conditions") or [] if each["status"] == "True"]
        status = {"observedGeneration": deployment["metadata"]["generation"], "unavailableReplicas": wanted}
        replicas = (current.get("status") or {}).get("replicas", 0)
        self._tell(deployment, "deployment-controller", status | {"updatedReplicas": replicas, "conditions": found})

    def _scale(self, found: Object, replicas: int) -> None:
        if found["spec"]["replicas"] != replicas:
            self._change(found, lambda before: _with_replicas(before, replicas), "deployment-controller")

    def _replica_sets(self) -> None:
        for plural, kind in (("replicasets", "ReplicaSet"), ("replicationcontrollers", "ReplicationController")):
            for found in self._all(plural):
                self._replicate(found, kind, f"{kind.lower()}-controller")

    def _replicate(self, found: Object, kind: str, account: str) -> None:
        pods = [each for each in self._all("pods") if is_owned(each, found)]
        wanted, problem = found["spec"]["replicas"], ""
        for _ in range(wanted - len(pods)):
            named = {"generateName": f"{found['metadata']['name']}-"}
            problem = self._try(found, "pods", _pod(found, kind, named), account)
            if problem:
                break
        for each in pods[wanted:]:
            self._delete("pods", each, account)
        status: dict[str, Any] = {"replicas": len(pods)}
        if problem:
            self._tell(found, account, status | {"conditions": [_failure(problem)]})
        elif wanted == len(pods):
            self._tell(found, account, status | {"conditions": []})

    def _stateful_sets(self) -> None:
        for found in self._all("statefulsets"):
            if found["spec"]["replicas"] and not self._has_pods(found):
                named = {"name": f"{found['metadata']['name']}-0"}
                self._try(found, "pods", _pod(found, "StatefulSet", named), "statefulset-controller")

    def _jobs(self) -> None:
        for found in self._all("jobs"):
            if not self._has_pods(found):
                named = {"generateName": f"{found['metadata']['name']}-"}
                self._try(found, "pods", _pod(found, "Job", named), "job-controller")

    def _has_pods(self, found: Object) -> bool:
        return any(is_owned(each, found) for each in self._all("pods"))

    def _try(self, about: Object, plural: str, body: Object, account: str) -> str:
        """Create what may be refused: then later again, and later; return why it is refused."""
        key = about["metadata"]["uid"]
        wait, until, said = self._waits.get(key, (_FIRST_WAIT, 0.0, ""))
        if time.monotonic() < until:
            return said
        try:
            self._create(plural, about["metadata"]["namespace"], body, account)
        except ApiFailure as failure:
            self._waits[key] = (min(wait * 2, _LONGEST_WAIT), time.monotonic() + wait, failure.message)
            self._event(about, failure.message)
            return failure.message
        self._waits.pop(key, None)
        return ""

    def _all(self, plural: str) -> list[Object]:
        found = self._rest.store.all(self._kinds[plural].storage)[0]
        return [each for _, each in found if "deletionTimestamp" not in each["metadata"]]

    def _create(self, plural: str, namespace: str, body: Object, account: str) -> Object:
        kind = self._kinds[plural]
        made = {"apiVersion": kind.api_version, "kind": kind.kind} | body
        return self._rest.create(Target(kind, namespace, "", ""), made, call_of(account))

    def _change(self, found: Object, change: Callable[[Object], Object], account: str, part: str = "") -> None:
        target = target_of(self._kinds[f"{found['kind'].lower()}s"], found, part)
        with contextlib.suppress(ApiFailure):
            self._rest.change(target, change, call_of(account))

    def _delete(self, plural: str, found: Object, account: str) -> None:
        with contextlib.suppress(ApiFailure):
            self._rest.delete(target_of(self._kinds[plural], found, ""), {}, call_of(account))

    def _tell(self, found: Object, account: str, status: dict[str, Any]) -> None:
        told = (found.get("status") or {}) | status
        if told != found.get("status"):
            self._change(found, lambda before: before | {"status": told}, account, "status")

    def _event(self, about: Object, message: str) -> None:
        place, name = about["metadata"]["namespace"], about["metadata"]["name"]
        reference = {"kind": about["kind"], "namespace": place, "name": name, "uid": about["metadata"]["uid"]}
        event = {"metadata": {"name": f"{name}.{uuid4().hex[:16]}"}, "involvedObject": reference, "type": "Warning"}
        said = {"reason": "FailedCreate", "message": f"Error creating: {message}", "firstTimestamp": timestamp()}
        with contextlib.suppress(ApiFailure):
            self._create("events", place, event | said, "controllers")


def call_of(account: str) -> Call:
    """Return a request of a controller."""
    user: User = service_account("kube-system", account)
    return Call(user, manager="kube-controller-manager")


def target_of(kind: Kind, found: Object, part: str) -> Target:
    """Return the path of an object."""
    return Target(kind, found["metadata"].get("namespace", ""), found["metadata"]["name"], part)


def owner(found: Object, kind: str) -> dict[str, Any]:
    """Return the reference to who controls an object."""
    metadata = found["metadata"]
    named = {"apiVersion": found["apiVersion"], "kind": kind, "name": metadata["name"], "uid": metadata["uid"]}
    return named | {"controller": True, "blockOwnerDeletion": True}


def is_owned(found: Object, by: Object) -> bool:
    """Tell whether an object belongs to another."""
    return any(each["uid"] == by["metadata"]["uid"] for each in found["metadata"].get("ownerReferences") or [])


def _pod(of: Object, kind: str, named: Mapping[str, Any]) -> Object:
    template = of["spec"]["template"]
    metadata = {**(template.get("metadata") or {}), **named, "ownerReferences": [owner(of, kind)]}
    return {"metadata": metadata, "spec": template["spec"]}


def _with_replicas(found: Object, replicas: int) -> Object:
    return found | {"spec": found["spec"] | {"replicas": replicas}}


def _replica_set(deployment: Object, mark: str) -> Object:
    template = deployment["spec"]["template"]
    labels = dict((template.get("metadata") or {}).get("labels") or {}) | {HASH: mark}
    selector = {"matchLabels": dict(deployment["spec"]["selector"].get("matchLabels") or {}) | {HASH: mark}}
    metadata = {
        "name": f"{deployment['metadata']['name']}-{mark}",
        "labels": labels,
        "ownerReferences": [owner(deployment, "Deployment")],
    }
    inner = dict(template) | {"metadata": dict(template.get("metadata") or {}) | {"labels": labels}}
    return {"metadata": metadata, "spec": {"replicas": deployment["spec"]["replicas"], "selector": selector,
                                           "template": inner}}  # fmt: skip


def _failure(message: str) -> dict[str, str]:
    return {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
