"""A cluster that several replicas share, in memory: versions, conflicts and watches are those of an API server."""

import asyncio
import copy
import uuid
from collections import deque
from typing import Any

from cosignpy.errors import AlreadyThere, ClusterError, ClusterUnreachable, Conflict
from cosignpy.webhook.cluster.objects import FollowedObjects
from cosignpy.webhook.ports import Object, ResourceType

WHERE = "https://cluster.example"


class MemoryCluster:
    """What is stored. Watches hear of it `lag` seconds later."""

    def __init__(self, lag: float = 0.001) -> None:
        self.lag = lag
        self.writes: list[tuple[str, str, str]] = []
        self.objects: dict[tuple[ResourceType, str, str], dict[str, Any]] = {}
        self._version = 100
        self._watches: list[tuple[ResourceType, str, str, FollowedObjects]] = []

    def replica(self) -> "Replica":
        """Return the way of one replica to it."""
        return Replica(self)

    def store(self, kind: ResourceType, namespace: str, found: Object) -> dict[str, Any]:
        """Store an object as it is, as somebody else would, and tell the watches."""
        self._version += 1
        stored: dict[str, Any] = copy.deepcopy(dict(found))
        key = (kind, namespace, stored["metadata"]["name"])
        uid = self.objects[key]["metadata"]["uid"] if key in self.objects else str(uuid.uuid4())
        where = {"namespace": namespace} if namespace else {}
        stored["metadata"] |= where | {"resourceVersion": str(self._version), "uid": uid}
        self.objects[key] = stored
        self._tell(key)
        return copy.deepcopy(stored)

    def remove(self, kind: ResourceType, namespace: str, name: str) -> None:
        """Delete an object, as somebody else would."""
        self.objects.pop((kind, namespace, name), None)
        self._tell((kind, namespace, name))

    def follow(self, kind: ResourceType, namespace: str, fields: str) -> FollowedObjects:
        """Watch objects, with a selection by name."""
        name = fields.removeprefix("metadata.name=")
        objects = FollowedObjects()
        self._watches.append((kind, namespace, name, objects))

        def list_all() -> None:
            keys = [key for key in self.objects if _selects((kind, namespace, name), key)]
            objects.complete([objects.put(copy.deepcopy(self.objects[key])) for key in keys])

        asyncio.get_running_loop().call_later(self.lag, list_all)
        return objects

    def _tell(self, key: tuple[ResourceType, str, str]) -> None:
        stored = copy.deepcopy(self.objects.get(key))
        for kind, namespace, name, objects in self._watches:
            if _selects((kind, namespace, name), key):
                loop = asyncio.get_running_loop()
                if stored is None:
                    loop.call_later(self.lag, objects.remove, (key[1], key[2]))
                else:
                    loop.call_later(self.lag, objects.put, stored)


class Replica:
    """A `ClusterApi`; `is_cut_off` keeps requests from the cluster, `refused` refuses verbs for a type of objects."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self.cluster = cluster
        self.is_cut_off = False
        self.hangs = False
        self.refused: dict[tuple[str, ResourceType], ClusterError] = {}
        self.asked: deque[str] = deque(maxlen=1000)

    def watch(self, kind: ResourceType, namespace: str = "", *, labels: str = "", fields: str = "") -> FollowedObjects:
        """Follow objects."""
        del labels
        return self.cluster.follow(kind, namespace, fields)

    async def get(self, kind: ResourceType, namespace: str, name: str) -> Object | None:
        """Return an object."""
        await self._pass("get", kind)
        return copy.deepcopy(self.cluster.objects.get((kind, namespace, name)))

    async def create(self, kind: ResourceType, namespace: str, body: Object) -> Object:
        """Create an object."""
        await self._pass("create", kind)
        if (kind, namespace, body["metadata"]["name"]) in self.cluster.objects:
            raise AlreadyThere("create", WHERE, "already exists", 409)
        return self._stored("create", kind, namespace, body)

    async def update(self, kind: ResourceType, namespace: str, body: Object, subresource: str = "") -> Object:
        """Replace an object."""
        del subresource
        await self._pass("update", kind)
        former = self.cluster.objects.get((kind, namespace, body["metadata"]["name"]))
        if former is None:
            raise ClusterError("update", WHERE, "not found", 404)
        if body["metadata"].get("resourceVersion") != former["metadata"]["resourceVersion"]:
            raise Conflict("update", WHERE, "the object has been modified", 409)
        return self._stored("update", kind, namespace, body)

    async def apply(self, kind: ResourceType, namespace: str, body: Object, subresource: str = "") -> Object:
        """Set fields; nobody does so here."""
        raise NotImplementedError

    async def delete(self, kind: ResourceType, namespace: str, name: str) -> None:
        """Delete an object."""
        await self._pass("delete", kind)
        self.cluster.remove(kind, namespace, name)

    async def _pass(self, verb: str, kind: ResourceType) -> None:
        self.asked.append(f"{verb} {kind.plural}")
        await asyncio.sleep(0)
        if self.hangs:
            await asyncio.sleep(1e6)
        if self.is_cut_off:
            raise ClusterUnreachable(f"{verb} {kind.plural}", WHERE, "connection refused")
        if (verb, kind) in self.refused:
            raise self.refused[verb, kind]

    def _stored(self, verb: str, kind: ResourceType, namespace: str, body: Object) -> Object:
        self.cluster.writes.append((verb, kind.plural, body["metadata"]["name"]))
        return self.cluster.store(kind, namespace, body)


def _selects(selection: tuple[ResourceType, str, str], key: tuple[ResourceType, str, str]) -> bool:
    return selection[0] == key[0] and selection[1] in {"", key[1]} and selection[2] in {"", key[2]}
