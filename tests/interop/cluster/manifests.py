"""Manifests of everything that runs images, as small as the API server allows."""

from collections.abc import Mapping
from typing import Final

from tests.interop.cluster.api_client import Json

TAGGED: Final = "registry.example.com/team/app:1.0"
PINNED: Final = f"registry.example.com/team/app@sha256:{'a1' * 32}"


def pod_spec(*images: str, **fields: object) -> Json:
    """Build the specification of a Pod with a container for each image."""
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    return {"containers": containers, **fields}


def pod(namespace: str, name: str, *images: str, **fields: object) -> Json:
    """Build a Pod."""
    return {**_head("v1", "Pod", namespace, name), "spec": pod_spec(*images, **fields)}


def template(name: str, *images: str, **fields: object) -> Json:
    """Build the template of a workload's Pods, which are labelled `app: NAME`."""
    return {"metadata": {"labels": {"app": name}}, "spec": pod_spec(*images, **fields)}


def scaled(kind: str, namespace: str, name: str, *images: str, **fields: object) -> Json:
    """Build a Deployment, ReplicaSet, StatefulSet or DaemonSet."""
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template(name, *images), **fields}
    return {**_head("apps/v1", kind, namespace, name), "spec": spec}


def replication_controller(namespace: str, name: str, *images: str) -> Json:
    """Build a ReplicationController."""
    head = _head("v1", "ReplicationController", namespace, name)
    return {**head, "spec": {"replicas": 1, "selector": {"app": name}, "template": template(name, *images)}}


def pod_template(namespace: str, name: str, *images: str) -> Json:
    """Build a PodTemplate."""
    return {**_head("v1", "PodTemplate", namespace, name), "template": template(name, *images)}


def job(namespace: str, name: str, *images: str) -> Json:
    """Build a Job."""
    return {**_head("batch/v1", "Job", namespace, name), "spec": _job_spec(name, *images)}


def cron_job(namespace: str, name: str, *images: str) -> Json:
    """Build a CronJob of every minute."""
    spec = {"schedule": "* * * * *", "jobTemplate": {"spec": _job_spec(name, *images)}}
    return {**_head("batch/v1", "CronJob", namespace, name), "spec": spec}


def config_map(namespace: str, name: str, **data: str) -> Json:
    """Build a ConfigMap."""
    return {**_head("v1", "ConfigMap", namespace, name), "data": data}


def custom_type(group: str, kind: str) -> Json:
    """Build a type of namespaced objects with any content, version v1."""
    plural = f"{kind.lower()}s"
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


def custom(group: str, kind: str, namespace: str, name: str, fields: Mapping[str, object]) -> Json:
    """Build an object of a custom type."""
    return {**_head(f"{group}/v1", kind, namespace, name), **fields}


def _job_spec(name: str, *images: str) -> Json:
    return {"template": template(name, *images, restartPolicy="Never")}


def _head(version: str, kind: str, namespace: str, name: str) -> Json:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}
