"""Lists of objects: selected, and in pieces where a limit is given."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from tests.support.kube_api.failures import bad_request, expired
from tests.support.kube_api.paths import Target
from tests.support.kube_api.rest import Rest
from tests.support.kube_api.selectors import Matches, parse_fields, parse_labels
from tests.support.kube_api.store import Object

_TOO_OLD: Final = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results."
)


def selection(target: Target, query: Mapping[str, str]) -> Matches:
    """Return which objects are asked for."""
    labels = parse_labels(query.get("labelSelector", ""))
    fields = parse_fields(query.get("fieldSelector", ""), target.kind.storage)

    def matches(found: Object) -> bool:
        metadata = found["metadata"]
        placed = not target.namespace or metadata.get("namespace") == target.namespace
        named = not target.name or metadata["name"] == target.name
        return placed and named and labels(found) and fields(found)

    return matches


def list_objects(rest: Rest, target: Target, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the list that is asked for.

    Raises:
        ApiFailure: The selectors are none, or the version is forgotten.
    """
    matches = selection(target, query)
    at, after = _start(rest, query)
    found, version = rest.store.all(target.kind.storage, at)
    selected = [(key, each) for key, each in found if matches(each) and (after is None or key > after)]
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    limit = _number(query, "limit")
    if limit and len(selected) > limit:
        metadata["continue"] = _encode(version, selected[limit - 1][0])
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            metadata["remainingItemCount"] = len(selected) - limit
        selected = selected[:limit]
    items = rest.convert(target.kind, [each for _, each in selected])
    return {
        "kind": f"{target.kind.kind}List",
        "apiVersion": target.kind.api_version,
        "metadata": metadata,
        "items": items,
    }


def _start(rest: Rest, query: Mapping[str, str]) -> tuple[int | None, tuple[str, str] | None]:
    """Return as of which version the list is, and after what key; the newest, from the start, where nothing is said."""
    if token := query.get("continue"):
        version, after = _decode(token)
        if version < rest.store.compacted:
            raise expired(_TOO_OLD)
        return version, after
    if query.get("resourceVersionMatch") == "Exact":
        version = _number(query, "resourceVersion")
        if version < rest.store.compacted:
            raise expired(f"The resourceVersion for the provided list is too old: {version}")
        return version, None
    return None, None


def _encode(version: int, key: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps([version, *key]).encode()).decode()


def _decode(token: str) -> tuple[int, tuple[str, str]]:
    try:
        version, namespace, name = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise bad_request(f"continue key is not valid: {error}") from error
    return version, (namespace, name)


def _number(query: Mapping[str, str], name: str) -> int:
    try:
        return int(query.get(name) or "0")
    except ValueError as error:
        raise bad_request(f"invalid {name}: {query[name]!r}") from error
