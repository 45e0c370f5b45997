"""An admission request of Kubernetes as a value (`admission.k8s.io/v1`, AdmissionReview.request)."""

from collections.abc import Mapping
from enum import StrEnum

from cosignpy.core.encoding import JsonValue
from cosignpy.imagepolicy.pod_images import Kind
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.values import field, value


class Operation(StrEnum):
    """What is done to an object."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    CONNECT = "CONNECT"


@value
class GroupVersionKind:
    """A kind of object; the group of the oldest kinds is empty."""

    group: str
    version: str
    kind: str


@value
class Requester:
    """Who asks, as the API server authenticated them."""

    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()


@value
class AdmissionRequest:
    """What the API server asks about: `object` is None for DELETE, `old_object` for CREATE.

    `resource` is the plural, `subresource` empty for the object itself. `timeout` is how many seconds the API server
    waits for the answer.
    """

    uid: str
    kind: GroupVersionKind
    resource: str
    subresource: str
    name: str
    namespace: str
    operation: Operation
    requester: Requester
    object: Mapping[str, JsonValue] | None = field(repr=False)
    old_object: Mapping[str, JsonValue] | None = field(default=None, repr=False)
    dry_run: bool = False
    timeout: float = 10.0

    @property
    def workload(self) -> Workload:
        """What policies match: the plural of the kind, as the policy controller makes it, and the labels."""
        return Kind(self.kind.group, self.kind.version, self.kind.kind).workload(self.object or {})
