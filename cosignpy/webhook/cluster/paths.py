"""Where objects are (Kubernetes API conventions): paths, of names that somebody else may have chosen."""

from typing import Final
from urllib.parse import quote

from cosignpy.webhook.ports import ResourceType

MAX_NAME: Final = 253
"""Characters of a name (RFC 1123, as Kubernetes takes it)."""

_STEPS: Final = frozenset({".", ".."})


def may_be_named(name: str) -> bool:
    """Whether an object can have a name at all: one that is a single step of a path.

    (apimachinery, IsValidPathSegmentName.)
    """
    return 0 < len(name) <= MAX_NAME and name not in _STEPS and not {"/", "%"} & set(name) and name.isprintable()


def path_of(kind: ResourceType, namespace: str, name: str = "", subresource: str = "") -> str:
    """Return the path of an object, of those in a namespace, or of all; the parts were seen by `may_be_named`."""
    root = ("apis", kind.group) if kind.group else ("api",)
    within = ("namespaces", namespace) if kind.namespaced and namespace else ()
    steps = (*root, kind.version, *within, kind.plural, *filter(None, (name, subresource)))
    return "/" + "/".join([quote(step, safe="") for step in steps])


def describe(kind: ResourceType, namespace: str, name: str = "") -> str:
    """Name an object, or many, for a person: `secrets cosign-system/webhook-certs`, `pods in shop`, `nodes`."""
    if name:
        return f"{kind.plural} {namespace}/{name}" if namespace else f"{kind.plural} {name}"
    return f"{kind.plural} in {namespace}" if namespace else kind.plural
