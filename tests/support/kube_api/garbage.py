"""What goes with what: objects whose owner went, namespaces and all that is in them."""

import contextlib
from collections.abc import Callable
from typing import Any, Final

from tests.support.kube_api.calls import Call, service_account
from tests.support.kube_api.failures import ApiFailure
from tests.support.kube_api.kinds import NAMESPACES, Kind
from tests.support.kube_api.paths import Target
from tests.support.kube_api.rest import Rest
from tests.support.kube_api.store import Moved, Object

ORPHAN: Final = "orphan"
FOREGROUND: Final = "foregroundDeletion"


class Garbage:
    """Collects garbage."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def collect(self) -> None:
        """Remove what belongs to nothing; let go what is held until that is done."""
        found = [(kind, each) for kind in self._kinds() for _, each in self._rest.store.all(kind.storage)[0]]
        known = {each["metadata"]["uid"]: each for _, each in found}
        for kind, each in found:
            owners = each["metadata"].get("ownerReferences") or []
            gone = [owner for owner in owners if _is_gone(known.get(owner["uid"]))]
            if owners and len(gone) == len(owners) and "deletionTimestamp" not in each["metadata"]:
                self._delete(kind, each)
        for kind, each in found:
            held = set(each["metadata"].get("finalizers") or [])
            if "deletionTimestamp" in each["metadata"] and held & {ORPHAN, FOREGROUND}:
                self._let_go(kind, each, [other for other in found if _belongs(other[1], each)])
        self._namespaces()

    def _kinds(self) -> list[Kind]:
        return [self._rest.kinds.versions_of(storage)[0] for storage in self._rest.store.storages()
                if self._rest.kinds.versions_of(storage)]  # fmt: skip

    def _let_go(self, kind: Kind, owner: Object, dependents: list[tuple[Kind, Object]]) -> None:
        orphans = ORPHAN in owner["metadata"]["finalizers"]
        for other, each in dependents if orphans else []:
            uid = owner["metadata"]["uid"]
            self._edit(other, each, "ownerReferences", lambda listed, uid=uid: [x for x in listed if x["uid"] != uid])  # type: ignore[misc]
        if orphans or not dependents:
            done = {ORPHAN, FOREGROUND}
            self._edit(kind, owner, "finalizers", lambda listed: [each for each in listed if each not in done])

    def _namespaces(self) -> None:
        for key, each in self._rest.store.all(NAMESPACES.storage)[0]:
            if "deletionTimestamp" not in each["metadata"]:
                continue
            inside = [(kind, found) for kind in self._kinds() if kind.namespaced
                      for (place, _), found in self._rest.store.all(kind.storage)[0] if place == key[1]]  # fmt: skip
            for kind, found in inside:
                self._delete(kind, found)
            if not inside:
                with contextlib.suppress(Moved):
                    self._rest.store.swap(NAMESPACES.storage, key, each, None)

    def _edit(self, kind: Kind, found: Object, name: str, change: Callable[[list[Any]], list[Any]]) -> None:
        def edit(before: Object) -> Object:
            listed = change(before["metadata"].get(name) or [])
            rest = {key: content for key, content in before["metadata"].items() if key != name}
            return before | {"metadata": rest | ({name: listed} if listed else {})}

        with contextlib.suppress(ApiFailure):
            self._rest.change(_target(kind, found), edit, _call())

    def _delete(self, kind: Kind, found: Object) -> None:
        with contextlib.suppress(ApiFailure):
            self._rest.delete(_target(kind, found), {}, _call())


def _is_gone(owner: Object | None) -> bool:
    if owner is None:
        return True
    held = owner["metadata"].get("finalizers") or []
    return "deletionTimestamp" in owner["metadata"] and FOREGROUND in held


def _belongs(found: Object, owner: Object) -> bool:
    return any(each["uid"] == owner["metadata"]["uid"] for each in found["metadata"].get("ownerReferences") or [])


def _target(kind: Kind, found: Object) -> Target:
    return Target(kind, found["metadata"].get("namespace", ""), found["metadata"]["name"], "")


def _call() -> Call:
    return Call(service_account("kube-system", "generic-garbage-collector"), manager="kube-controller-manager")
