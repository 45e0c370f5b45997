"""Label and field selectors, as texts of queries and as objects."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from tests.support.kube_api.failures import bad_request
from tests.support.kube_api.store import Object

Matches: TypeAlias = Callable[[Object], bool]

_SET: Final = re.compile(r"^\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)\s*$")
_EQUAL: Final = re.compile(r"^\s*([^=!\s]+)\s*(==|=|!=)\s*(\S*)\s*$")
_NAME: Final = re.compile(r"^\s*(!?)\s*([^\s=!(),]+)\s*$")
_COMMA: Final = re.compile(r",(?![^(]*\))")

_FIELDS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("", "secrets"): ("type",),
    ("", "pods"): ("spec.nodeName", "spec.serviceAccountName", "status.phase", "status.podIP"),
    ("", "namespaces"): ("status.phase",),
    ("", "events"): ("involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "reason", "type"),
    ("batch", "jobs"): ("status.successful",),
}
"""Beside names, which all kinds are selected by."""


def parse_labels(text: str) -> Matches:
    """Read a `labelSelector`."""
    wanted = [_parse_requirement(each) for each in _COMMA.split(text) if each.strip()]
    return lambda found: all(test(labels_of(found)) for test in wanted)


def labels_of(found: Object) -> Mapping[str, str]:
    """Return an object's labels."""
    return found.get("metadata", {}).get("labels") or {}


def _parse_requirement(text: str) -> Callable[[Mapping[str, str]], bool]:
    if part := _SET.match(text):
        name, operator, listed = part.groups()
        return _requirement(name, "In" if operator == "in" else "NotIn", [each.strip() for each in listed.split(",")])
    if part := _EQUAL.match(text):
        name, operator, content = part.groups()
        return _requirement(name, "NotIn" if operator == "!=" else "In", [content])
    if part := _NAME.match(text):
        absent, name = part.groups()
        return _requirement(name, "DoesNotExist" if absent else "Exists", [])
    raise bad_request(f"unable to parse requirement: found {text!r}, expected: a label selector")


def _requirement(name: str, operator: str, contents: list[str]) -> Callable[[Mapping[str, str]], bool]:
    tests: dict[str, Callable[[Mapping[str, str]], bool]] = {
        "In": lambda labels: labels.get(name) in contents and name in labels,
        "NotIn": lambda labels: name not in labels or labels[name] not in contents,
        "Exists": lambda labels: name in labels,
        "DoesNotExist": lambda labels: name not in labels,
    }
    return tests[operator]


def match_selector(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Tell whether labels are selected by a `LabelSelector`; an empty one selects all, none at all selects all too."""
    wanted = selector or {}
    equal = all(labels.get(name) == content for name, content in (wanted.get("matchLabels") or {}).items())
    expressions = wanted.get("matchExpressions") or []
    return equal and all(
        _requirement(each["key"], each["operator"], each.get("values") or [])(labels) for each in expressions
    )


def parse_fields(text: str, storage: tuple[str, str]) -> Matches:
    """Read a `fieldSelector`."""
    wanted = []
    for each in filter(None, text.split(",")):
        part = _EQUAL.match(each)
        if part is None:
            raise bad_request(f"invalid field selector: {each!r}; can't understand it")
        name, operator, content = part.groups()
        if name not in {"metadata.name", "metadata.namespace", *_FIELDS.get(storage, ())}:
            raise bad_request(f"field label not supported: {name}")
        wanted.append((name.split("."), operator != "!=", content))
    return lambda found: all((_field(found, path) == content) is equal for path, equal, content in wanted)


def _field(found: Object, path: list[str]) -> str:
    here: Any = found
    for name in path:
        here = here.get(name, "") if isinstance(here, dict) else ""
    return str(here)
