"""The kinds of objects an API server knows from the beginning, and those that are added."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cosignpy.values import field, value

STATUS: Final = frozenset({"status"})
SCALED: Final = frozenset({"status", "scale"})


@value
class Kind:
    """A kind of objects in one version; `schema` is a custom kind's, None for those that are built in."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    subresources: frozenset[str] = frozenset()
    schema: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    is_custom: bool = False

    @property
    def api_version(self) -> str:
        """As objects have it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As messages have it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def storage(self) -> tuple[str, str]:
        """What all versions of it have in common."""
        return self.group, self.plural


def _kinds(group: str, version: str, *entries: tuple[Any, ...]) -> Iterator[Kind]:
    for plural, kind, *rest in entries:
        yield Kind(group, version, kind, plural, *rest)


_POD_PARTS: Final = frozenset({"status", "ephemeralcontainers", "eviction", "binding", "resize"})

BUILT_IN: Final = (
    *_kinds(
        "",
        "v1",
        ("namespaces", "Namespace", False, frozenset({"status", "finalize"})),
        ("nodes", "Node", False, STATUS),
        ("persistentvolumes", "PersistentVolume", False, STATUS),
        ("pods", "Pod", True, _POD_PARTS),
        ("services", "Service", True, STATUS),
        ("serviceaccounts", "ServiceAccount", True, frozenset({"token"})),
        ("replicationcontrollers", "ReplicationController", True, SCALED),
        ("persistentvolumeclaims", "PersistentVolumeClaim", True, STATUS),
        ("resourcequotas", "ResourceQuota", True, STATUS),
        ("configmaps", "ConfigMap"),
        ("secrets", "Secret"),
        ("events", "Event"),
        ("endpoints", "Endpoints"),
        ("podtemplates", "PodTemplate"),
        ("limitranges", "LimitRange"),
    ),
    *_kinds(
        "apps",
        "v1",
        ("deployments", "Deployment", True, SCALED),
        ("replicasets", "ReplicaSet", True, SCALED),
        ("statefulsets", "StatefulSet", True, SCALED),
        ("daemonsets", "DaemonSet", True, STATUS),
        ("controllerrevisions", "ControllerRevision"),
    ),
    *_kinds("batch", "v1", ("jobs", "Job", True, STATUS), ("cronjobs", "CronJob", True, STATUS)),
    *_kinds(
        "rbac.authorization.k8s.io",
        "v1",
        ("clusterroles", "ClusterRole", False),
        ("clusterrolebindings", "ClusterRoleBinding", False),
        ("roles", "Role"),
        ("rolebindings", "RoleBinding"),
    ),
    *_kinds(
        "admissionregistration.k8s.io",
        "v1",
        ("mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False),
        ("validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False),
        ("validatingadmissionpolicies", "ValidatingAdmissionPolicy", False, STATUS),
        ("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", False),
    ),
    *_kinds("apiextensions.k8s.io", "v1", ("customresourcedefinitions", "CustomResourceDefinition", False, STATUS)),
    *_kinds("coordination.k8s.io", "v1", ("leases", "Lease")),
    *_kinds("policy", "v1", ("poddisruptionbudgets", "PodDisruptionBudget", True, STATUS)),
    *_kinds("networking.k8s.io", "v1", ("networkpolicies", "NetworkPolicy"), ("ingresses", "Ingress", True, STATUS)),
    *_kinds("scheduling.k8s.io", "v1", ("priorityclasses", "PriorityClass", False)),
    *_kinds("discovery.k8s.io", "v1", ("endpointslices", "EndpointSlice")),
    *_kinds("autoscaling", "v2", ("horizontalpodautoscalers", "HorizontalPodAutoscaler", True, STATUS)),
    *_kinds("events.k8s.io", "v1", ("events", "Event")),
)
"""Kinds whose meaning would have to be carried out here, and is not, are absent."""

NAMESPACES: Final = BUILT_IN[0]
SCALE: Final = Kind("autoscaling", "v1", "Scale", "scale")


class Kinds:
    """Which kinds there are now."""

    def __init__(self) -> None:
        self._known = {(kind.group, kind.version, kind.plural): kind for kind in BUILT_IN}

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        """Return a kind by its path."""
        return self._known.get((group, version, plural))

    def versions_of(self, storage: tuple[str, str]) -> list[Kind]:
        """Return a kind in all its versions."""
        return [kind for kind in self.all() if kind.storage == storage]

    def all(self) -> list[Kind]:
        """Return all of them."""
        return list(self._known.values())

    def replace(self, storage: tuple[str, str], kinds: list[Kind]) -> None:
        """Set the versions that a custom kind has."""
        left = {key: kind for key, kind in self._known.items() if kind.storage != storage}
        self._known = left | {(kind.group, kind.version, kind.plural): kind for kind in kinds}
