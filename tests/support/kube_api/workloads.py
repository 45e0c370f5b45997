"""Workloads: what has templates of pods."""

from collections.abc import Mapping
from typing import Any, Final

from tests.support.kube_api.failures import Fault, invalid_value, required
from tests.support.kube_api.pods import check_pod_spec, fill_pod_spec
from tests.support.kube_api.selectors import match_selector
from tests.support.kube_api.store import Object

_TEMPLATE: Final = ("spec", "template")
TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "deployments": _TEMPLATE,
    "replicasets": _TEMPLATE,
    "statefulsets": _TEMPLATE,
    "daemonsets": _TEMPLATE,
    "jobs": _TEMPLATE,
    "replicationcontrollers": _TEMPLATE,
    "cronjobs": ("spec", "jobTemplate", "spec", "template"),
    "podtemplates": ("template",),
}
"""Where a kind has its template."""

_ROLLING: Final = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "deployments": {"replicas": 1, "strategy": _ROLLING, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600},
    "replicasets": {"replicas": 1},
    "replicationcontrollers": {"replicas": 1},
    "statefulsets": {
        "replicas": 1,
        "podManagementPolicy": "OrderedReady",
        "revisionHistoryLimit": 10,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}},
    },
    "daemonsets": {
        "revisionHistoryLimit": 10,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
    },
    "jobs": {"parallelism": 1, "completions": 1, "backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False},
    "cronjobs": {
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    },
}
SELECTED: Final = ("deployments", "replicasets", "statefulsets", "daemonsets")


def template_of(plural: str, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the template of a workload."""
    here: Any = found
    for name in TEMPLATES[plural]:
        here = (here.get(name) or {}) if isinstance(here, dict) else {}
    return here if isinstance(here, dict) else {}


def fill_workload(plural: str, made: Object) -> Object:
    """Fill in what workloads have by default."""
    filled = made
    if defaults := _DEFAULTS.get(plural):
        filled = made | {"spec": dict(defaults) | (made.get("spec") or {})}
    if plural == "replicationcontrollers":
        filled = _with_labels(filled, (template_of(plural, filled).get("metadata") or {}).get("labels") or {})
    return _with_template(filled, TEMPLATES[plural])


def _with_labels(made: Object, labels: Mapping[str, str]) -> Object:
    """Give a ReplicationController what it has of its template where it has nothing of its own."""
    metadata = made["metadata"] if made["metadata"].get("labels") else made["metadata"] | {"labels": dict(labels)}
    spec = made["spec"] if made["spec"].get("selector") else made["spec"] | {"selector": dict(labels)}
    return made | {"metadata": metadata, "spec": spec}


def _with_template(document: Object, path: tuple[str, ...]) -> Object:
    name, *rest = path
    inner = document.get(name)
    if not isinstance(inner, dict):
        return document
    if rest:
        return document | {name: _with_template(inner, tuple(rest))}
    spec = inner.get("spec")
    return document | {name: inner | {"spec": fill_pod_spec(spec)} if isinstance(spec, dict) else inner}


_STATUSES: Final[Mapping[str, Mapping[str, int]]] = {
    "replicasets": {"replicas": 0},
    "replicationcontrollers": {"replicas": 0},
    "statefulsets": {"replicas": 0, "availableReplicas": 0},
    "daemonsets": {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    },
}


def start_workload(plural: str, made: Object) -> Object:
    """Make a new workload one of the first generation."""
    metadata = made["metadata"] | {"generation": 1}
    if plural == "daemonsets":
        noted = {"deprecated.daemonset.template.generation": "1"}
        metadata["annotations"] = (metadata.get("annotations") or {}) | noted
    return made | {"metadata": metadata, "status": dict(_STATUSES.get(plural, {}))}


def check_workload(plural: str, made: Object, former: Object | None, subresource: str) -> list[Fault]:
    """Return what is wrong with a workload."""
    if subresource:
        return []
    path = ".".join(TEMPLATES[plural])
    template = template_of(plural, made)
    faults = list(check_pod_spec(template.get("spec") or {}, f"{path}.spec"))
    spec = made.get("spec") or {}
    if plural in SELECTED:
        faults += _check_selector(spec, template)
    if plural == "cronjobs" and not spec.get("schedule"):
        faults.append(required("spec.schedule"))
    if former is not None and plural == "jobs" and template != template_of(plural, former):
        faults.append(invalid_value("spec.template", "...", "field is immutable"))
    return faults


def _check_selector(spec: Mapping[str, Any], template: Mapping[str, Any]) -> list[Fault]:
    if not spec.get("selector"):
        return [required("spec.selector")]
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not match_selector(spec["selector"], labels):
        return [invalid_value("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")]
    return []
