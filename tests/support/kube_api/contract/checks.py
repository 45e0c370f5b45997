"""What the assertions of the contract have in common."""

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeAlias
from uuid import uuid4

from tests.support.kube_api.client import Answered, KubeClient


class ApiServer(Protocol):
    """An API server under test."""

    def client(self) -> KubeClient:
        """Return a client that may do everything."""
        ...

    def client_of(self, namespace: str, account: str) -> KubeClient:
        """Return a client that is a service account; the account is made where it is missing."""
        ...

    def make_namespace(self, name: str, **labels: str) -> str:
        """Make a namespace with its service account `default`."""
        ...


Check: TypeAlias = Callable[[ApiServer], None]
CHECKS: Final[list[Check]] = []


def check(function: Check) -> Check:
    """Add an assertion to the contract."""
    CHECKS.append(function)
    return function


def unique(name: str = "n") -> str:
    """Return a name that nothing has yet."""
    return f"{name}-{uuid4().hex[:8]}"


def config_map(namespace: str, name: str, **data: str) -> dict[str, Any]:
    """Return a ConfigMap."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def pod(namespace: str, name: str, image: str = "registry.example.com/app:1", **spec: Any) -> dict[str, Any]:
    """Return a Pod."""
    metadata = {"name": name, "namespace": namespace}
    containers = [{"name": "c0", "image": image}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, **spec}}


def deployment(namespace: str, name: str, image: str = "registry.example.com/app:1") -> dict[str, Any]:
    """Return a Deployment."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c0", "image": image}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def refusal(found: Answered) -> tuple[int, str, str]:
    """Return what a refusal says."""
    return found.code, found.reason, found.message
