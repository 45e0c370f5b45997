"""What an API server itself writes into `metadata`."""

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import re2

from tests.support.kube_api.failures import Fault, bad_request, invalid, invalid_value, required
from tests.support.kube_api.kinds import Kind
from tests.support.kube_api.paths import Target
from tests.support.kube_api.store import Object

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUFFIX: Final = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX_LENGTH: Final = 5
_LONGEST_BASE: Final = 58
_SUBDOMAIN: Final = re2.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_VALUE: Final = re2.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_LONGEST_NAME: Final = 253
_LONGEST_LABEL: Final = 63
_SYSTEM: Final = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "selfLink")
_FREE_NAMES: Final = frozenset({"clusterroles", "clusterrolebindings", "roles", "rolebindings"})
_RULE: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


def timestamp(moment: datetime | None = None) -> str:
    """Return a moment as objects have it."""
    return (moment or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_type(body: object, target: Target, kind: Kind) -> Object:
    """Return an object that is of the kind, of the name and in the namespace of the path.

    Raises:
        ApiFailure: It is not.
    """
    if not isinstance(body, dict):
        raise bad_request("couldn't get version/kind; json parse error: the body is no object")
    if (body.get("apiVersion", kind.api_version), body.get("kind", kind.kind)) != (kind.api_version, kind.kind):
        group, _, version = str(body.get("apiVersion")).rpartition("/")
        said = f"{group}/{version}, Kind={body.get('kind')}" if group else f"{version}, Kind={body.get('kind')}"
        raise bad_request(
            f"the API version in the data ({said}) does not match the expected API version ({kind.api_version})"
        )
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise bad_request("metadata is no object")
    namespace, name = metadata.get("namespace") or "", metadata.get("name") or ""
    if namespace and namespace != target.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if target.name and name and name != target.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")
    own = ({"name": target.name} if target.name else {}) | ({"namespace": target.namespace} if target.namespace else {})
    return {"apiVersion": kind.api_version, "kind": kind.kind} | body | {"metadata": metadata | own}


def begin(body: Object) -> Object:
    """Return a new object with a name, and without what only the server says."""
    metadata = {name: content for name, content in body["metadata"].items() if name not in (*_SYSTEM, "managedFields")}
    if not metadata.get("name") and metadata.get("generateName"):
        base = metadata["generateName"][:_LONGEST_BASE]
        metadata["name"] = base + "".join(secrets.choice(_SUFFIX) for _ in range(_SUFFIX_LENGTH))
    return body | {"metadata": metadata}


def born(body: Object) -> Object:
    """Return a new object with its identity."""
    return body | {"metadata": body["metadata"] | {"uid": str(uuid4()), "creationTimestamp": timestamp()}}


def keep_system_fields(made: Object, former: Object) -> Object:
    """Return an object whose identity is the one it had."""
    metadata = {name: content for name, content in made["metadata"].items() if name not in _SYSTEM}
    kept = {
        name: former["metadata"][name]
        for name in (*_SYSTEM, "name", "namespace", "deletionGracePeriodSeconds")
        if name in former["metadata"]
    }
    return made | {"metadata": metadata | kept}


def check_metadata(made: Object, kind: Kind) -> list[Fault]:
    """Return what is wrong with names and labels."""
    metadata: Mapping[str, Any] = made["metadata"]
    name = metadata.get("name", "")
    faults = []
    if not name:
        faults.append(required("metadata.name", "name or generateName is required"))
    elif kind.plural not in _FREE_NAMES and (len(name) > _LONGEST_NAME or not _SUBDOMAIN.fullmatch(name)):
        faults.append(invalid_value("metadata.name", name, _RULE))
    for key, content in (metadata.get("labels") or {}).items():
        if not isinstance(content, str):
            raise bad_request(
                f"{kind.kind} in version {kind.version!r} cannot be handled as a {kind.kind}: label {key}"
            )
        if len(content) > _LONGEST_LABEL or not _LABEL_VALUE.fullmatch(content):
            faults.append(
                invalid_value(
                    "metadata.labels",
                    content,
                    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.'",
                )
            )
    return faults


def refuse(kind: Kind, made: Object, faults: list[Fault]) -> None:
    """Refuse an object that has faults.

    Raises:
        ApiFailure: There are some.
    """
    if faults:
        raise invalid(kind, made["metadata"].get("name", ""), faults)
