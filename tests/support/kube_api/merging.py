"""Patches: JSON merge, JSON patch, and the strategic merge of built-in kinds."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from tests.support.kube_api.failures import ApiFailure, bad_request
from tests.support.kube_api.store import Object

LIST_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "secrets": ("name",),
    "webhooks": ("name",),
    "matchConditions": ("name",),
    "conditions": ("type",),
    "volumeMounts": ("mountPath",),
    "ownerReferences": ("uid",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
"""By what the items of lists of built-in kinds are told apart; the ports of containers and of services differ."""


def list_keys(name: str, items: list[Any]) -> tuple[str, ...]:
    """Return by what the items of a list are told apart; nothing for lists that are replaced as a whole."""
    if name == "ports" and all(isinstance(item, dict) for item in items):
        return ("containerPort", "protocol") if any("containerPort" in item for item in items) else ("port", "protocol")
    return LIST_KEYS.get(name, ()) if all(isinstance(item, dict) for item in items) else ()


def merge(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, content in patch.items():
        if content is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), content)
    return merged


def merge_strategically(target: Any, patch: Any, name: str = "") -> Any:
    """Apply a strategic merge patch: lists whose items have keys are merged, `$patch` replaces and deletes."""
    if isinstance(patch, list):
        return _merge_list(target if isinstance(target, list) else [], patch, name)
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {key: content for key, content in patch.items() if key != "$patch"}
    merged = dict(target) if isinstance(target, dict) else {}
    for key, content in patch.items():
        if key.startswith("$"):
            continue
        if content is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_strategically(merged.get(key), content, key)
    return merged


def _merge_list(target: list[Any], patch: list[Any], name: str) -> list[Any]:
    keys = list_keys(name, [*target, *patch])
    if name == "finalizers":
        return [*target, *(each for each in patch if each not in target)]
    if not keys:
        return patch
    merged = list(target)
    for item in patch:
        place = next((i for i, each in enumerate(merged) if identify(each, keys) == identify(item, keys)), None)
        if item.get("$patch") == "delete":
            merged = [each for i, each in enumerate(merged) if i != place]
        elif place is None:
            merged.append(item)
        else:
            merged[place] = merge_strategically(merged[place], item)
    return merged


def identify(item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[Any, ...]:
    """Return what tells an item from others; ports are of TCP where they do not say."""
    return tuple(item.get(key, "TCP" if key == "protocol" else None) for key in keys)


class PatchFails(Exception):
    """An operation of a JSON patch cannot be carried out; the message is for `ApiFailure`s."""


def apply_json_patch(target: Object, operations: Any) -> Object:
    """Apply a JSON patch (RFC 6902).

    Raises:
        ApiFailure: It is none, or it cannot be applied.
    """
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    try:
        return patch_json(target, operations)
    except PatchFails as error:
        raise ApiFailure(
            422, "Invalid", f"the server rejected our request due to an error in our request: {error}"
        ) from error


def patch_json(target: Object, operations: Any) -> Object:
    """Apply operations one after the other.

    Raises:
        PatchFails: One cannot be applied.
    """
    if not isinstance(operations, list):
        raise PatchFails("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    document: Any = {"": copy.deepcopy(target)}
    for operation in operations:
        try:
            _carry_out(document, operation)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise PatchFails(
                f"{operation.get('op')} operation does not apply: {operation.get('path')}: {error}"
            ) from error
    found: Object = document[""]
    return found


def _carry_out(document: Any, operation: Mapping[str, Any]) -> None:
    op, pointer = operation["op"], operation["path"]
    if op in {"move", "copy"}:
        content = copy.deepcopy(_look_up(document, operation["from"]))
        if op == "move":
            _remove(document, operation["from"])
        _add(document, pointer, content)
    elif op == "add":
        _add(document, pointer, copy.deepcopy(operation["value"]))
    elif op == "remove":
        _remove(document, pointer)
    elif op == "replace":
        _replace(document, pointer, copy.deepcopy(operation["value"]))
    elif op == "test":
        if _look_up(document, pointer) != operation["value"]:
            raise ValueError("testing value failed")
    else:
        raise ValueError("unexpected kind")


def _parts(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise ValueError("no pointer")
    return ["", *(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])]


def _index(here: list[Any], part: str, *, end: bool = False) -> int:
    if end and part == "-":
        return len(here)
    if not part.isdecimal() or int(part) > len(here) - (not end):
        raise IndexError(part)
    return int(part)


def _step(here: Any, part: str) -> Any:
    return here[_index(here, part)] if isinstance(here, list) else here[part]


def _look_up(document: Any, pointer: str) -> Any:
    for part in _parts(pointer):
        document = _step(document, part)
    return document


def _parent(document: Any, pointer: str) -> tuple[Any, str]:
    *above, last = _parts(pointer)
    for part in above:
        document = _step(document, part)
    return document, last


def _add(document: Any, pointer: str, content: Any) -> None:
    here, last = _parent(document, pointer)
    if isinstance(here, list):
        here.insert(_index(here, last, end=True), content)
    else:
        here[last] = content


def _replace(document: Any, pointer: str, content: Any) -> None:
    here, last = _parent(document, pointer)
    here[_index(here, last) if isinstance(here, list) else last] = content


def _remove(document: Any, pointer: str) -> None:
    here, last = _parent(document, pointer)
    del here[_index(here, last) if isinstance(here, list) else last]
