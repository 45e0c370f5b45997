"""`metadata.managedFields`: kept up with every write."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from tests.support.kube_api.applying import (
    ITEM,
    Leaves,
    Path,
    conflicts,
    decode_fields,
    encode_fields,
    leaves_of,
    refuse_conflicts,
    remove_leaf,
    set_leaf,
)
from tests.support.kube_api.kinds import Kind
from tests.support.kube_api.store import Object

APPLY: Final = "Apply"
UPDATE: Final = "Update"


def managers_of(found: Object) -> dict[tuple[str, str, str], set[Path]]:
    """Return what is managed by each manager, operation and subresource."""
    return {
        (entry["manager"], entry["operation"], entry.get("subresource", "")): decode_fields(entry.get("fieldsV1", {}))
        for entry in found.get("metadata", {}).get("managedFields") or []
    }


def with_managers(
    made: Object, managers: Mapping[tuple[str, str, str], set[Path]], former: Object | None, now: str, kind: Kind
) -> Object:
    """Return an object with who manages what; entries that are as they were keep their times."""
    kept = {_entry_key(entry): entry for entry in (former or {}).get("metadata", {}).get("managedFields") or []}
    entries = []
    for key, paths in managers.items():
        fields = encode_fields(paths)
        before = kept.get(key)
        if before is not None and before.get("fieldsV1") == fields:
            entries.append(before)
        elif paths:
            manager, operation, subresource = key
            entry = {
                "manager": manager,
                "operation": operation,
                "apiVersion": kind.api_version,
                "time": now,
                "fieldsType": "FieldsV1",
                "fieldsV1": fields,
            }
            entries.append(entry | ({"subresource": subresource} if subresource else {}))
    metadata = {name: content for name, content in made["metadata"].items() if name != "managedFields"}
    return made | {"metadata": metadata | ({"managedFields": entries} if entries else {})}


def _entry_key(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    return entry["manager"], entry["operation"], entry.get("subresource", "")


def note_update(former: Object | None, made: Object, kind: Kind, manager: tuple[str, str], now: str) -> Object:
    """Return what was written with its fields given to who changed them; the manager is a name and a subresource."""
    name, subresource = manager
    before = leaves_of(former, kind) if former is not None else {}
    there = leaves_of(made, kind)
    after = {path: content for path, content in there.items() if _is_about(path, kind, subresource)}
    changed = {path for path, content in after.items() if path not in before or before[path] != content}
    managers = {
        key: {path for path in paths if path in there and (path not in changed or key[0] == name)}
        for key, paths in managers_of(former or {}).items()
    }
    own = (name, UPDATE, subresource)
    if changed:
        managers[own] = managers.get(own, set()) | changed
    return with_managers(made, managers, former, now, kind)


def _is_about(path: Path, kind: Kind, subresource: str) -> bool:
    """Tell whether a field can be written at a path: its status only by itself."""
    return "status" not in kind.subresources or (path[0] == "f:status") == (subresource == "status")


def apply(
    live: Object, wanted: Object, kind: Kind, manager: tuple[str, str], *, force: bool
) -> tuple[Object, set[Path]]:
    """Set what is wanted, take out what the manager had set before and does not any more.

    Returns:
        The object and the fields that the manager has now.

    Raises:
        ApiFailure: Others manage a field, and it is not to be taken from them.
    """
    fields, now_there = leaves_of(wanted, kind), leaves_of(live, kind)
    own = (manager[0], APPLY, manager[1])
    others = {key: paths for key, paths in managers_of(live).items() if key != own}
    found = conflicts(fields, now_there, {key[0]: paths for key, paths in others.items() if key[0] != manager[0]})
    if found and not force:
        raise refuse_conflicts(found)
    made = copy.deepcopy(live)
    shared = set().union(*others.values()) if others else set()
    gone = managers_of(live).get(own, set()) - fields.keys() - shared
    for path in sorted(gone, key=lambda each: each[-1] != ITEM):
        remove_leaf(made, path)
    for path, content in fields.items():
        set_leaf(made, path, copy.deepcopy(content))
    return made, set(fields)


def note_apply(
    live: Object, made: Object, kind: Kind, manager: tuple[str, str], fields: tuple[set[Path], str]
) -> Object:
    """Return what was applied with its fields given to who applied them, and the time in its entry."""
    own = (manager[0], APPLY, manager[1])
    before, after = leaves_of(live, kind), leaves_of(made, kind)
    managers = {key: _left(paths, fields[0], before, after) for key, paths in managers_of(live).items() if key != own}
    return with_managers(made, {own: fields[0]} | managers, live, fields[1], kind)


def _left(paths: set[Path], applied: set[Path], before: Leaves, after: Leaves) -> set[Path]:
    return {path for path in paths if path not in applied or before.get(path) == after.get(path)}
