"""A cluster in memory: objects that tests put there, and what was written."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cosignpy.webhook.ports import Object, ObjectCache, ResourceType


class FakeCache:
    """Objects of one type; `put` and `remove` are events of a watch."""

    def __init__(self, *objects: Object, is_synced: bool = True) -> None:
        self.is_synced = is_synced
        self._objects = {_key(each): each for each in objects}
        self._told: list[Callable[[str, str], None]] = []

    def get(self, namespace: str, name: str) -> Object | None:
        """Return an object."""
        return self._objects.get((namespace, name))

    def list(self) -> Sequence[Object]:
        """Return all."""
        return [self._objects[each] for each in sorted(self._objects)]

    def on_change(self, tell: Callable[[str, str], None]) -> None:
        """Call it at each event."""
        self._told.append(tell)

    def put(self, found: Object) -> None:
        """Add an object, or replace it."""
        self._objects[_key(found)] = found
        for tell in self._told:
            tell(*_key(found))

    def remove(self, namespace: str, name: str) -> None:
        """Remove an object, if it is there."""
        if self._objects.pop((namespace, name), None) is not None:
            for tell in self._told:
                tell(namespace, name)


class FakeCluster:
    """An API server that does what it is asked, unless `refusal` is set; `done` has what that was.

    Objects of the types in `caches` go where they are watched.
    """

    def __init__(self, caches: Mapping[ResourceType, FakeCache] | None = None) -> None:
        self.caches = dict(caches or {})
        self.done: list[tuple[str, str, str]] = []
        self.refusal: Exception | None = None

    def watch(self, kind: ResourceType, namespace: str = "", *, labels: str = "", fields: str = "") -> ObjectCache:
        """Return the objects of a type."""
        del namespace, labels, fields
        return self.caches.setdefault(kind, FakeCache())

    async def get(self, kind: ResourceType, namespace: str, name: str) -> Object | None:
        """Return an object."""
        self._do("get", namespace, name)
        return self.caches.setdefault(kind, FakeCache()).get(namespace, name)

    async def create(self, kind: ResourceType, namespace: str, body: Object) -> Object:
        """Create an object."""
        return self._put("create", kind, namespace, body)

    async def update(self, kind: ResourceType, namespace: str, body: Object, subresource: str = "") -> Object:
        """Replace an object."""
        return self._put(f"update {subresource}".strip(), kind, namespace, body)

    async def apply(self, kind: ResourceType, namespace: str, body: Object, subresource: str = "") -> Object:
        """Set what the body has."""
        return self._put(f"apply {subresource}".strip(), kind, namespace, body)

    async def delete(self, kind: ResourceType, namespace: str, name: str) -> None:
        """Delete an object."""
        self._do("delete", namespace, name)
        self.caches.setdefault(kind, FakeCache()).remove(namespace, name)

    def _put(self, verb: str, kind: ResourceType, namespace: str, body: Object) -> Object:
        self._do(verb, namespace, _key(body)[1])
        made = {**body, "metadata": {**body["metadata"], "resourceVersion": f"{len(self.done)}"}}
        self.caches.setdefault(kind, FakeCache()).put(made)
        return made

    def _do(self, verb: str, namespace: str, name: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.done.append((verb, namespace, name))


class FakeLeadership:
    """Leads or follows, as the test says."""

    def __init__(self, *, is_leader: bool = True) -> None:
        self.is_leader = is_leader
        self._told: list[Callable[[bool], None]] = []

    def on_change(self, tell: Callable[[bool], None]) -> None:
        """Call it whenever that changes."""
        self._told.append(tell)

    def lead(self, *, is_leader: bool) -> None:
        """Change it."""
        self.is_leader = is_leader
        for tell in self._told:
            tell(is_leader)


def build_object(kind: ResourceType, namespace: str, name: str, **members: Any) -> Object:
    """Build an object of a type."""
    metadata = {"name": name, "uid": f"uid-{name}", **({"namespace": namespace} if namespace else {})}
    metadata |= members.pop("metadata", {})
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **members}


def _key(found: Object) -> tuple[str, str]:
    metadata = found["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
