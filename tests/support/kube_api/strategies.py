"""What differs from kind to kind: defaults, what a subresource may change, what is valid, what counts as a change."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from tests.support.kube_api.failures import Fault
from tests.support.kube_api.kinds import Kind
from tests.support.kube_api.store import Object


class Strategy(Protocol):
    """How objects of a kind are written."""

    def unknown(self, kind: Kind, made: Object, /) -> list[str]:
        """Return the fields that the kind does not have, where it says which it has."""
        ...

    def read(self, kind: Kind, made: Object, /) -> Object:
        """Return an object as it is understood when it comes."""
        ...

    def default(self, kind: Kind, made: Object, /) -> Object:
        """Fill in what was left out, and take out what the kind does not know."""
        ...

    def begin(self, kind: Kind, made: Object, /) -> Object:
        """Prepare a new object."""
        ...

    def change(self, kind: Kind, made: Object, former: Object, subresource: str, /) -> Object:
        """Prepare a change: what the subresource is not about stays."""
        ...

    def check(self, kind: Kind, made: Object, former: Object | None, subresource: str, /) -> list[Fault]:
        """Return what is wrong."""
        ...


Filler: TypeAlias = Callable[[Object], Object]
Checker: TypeAlias = Callable[[Object, Object | None, str], list[Fault]]


class Plain:
    """Kinds that are built in: some have fillers and checkers of their own."""

    def __init__(
        self, fillers: Mapping[str, Filler], checkers: Mapping[str, Checker], starts: Mapping[str, Filler]
    ) -> None:
        self._fillers = fillers
        self._checkers = checkers
        self._starts = starts

    def unknown(self, _kind: Kind, _made: Object) -> list[str]:
        """Return nothing: there are no schemas of what is built in."""
        return []

    def read(self, _kind: Kind, made: Object) -> Object:
        """Return it as it is."""
        return made

    def default(self, kind: Kind, made: Object) -> Object:
        """Fill in what was left out."""
        fill = self._fillers.get(kind.plural)
        return fill(made) if fill else made

    def begin(self, kind: Kind, made: Object) -> Object:
        """Start without a status, in the first generation."""
        made = without_status(kind, made)
        start = self._starts.get(kind.plural)
        return start(made) if start else made

    def change(self, kind: Kind, made: Object, former: Object, subresource: str) -> Object:
        """Keep the status, or all but the status; count generations where there is a specification."""
        made = keep_rest(kind, made, former, subresource)
        return count_generation(made, former, {"spec"}) if "generation" in former["metadata"] else made

    def check(self, kind: Kind, made: Object, former: Object | None, subresource: str) -> list[Fault]:
        """Return what is wrong."""
        check = self._checkers.get(kind.plural)
        return check(made, former, subresource) if check else []


PARTS: Final[Mapping[str, str]] = {"status": "status", "finalize": "spec"}
"""The field that a subresource is about."""
INNER: Final[Mapping[str, str]] = {"scale": "replicas", "ephemeralcontainers": "ephemeralContainers"}
"""The field of the specification that a subresource is about."""


def without_status(kind: Kind, made: Object) -> Object:
    """Return a new object whose status nobody may set yet."""
    return {name: content for name, content in made.items() if name != "status" or "status" not in kind.subresources}


def keep_rest(kind: Kind, made: Object, former: Object, subresource: str) -> Object:
    """Return an object of which only that changed what the path is about."""
    if inner := INNER.get(subresource):
        spec = {name: content for name, content in former["spec"].items() if name != inner}
        added = {inner: made["spec"][inner]} if inner in made.get("spec", {}) else {}
        return former | {"spec": spec | added, "metadata": made["metadata"]}
    if part := PARTS.get(subresource):
        rest = {name: content for name, content in former.items() if name != part}
        return rest | ({part: made[part]} if part in made else {}) | {"metadata": made["metadata"]}
    if "status" in kind.subresources:
        rest = {name: content for name, content in made.items() if name != "status"}
        return rest | ({"status": former["status"]} if "status" in former else {})
    return made


def count_generation(made: Object, former: Object, parts: set[str] | None) -> Object:
    """Count the generation up where one of the parts changed, or anything but metadata and status."""
    names = parts if parts is not None else (made.keys() | former.keys()) - {"metadata", "status"}
    changed = any(made.get(name) != former.get(name) for name in names)
    generation: Any = former["metadata"].get("generation", 0) + changed
    return made | {"metadata": made["metadata"] | {"generation": generation}}
