"""Objects and what became of them: one counter for all kinds, a history that can be forgotten."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from cosignpy.values import value

Object: TypeAlias = dict[str, Any]
"""Nobody changes one that is stored."""
Storage: TypeAlias = tuple[str, str]
Key: TypeAlias = tuple[str, str]

ADDED: Final = "ADDED"
MODIFIED: Final = "MODIFIED"
DELETED: Final = "DELETED"


class Moved(Exception):
    """Somebody else wrote between reading and writing."""


@value
class Change:
    """What became of an object; `former` is None for one that came, `current` for one that went."""

    version: int
    key: Key
    former: Object | None
    current: Object | None
    last: Object
    """With the version of the change: also of what went."""


class Follower:
    """Changes of a kind that somebody still has to see."""

    def __init__(self, storage: Storage, missed: list[Change]) -> None:
        self.storage = storage
        self.waiting = deque(missed)


class Store:
    """What an API server keeps in etcd."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.version = 1
        self.compacted = 0
        self._objects: dict[Storage, dict[Key, Object]] = {}
        self._history: dict[Storage, list[Change]] = {}
        self._listeners: list[Callable[[Storage, Change], None]] = []
        self._followers: list[Follower] = []

    def on_change(self, tell: Callable[[Storage, Change], None]) -> None:
        """Call `tell` after each write, in the order of writes; it must not wait."""
        self._listeners.append(tell)

    def read(self, storage: Storage, key: Key) -> Object | None:
        """Return an object."""
        with self.changed:
            return self._objects.get(storage, {}).get(key)

    def all(self, storage: Storage, at: int | None = None) -> tuple[list[tuple[Key, Object]], int]:
        """Return all objects in the order of their keys, as they are or were, and the version of that moment."""
        with self.changed:
            found = dict(self._objects.get(storage, {}))
            for change in reversed(self._history.get(storage, []) if at is not None else []):
                if at is not None and change.version > at:
                    if change.former is None:
                        found.pop(change.key)
                    else:
                        found[change.key] = change.former
            return sorted(found.items()), self.version if at is None else at

    def swap(self, storage: Storage, key: Key, former: Object | None, current: Object | None) -> Object:
        """Write an object where the one there is `former` itself; return it with its version.

        Raises:
            Moved: It is another one.
        """
        with self.changed:
            objects = self._objects.setdefault(storage, {})
            if objects.get(key) is not former:
                raise Moved
            self.version += 1
            told = current if current is not None else former
            assert told is not None
            last = told | {"metadata": told["metadata"] | {"resourceVersion": str(self.version)}}
            if current is None:
                del objects[key]
            else:
                objects[key] = last
            change = Change(self.version, key, former, last if current is not None else None, last)
            self._history.setdefault(storage, []).append(change)
            for follower in self._followers:
                if follower.storage == storage:
                    follower.waiting.append(change)
            for tell in self._listeners:
                tell(storage, change)
            self.changed.notify_all()
            return last

    def follow(self, storage: Storage, after: int) -> Follower | None:
        """Return what was written after a version, to which all that comes is added; None if that is forgotten."""
        with self.changed:
            if after < self.compacted:
                return None
            missed = [change for change in self._history.get(storage, []) if change.version > after]
            follower = Follower(storage, missed)
            self._followers.append(follower)
            return follower

    def unfollow(self, follower: Follower) -> None:
        """Add no more."""
        with self.changed:
            self._followers.remove(follower)

    def compact(self, version: int | None = None) -> None:
        """Forget what was before a version, or before now."""
        with self.changed:
            self.compacted = self.version if version is None else version
            for storage, changes in self._history.items():
                self._history[storage] = [change for change in changes if change.version > self.compacted]

    def storages(self) -> list[Storage]:
        """Return what kinds there are objects of."""
        with self.changed:
            return [storage for storage, objects in self._objects.items() if objects]
