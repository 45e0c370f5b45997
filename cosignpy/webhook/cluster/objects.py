"""Objects of a type as they were last seen: what handlers of admissions read, without asking anybody."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from cosignpy.webhook.ports import Object

Key: TypeAlias = tuple[str, str]
"""Namespace and name."""
Listener: TypeAlias = Callable[[str, str], None]


def without_managers(found: dict[str, Any]) -> Object:
    """Drop who set which field: half of an object, and of no use here."""
    found["metadata"].pop("managedFields", None)
    return found


def essence(found: dict[str, Any]) -> Object:
    """Keep what is read of a namespace (its labels), or of a service account (what it pulls images with).

    Every tenant has some of them, and may write as much into them as API servers take.
    """
    metadata = found["metadata"]
    kept = {name: metadata[name] for name in _METADATA if name in metadata}
    return {name: found[name] for name in _MEMBERS if name in found} | {"metadata": kept}


_MEMBERS: Final = ("apiVersion", "kind", "imagePullSecrets")
_METADATA: Final = ("name", "namespace", "uid", "resourceVersion", "labels")


class FollowedObjects:
    """An `ObjectCache`. `problem` says why what it holds may be old; listeners are told in the event loop, later."""

    def __init__(self) -> None:
        self._objects: dict[Key, Object] = {}
        self._sorted: tuple[Object, ...] | None = ()
        self._listeners: list[Listener] = []
        self._synced = asyncio.Event()
        self.problem = ""

    @property
    def is_synced(self) -> bool:
        """Whether all that there are were seen once."""
        return self._synced.is_set()

    async def wait_synced(self) -> None:
        """Wait until that is so."""
        await self._synced.wait()

    def get(self, namespace: str, name: str) -> Object | None:
        """Return an object; the namespace of those that have none is empty."""
        return self._objects.get((namespace, name))

    def list(self) -> Sequence[Object]:
        """Return all, in the order of namespace and name."""
        if self._sorted is None:
            self._sorted = tuple([self._objects[key] for key in sorted(self._objects)])
        return self._sorted

    def on_change(self, tell: Listener) -> None:
        """Call `tell(namespace, name)` in the event loop whenever an object came, changed or went."""
        self._listeners.append(tell)

    def put(self, found: Object) -> Key:
        """Take an object over; nobody hears of one that is as it was."""
        key = key_of(found)
        former = self._objects.get(key)
        self._objects[key] = found
        if former is None or _version(former) != _version(found):
            self._tell(key)
        return key

    def remove(self, key: Key) -> None:
        """Forget an object."""
        if self._objects.pop(key, None) is not None:
            self._tell(key)

    def complete(self, seen: Iterable[Key]) -> None:
        """Forget all but those that were seen: these are all that there are."""
        for key in self._objects.keys() - set(seen):
            self.remove(key)
        self._synced.set()

    def _tell(self, key: Key) -> None:
        self._sorted = None
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            loop.call_soon(listener, *key)


def key_of(found: Object) -> Key:
    """Return namespace and name."""
    metadata = found["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _version(found: Object) -> tuple[Any, Any]:
    metadata = found["metadata"]
    return metadata.get("uid"), metadata.get("resourceVersion")
