"""A resource of Kubernetes, as the policy controller's tester reads it."""

from collections.abc import Mapping
from typing import Final

from cosignpy.core.encoding import JsonValue
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.go_reader.yaml_values import read_yaml
from cosignpy.imagepolicy.workloads import Workload

_NEEDED: Final = ("metadata", "spec", "kind", "apiVersion")
_IRREGULAR: Final = {"endpoints": "endpoints"}


def read_workload(raw: bytes, what: str = "resource") -> Workload:
    """Read a resource.

    Raises:
        MalformedError: It is none, or has not all that a workload has.
    """
    document = read_unstructured(read_yaml(raw, what), what)
    for name in _NEEDED:
        if name not in document:
            raise MalformedError(what, f"kubernetes resource is missing {name} key")
    kind, version = _text(document, "kind"), _text(document, "apiVersion")
    group, name = split_version(version)
    metadata = document["metadata"]
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    found = labels if isinstance(labels, dict) else {}
    texts = {label: text if isinstance(text, str) else "" for label, text in found.items()}
    return Workload(group, name, plural(kind), texts, document)


def read_unstructured(content: JsonValue, what: str) -> Mapping[str, JsonValue]:
    """Return the members of an object of whatever kind; none where there is no document.

    Raises:
        MalformedError: It is no object, or has no kind.
    """
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise MalformedError(what, "json: cannot unmarshal into Go value of type map[string]interface {}")
    if not _text(content, "kind"):
        raise MalformedError(what, "Object 'Kind' is missing")
    return content


def split_version(text: str) -> tuple[str, str]:
    """Return the group and the version.

    Raises:
        MalformedError: There are more parts.
    """
    group, slash, version = text.rpartition("/")
    if "/" in group:
        raise MalformedError("apiVersion", f"unexpected GroupVersion string: {text}")
    return group, version if slash or text else ""


def plural(kind: str) -> str:
    """Guess the name of the resource of a kind, as Kubernetes does where it does not know."""
    single = kind.lower()
    if not single or single in _IRREGULAR:
        return single
    if single.endswith("s"):
        return f"{single}es"
    return f"{single[:-1]}ies" if single.endswith("y") else f"{single}s"


def _text(document: Mapping[str, JsonValue], name: str) -> str:
    found = document.get(name)
    return found if isinstance(found, str) else ""
