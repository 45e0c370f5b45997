"""Pods: defaults and rules, as far as images, scheduling and subresources are concerned."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import re2

from tests.support.kube_api.failures import Fault, invalid_value, required
from tests.support.kube_api.store import Object

SLOTS: Final = ("initContainers", "containers", "ephemeralContainers")
_LABEL: Final = re2.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_CONTAINER: Final = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_SPEC: Final = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "terminationGracePeriodSeconds": 30,
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_IMMUTABLE: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_MUTABLE: Final = frozenset({"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"})


def fill_pod(made: Object) -> Object:
    """Fill in what pods have by default."""
    spec = {"enableServiceLinks": True} | fill_pod_spec(made.get("spec") or {})
    return made | {"spec": spec}


def fill_pod_spec(spec: Mapping[str, Any]) -> Object:
    """Fill in what specifications of pods have by default."""
    filled: Object = _SPEC | dict(spec)
    for slot in SLOTS:
        if isinstance(spec.get(slot), list):
            filled[slot] = [_fill_container(each) if isinstance(each, dict) else each for each in spec[slot]]
    if isinstance(spec.get("volumes"), list):
        filled["volumes"] = [_fill_volume(each) for each in spec["volumes"]]
    if spec.get("serviceAccountName"):
        filled["serviceAccount"] = spec["serviceAccountName"]
    elif spec.get("serviceAccount"):
        filled["serviceAccountName"] = spec["serviceAccount"]
    return filled


def _fill_container(container: Mapping[str, Any]) -> Object:
    image = container.get("image") or ""
    return _CONTAINER | {"imagePullPolicy": _pull_policy(image)} | dict(container)


def _pull_policy(image: str) -> str:
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "Always" if tag == "latest" or not (tag or digest) else "IfNotPresent"


def _fill_volume(volume: Mapping[str, Any]) -> Object:
    image = volume.get("image")
    if isinstance(image, dict):
        return dict(volume) | {"image": {"pullPolicy": _pull_policy(image.get("reference") or "")} | image}
    return dict(volume)


def start_pod(made: Object) -> Object:
    """Make a new pod a pending one."""
    metadata = made["metadata"] | {"generation": 1}
    return made | {"metadata": metadata, "status": {"phase": "Pending", "qosClass": "BestEffort"}}


def check_pod(made: Object, former: Object | None, subresource: str) -> list[Fault]:
    """Return what is wrong with a pod."""
    if subresource == "status":
        return []
    spec = made["spec"]
    if former is None:
        faults = list(check_pod_spec(spec, "spec"))
        if spec.get("ephemeralContainers"):
            faults.append(
                Fault("spec.ephemeralContainers", "Forbidden: cannot be set on create", "FieldValueForbidden")
            )
        return faults
    if subresource == "ephemeralcontainers":
        return list(_check_ephemeral(spec, former["spec"]))
    faults = list(check_pod_spec(spec, "spec"))
    for slot in ("containers", "initContainers"):
        if len(spec.get(slot) or []) != len(former["spec"].get(slot) or []):
            said = "Forbidden: pod updates may not add or remove containers"
            return [*faults, Fault(f"spec.{slot}", said, "FieldValueForbidden")]
    if _fixed(spec) != _fixed(former["spec"]):
        faults.append(Fault("spec", f"Forbidden: {_IMMUTABLE}", "FieldValueForbidden"))
    return faults


def _fixed(spec: Mapping[str, Any]) -> Object:
    """Return what nobody may change of a pod."""
    left = {name: content for name, content in spec.items() if name not in _MUTABLE}
    for slot in ("initContainers", "containers"):
        left[slot] = [{k: v for k, v in each.items() if k != "image"} for each in spec.get(slot) or []]
    return left


def check_pod_spec(spec: Mapping[str, Any], path: str) -> Iterator[Fault]:
    """Yield what is wrong with the specification of a pod."""
    if not spec.get("containers"):
        yield required(f"{path}.containers")
    seen: set[str] = set()
    for slot in ("containers", "initContainers"):
        for number, container in enumerate(spec.get(slot) or []):
            yield from _check_container(container, f"{path}.{slot}[{number}]", seen)
    for number, volume in enumerate(spec.get("volumes") or []):
        if "image" in volume and not volume["image"].get("reference"):
            yield required(f"{path}.volumes[{number}].image.reference")


def _check_container(container: Mapping[str, Any], path: str, seen: set[str]) -> Iterator[Fault]:
    name, image = container.get("name", ""), container.get("image", "")
    if not name:
        yield required(f"{path}.name")
    elif not _LABEL.fullmatch(name):
        yield invalid_value(
            f"{path}.name",
            name,
            "a lowercase RFC 1123 label must consist of lower case alphanumeric "
            "characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  "
            "or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        )
    elif name in seen:
        yield Fault(f"{path}.name", f'Duplicate value: "{name}"', "FieldValueDuplicate")
    seen.add(name)
    if not image:
        yield required(f"{path}.image")
    elif image != image.strip():
        yield invalid_value(f"{path}.image", image, "must not have leading or trailing whitespace")


def _check_ephemeral(spec: Mapping[str, Any], former: Mapping[str, Any]) -> Iterator[Fault]:
    now = {each.get("name", ""): each for each in spec.get("ephemeralContainers") or []}
    path = "spec.ephemeralContainers"
    for each in former.get("ephemeralContainers") or []:
        if each["name"] not in now:
            said = f'Forbidden: existing ephemeral containers "{each["name"]}" may not be removed'
            yield Fault(path, f"{said}", "FieldValueForbidden")
        elif now[each["name"]] != each:
            said = f'Forbidden: existing ephemeral containers "{each["name"]}" may not be changed'
            yield Fault(path, f"{said}", "FieldValueForbidden")
    seen = {each["name"] for each in spec["containers"]}
    for number, container in enumerate(spec.get("ephemeralContainers") or []):
        yield from _check_container(container, f"{path}[{number}]", seen)
