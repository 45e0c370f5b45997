"""Namespaces: what is there from the beginning, and that objects need theirs."""

from typing import Any, Final
from uuid import uuid4

from tests.support.kube_api.failures import forbidden, not_found
from tests.support.kube_api.kinds import NAMESPACES
from tests.support.kube_api.metadata import timestamp
from tests.support.kube_api.paths import Target
from tests.support.kube_api.store import Object, Store

FIRST: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
NAME_LABEL: Final = "kubernetes.io/metadata.name"


def fill_namespace(made: Object) -> Object:
    """Give a namespace the label that has its name."""
    metadata = made["metadata"]
    labels = (metadata.get("labels") or {}) | {NAME_LABEL: metadata.get("name", "")}
    return made | {
        "metadata": metadata | {"labels": labels},
        "spec": made.get("spec") or {"finalizers": ["kubernetes"]},
    }


def start_namespace(made: Object) -> Object:
    """Make a new namespace an active one."""
    return made | {"status": {"phase": "Active"}}


def add_first_namespaces(store: Store) -> None:
    """Create the namespaces that every cluster has."""
    for name in FIRST:
        metadata: dict[str, Any] = {"name": name, "uid": str(uuid4()), "creationTimestamp": timestamp()}
        made = start_namespace(fill_namespace({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}))
        store.swap(NAMESPACES.storage, ("", name), None, made)


def check_namespace(store: Store, target: Target, made: Object) -> None:
    """Refuse new objects whose namespace is not there, or is going.

    Raises:
        ApiFailure: It is so.
    """
    if not target.namespace:
        return
    found = store.read(NAMESPACES.storage, ("", target.namespace))
    if found is None:
        raise not_found(NAMESPACES, target.namespace)
    if "deletionTimestamp" in found["metadata"]:
        said = f"unable to create new content in namespace {target.namespace} because it is being terminated"
        raise forbidden(target.kind, made["metadata"].get("name", ""), said)
