"""Where policies look for Secrets: in the namespace of the webhook, which they may name.

The readers know the policy controller's usual namespace. Where the webhook is in another one, its name is left out
before a policy is read, which means the same.
"""

from collections.abc import Mapping
from typing import Any

from cosignpy.imagepolicy.cluster_objects import NAMESPACE
from cosignpy.webhook.ports import Object


def localize(document: Object, namespace: str) -> Object:
    """Return a policy that names the webhook's namespace in no reference to a Secret."""
    if namespace == NAMESPACE:
        return document
    changed: Object = _without(dict(document), namespace)
    return changed


def _without(content: Any, namespace: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(content, list):
        return [_without(each, namespace) for each in content]
    if not isinstance(content, Mapping):
        return content
    found = {name: _without(each, namespace) for name, each in content.items()}
    reference = found.get("secretRef")
    if isinstance(reference, dict) and reference.get("namespace") == namespace:
        found["secretRef"] = reference | {"namespace": ""}
    return found
