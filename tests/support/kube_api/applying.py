"""Server-side apply: who manages which fields, and what an application takes, sets and gives up.

Lists whose items have keys are merged item by item, all others are fields as a whole. Of custom kinds the schema says
which those are (`x-kubernetes-list-type`).
"""

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from tests.support.kube_api.failures import ApiFailure
from tests.support.kube_api.kinds import Kind
from tests.support.kube_api.merging import list_keys
from tests.support.kube_api.store import Object

Path: TypeAlias = tuple[str, ...]
"""Steps as `fieldsV1` has them: `f:NAME`, `k:{"name":"x"}`."""
Leaves: TypeAlias = dict[Path, Any]

ITEM: Final = "."
"""The last step to an item itself: who manages it keeps it in its list."""
_SYSTEM: Final = {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "name", "namespace"}


def leaves_of(document: Object, kind: Kind) -> Leaves:
    """Return the fields that an object sets, by their paths, without those that are the server's."""
    found: Leaves = {}
    schema = kind.schema if kind.is_custom else None
    for name, content in document.items():
        if name == "metadata":
            _walk({key: each for key, each in content.items() if key not in _SYSTEM}, ("f:metadata",), None, found)
        elif name not in {"apiVersion", "kind"}:
            _walk(content, (f"f:{name}",), _below(schema, name), found)
    found.pop(("f:metadata",), None)
    return found


def _below(schema: Mapping[str, Any] | None, name: str) -> Mapping[str, Any] | None:
    if schema is None:
        return None
    found: Mapping[str, Any] = schema.get("properties", {}).get(name) or schema.get("additionalProperties") or {}
    return found if isinstance(found, dict) else {}


def _keys(name: str, items: list[Any], schema: Mapping[str, Any] | None) -> tuple[str, ...]:
    if schema is None:
        return list_keys(name, items)
    return tuple(schema.get("x-kubernetes-list-map-keys", ())) if schema.get("x-kubernetes-list-type") == "map" else ()


def _walk(content: Any, path: Path, schema: Mapping[str, Any] | None, found: Leaves) -> None:
    name = path[-1].removeprefix("f:")
    if isinstance(content, dict) and content and (schema is None or schema.get("x-kubernetes-map-type") != "atomic"):
        for key, each in content.items():
            _walk(each, (*path, f"f:{key}"), _below(schema, key), found)
    elif isinstance(content, list) and content and (keys := _keys(name, content, schema)):
        for item in content:
            step = "k:" + json.dumps({key: item.get(key, _default_key(key)) for key in keys}, separators=(",", ":"))
            found[*path, step, ITEM] = True
            _walk(item, (*path, step), None if schema is None else schema.get("items", {}), found)
    else:
        found[path] = content


def _default_key(key: str) -> str | None:
    return "TCP" if key == "protocol" else None


def encode_fields(paths: set[Path]) -> dict[str, Any]:
    """Write a set of fields as `fieldsV1` has it."""
    made: dict[str, Any] = {}
    for path in sorted(paths):
        here = made
        for step in path:
            here = here.setdefault(step, {})
    return made


def decode_fields(fields: Mapping[str, Any], above: Path = ()) -> set[Path]:
    """Read `fieldsV1`."""
    found: set[Path] = set()
    for step, below in fields.items():
        if step != ITEM or above[-1].startswith("k:"):
            found |= decode_fields(below, (*above, step)) if below else {(*above, step)}
    return found


def set_leaf(document: Any, path: Path, content: Any) -> None:
    """Set a field, with all that it is in."""
    for number, step in enumerate(path):
        last = number == len(path) - 1
        if step == ITEM:
            return
        if step.startswith("k:"):
            wanted = json.loads(step[2:])
            item = next((each for each in document if _has(each, wanted)), None)
            if item is None:
                item = {key: each for key, each in wanted.items() if each is not None}
                document.append(item)
            document = item
        elif last and content == {}:
            document.setdefault(step[2:], {})
        elif last:
            document[step[2:]] = content
        else:
            empty: Any = [] if path[number + 1].startswith("k:") else {}
            if not document.get(step[2:]):
                document[step[2:]] = empty
            document = document[step[2:]]


def _has(item: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(item.get(key, _default_key(key)) == each for key, each in wanted.items())


def remove_leaf(document: Any, path: Path) -> None:
    """Remove a field, and what is empty then."""
    step, *rest = path
    if step.startswith("k:"):
        wanted = json.loads(step[2:])
        for item in [each for each in document if _has(each, wanted)]:
            if rest == [ITEM]:
                document.remove(item)
            else:
                remove_leaf(item, tuple(rest))
        return
    name = step[2:]
    if name not in document:
        return
    if rest:
        remove_leaf(document[name], tuple(rest))
    if not rest or document[name] in ({}, []):
        del document[name]


def conflicts(wanted: Leaves, live: Leaves, owned: Mapping[str, set[Path]]) -> list[tuple[Path, str]]:
    """Return the fields that others manage and have other contents."""
    return [
        (path, manager)
        for path, content in wanted.items()
        for manager, paths in owned.items()
        if path in paths and live.get(path) != content
    ]


def refuse_conflicts(found: list[tuple[Path, str]]) -> ApiFailure:
    """Say who manages what is to be set."""
    lines = [f'conflict with "{manager}": {show_path(path)}' for path, manager in found]
    count = f"{len(found)} conflict{'s' if len(found) > 1 else ''}"
    said = lines[0] if len(lines) == 1 else "".join(f"\n- {line}" for line in lines)
    causes = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{manager}"', "field": show_path(path)}
        for path, manager in found
    ]
    shown = (
        f"Apply failed with {count}: {said}" if len(lines) == 1 else f"Apply failed with {count}: conflicts with{said}"
    )
    return ApiFailure(409, "Conflict", shown, {"causes": causes})


def show_path(path: Path) -> str:
    """Write a path as messages have it."""
    shown = ""
    for step in path:
        if step.startswith("k:"):
            shown += "[" + ",".join(f'{key}="{each}"' for key, each in json.loads(step[2:]).items()) + "]"
        else:
            shown += f".{step[2:]}"
    return shown
