"""What rules of Kyverno are about: which objects, and in which namespaces.

A policy of ours is about all objects that run an image. So a rule that is about fewer is refused, unless it is about
Pods, from which all others follow, or about namespaces that it names. What a rule excludes is not excluded: that is
stricter, and is said.
"""

from typing import TYPE_CHECKING, Final

from cosignpy.documents import Items, Members, Node, Word
from cosignpy.imagepolicy.convert.findings import Findings, constant, read
from cosignpy.imagepolicy.fields import Fields, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FILTERS: Final = 100
"""Of one rule."""

_KINDS: Final = frozenset(
    {
        "Pod",
        "PodTemplate",
        "ReplicationController",
        "ReplicaSet",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
    }
)
"""What the webhook looks at by itself."""
_NARROW: Final = "no policy of ours is about some objects only: leave it out, which is stricter"
_WHO: Final = {"subjects": _NARROW, "roles": _NARROW, "clusterRoles": _NARROW}
_UNSAYABLE: Final = {"selector": _NARROW, "names": _NARROW, "name": _NARROW, "annotations": _NARROW}
_ELSEWHERE: Final = {"namespaceSelector": "label the namespaces, and leave it to the webhook's own selector"}
_OPERATIONS: Final = frozenset({"CREATE", "UPDATE"})


def convert_match(node: Node) -> tuple[str, ...]:
    """Return the namespaces that a rule is about; none for all.

    Raises:
        DocumentError: It is about fewer objects than a policy of ours can say.
    """
    fields = read(constant(node), ("any", "all", "resources"), _WHO)
    kind = fields.only_one("any", "all", "resources")
    if kind == "resources":
        return _convert_resources(fields.members["resources"])
    found = fields.items(kind, _convert_filter, MAX_FILTERS)
    if not found or (kind == "all" and len(found) > 1):
        raise fields.error(kind, "cannot be converted", "write one item, or `any`")
    if not all(found):
        return ()
    return tuple(dict.fromkeys(name for each in found for name in each))


def _convert_filter(node: Node) -> tuple[str, ...]:
    fields = read(node, ("resources",), _WHO)
    if "resources" not in fields:
        raise fields.error("resources", "missing")
    return _convert_resources(fields.members["resources"])


def _convert_resources(node: Node) -> tuple[str, ...]:
    fields = read(node, ("kinds", "operations", "namespaces"), {**_UNSAYABLE, **_ELSEWHERE})
    kinds = fields.items("kinds", read_text, MAX_FILTERS)
    if not any(_short(each) in {"Pod", "*"} for each in kinds):
        raise fields.error("kinds", "leaves out Pod", "whatever runs becomes Pods: add it, which is stricter")
    for each in kinds:
        if _short(each) not in _KINDS | {"*"}:
            raise fields.error("kinds", f"{each} has no place here", "name it in the webhook's `pod-specs`")
    operations = set(fields.items("operations", read_text, MAX_FILTERS))
    if not operations <= _OPERATIONS:
        raise fields.error("operations", "cannot be converted", f"allowed: {', '.join(sorted(_OPERATIONS))}")
    namespaces = fields.items("namespaces", read_text, MAX_FILTERS)
    if any("*" in each or "?" in each for each in namespaces):
        raise fields.error("namespaces", "a pattern cannot be converted", "name the namespaces one by one")
    return namespaces


def _short(kind: str) -> str:
    """Return a kind without its group, its version and its subresource, as in `apps/v1/Deployment` and `Pod/status`."""
    parts = [each for each in kind.replace(".", "/").split("/") if each[:1].isupper() or each == "*"]
    return next((each for each in parts if each != "*"), parts[0] if parts else kind)


def report_exclude(fields: Fields, findings: Findings) -> None:
    """Say of what a rule excludes that it is not excluded."""
    if "exclude" not in fields:
        return
    names = sorted(_namespaces(fields.members["exclude"]))
    hint = f" (of namespaces: namespaces.excluded of the chart, here {', '.join(names)})" if names else ""
    findings.warn(fields.place_of("exclude"), f"is not carried over, which is stricter{hint}")


def _namespaces(node: Node) -> set[str]:
    """Return the names of namespaces anywhere below."""
    if isinstance(node, Items):
        return {name for each in node.items for name in _namespaces(each)}
    if not isinstance(node, Members):
        return set()
    found = {name for each in node.members.values() for name in _namespaces(each)}
    listed = node.members.get("namespaces")
    if isinstance(listed, Items):
        found |= {each.text for each in listed.items if isinstance(each, Word)}
    return found


def report_preconditions(node: Node) -> None:
    """Accept the one precondition that says what is so anyway: that the object is not being deleted.

    Raises:
        DocumentError: Another one.
    """
    fields = read(node, ("all", "any"))
    for each in (
        *fields.items("all", _read_condition, MAX_FILTERS),
        *fields.items("any", _read_condition, MAX_FILTERS),
    ):
        if not _is_about_deleting(each):
            raise node.place.error("cannot be converted", "leave it out, which is stricter")


def _read_condition(node: Node) -> Fields:
    return read(node, ("key", "operator", "value", "message"))


def _is_about_deleting(condition: Fields) -> bool:
    """Tell whether it says that the operation is not DELETE."""
    said: Mapping[str, str] = {name: condition.text(name) for name in ("key", "operator", "value") if name in condition}
    key = said.get("key", "").replace(" ", "")
    operation = key.startswith("{{request.operation") and key.endswith("}}")
    return operation and said.get("operator") in {"NotEquals", "NotEqual"} and said.get("value") == "DELETE"
