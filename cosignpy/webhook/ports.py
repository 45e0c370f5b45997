"""What the parts of the webhook want of each other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.values import field, value
from cosignpy.webhook.verdicts import ImageQuestion, ImageVerdict, PullCredentials

Object: TypeAlias = Mapping[str, Any]
"""An object of the cluster, as JSON has it; nobody changes one."""


@value
class ResourceType:
    """A type of objects of the cluster; the group of the oldest is empty."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As `apiVersion` has it."""
        return f"{self.group}/{self.version}" if self.group else self.version


@value
class CompiledPolicy:
    """A policy that is in force.

    Attributes:
        document: What is decided by, with the keys, texts and trust roots that it names.
        encoded: All of it as octets, from which another process makes `document` again.
        version: The SHA-256 of `encoded`, in hex.
        uid: Of the object in the cluster.
        generation: Of the object, from which `document` was made; older than the object's where the newest has faults.
        namespace: Where it counts; empty for the whole cluster.
        problem: Why it denies everything that it is about: it never could be read, and there is no former one.
    """

    document: ImagePolicyDocument
    encoded: bytes = field(repr=False)
    version: str
    uid: str = ""
    generation: int = 0
    namespace: str = ""
    problem: str = ""


@value
class PolicySnapshot:
    """All policies at one moment; `version` differs where any of them does."""

    policies: tuple[CompiledPolicy, ...] = ()
    version: str = ""


class Policies(Protocol):
    """Who knows which policies are in force."""

    def current(self) -> PolicySnapshot:
        """Return them; a new value where something changed, else the same object."""
        ...

    def on_change(self, tell: Callable[[], None]) -> None:
        """Call `tell` in the event loop whenever another snapshot is in force."""
        ...


class Decider(Protocol):
    """Who decides over images."""

    async def resolve(self, question: ImageQuestion) -> str:
        """Return the digest (`sha256:...`) that a tag names: of the octets that were fetched, not of a header.

        Raises:
            CosignError: It cannot be had; DeadlineExceeded where there was no time.
        """
        ...

    async def decide(self, question: ImageQuestion) -> ImageVerdict:
        """Decide over an image that is named by a digest. What goes wrong is in the verdict, which refuses."""
        ...


class PullSecrets(Protocol):
    """Who knows what a pod's images are fetched with."""

    async def find(self, namespace: str, pod_spec: Mapping[str, Any]) -> PullCredentials:
        """Return what the pod's `imagePullSecrets` have, and its service account's.

        Raises:
            CosignError: The cluster cannot say.
        """
        ...


class ObjectCache(Protocol):
    """Objects of one type, as the last events of a watch left them."""

    @property
    def is_synced(self) -> bool:
        """Whether all that there are were seen once."""
        ...

    def get(self, namespace: str, name: str) -> Object | None:
        """Return an object; the namespace of those that have none is empty."""
        ...

    def list(self) -> Sequence[Object]:
        """Return all, in the order of namespace and name."""
        ...

    def on_change(self, tell: Callable[[str, str], None]) -> None:
        """Call `tell(namespace, name)` in the event loop whenever an object came, changed or went."""
        ...


class ClusterApi(Protocol):
    """What is asked of the API server; every method raises `ClusterError`s, which are CosignErrors."""

    def watch(self, kind: ResourceType, namespace: str = "", *, labels: str = "", fields: str = "") -> ObjectCache:
        """Return objects that are followed from now on: of a namespace, or of all; selected as Kubernetes does."""
        ...

    async def get(self, kind: ResourceType, namespace: str, name: str) -> Object | None:
        """Return an object; None where there is none."""
        ...

    async def create(self, kind: ResourceType, namespace: str, body: Object) -> Object:
        """Create an object. Raises `AlreadyThere` where one has its name."""
        ...

    async def update(self, kind: ResourceType, namespace: str, body: Object, subresource: str = "") -> Object:
        """Replace an object. Raises `Conflict` where `metadata.resourceVersion` is not the one it has."""
        ...

    async def apply(self, kind: ResourceType, namespace: str, body: Object, subresource: str = "") -> Object:
        """Set what the body has, by server-side apply under our own name, taking fields over from others."""
        ...

    async def delete(self, kind: ResourceType, namespace: str, name: str) -> None:
        """Delete an object; that there is none is fine."""
        ...


class Leadership(Protocol):
    """Who of several replicas writes statuses, reports and certificates."""

    @property
    def is_leader(self) -> bool:
        """Whether it is this process."""
        ...

    def on_change(self, tell: Callable[[bool], None]) -> None:
        """Call `tell` in the event loop whenever that changes."""
        ...
