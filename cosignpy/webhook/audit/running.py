"""The images that pods run now, each by the digest that its node fetched."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Reference
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.pod_images import Path, list_pod_images
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.values import field, replace, value
from cosignpy.webhook.ports import Object

_SPEC: Final[Path] = ("spec",)
_STATUSES: Final = {
    "initContainers": "initContainerStatuses",
    "containers": "containerStatuses",
    "ephemeralContainers": "ephemeralContainerStatuses",
}
"""Where a pod's status has what became of its containers (core/v1 PodStatus)."""
_ENDED: Final = ("Succeeded", "Failed")


@value
class PodName:
    """A pod, as reports refer to it."""

    namespace: str
    name: str
    uid: str


@value
class RunningImage:
    """An image that a pod runs.

    Attributes:
        pod: Whose it is.
        image: As the pod names it.
        pinned: Its repository and the digest that runs; empty where nobody says which that is.
        workload: What policies match.
        pod_spec: Where the pod says what images are fetched with.
    """

    pod: PodName
    image: str
    pinned: str
    workload: Workload = field(compare=False, repr=False)
    pod_spec: Mapping[str, Any] = field(compare=False, repr=False)


def list_running(pod: Object) -> Iterator[RunningImage]:
    """Yield the images of a pod, each once; none of one that has ended."""
    status, metadata, spec = (_mapping(pod.get(name)) for name in ("status", "metadata", "spec"))
    if status.get("phase") in _ENDED:
        return
    named = PodName(*(str(metadata.get(name, "")) for name in ("namespace", "name", "uid")))
    labels = {name: text for name, text in _mapping(metadata.get("labels")).items() if isinstance(text, str)}
    workload = Workload("", "v1", "pods", labels, pod)
    seen = set[tuple[str, str]]()
    for found in list_pod_images(pod, _SPEC):
        if found.image is None:
            continue
        pinned = pin(found.image, _fetched(spec, status, found.path))
        if (found.image, pinned) not in seen:
            seen.add((found.image, pinned))
            yield RunningImage(named, found.image, pinned, workload, spec)


def keep_pod(pod: dict[str, Any]) -> Object:
    """Return what is kept of a pod: what it runs, and what conditions of policies may ask; there are thousands."""
    status, metadata = _mapping(pod.get("status")), dict(_mapping(pod.get("metadata")))
    metadata.pop("managedFields", None)
    named = ("phase", *_STATUSES.values())
    kept = {name: status[name] for name in named if name in status}
    for name in _STATUSES.values():
        each = kept.get(name)
        if isinstance(each, list):
            kept[name] = [{part: _mapping(one).get(part) for part in ("name", "imageID")} for one in each]
    return {**pod, "metadata": metadata, "status": kept}


def pin(image: str, fetched: str) -> str:
    """Return an image by its digest: its own, or that which a node fetched for it; empty where there is none.

    A node says `repository@digest`, perhaps behind `docker-pullable://`; a bare digest is that of a configuration,
    by which no registry knows an image.
    """
    try:
        named = Reference.parse(image)
        if named.digest is None:
            _repository, at, digest = fetched.rpartition("@")
            if not at:
                return ""
            named = replace(named, digest=Digest.parse(digest))
    except MalformedError:
        return ""
    return str(replace(named, tag=None))


def _fetched(spec: Mapping[str, Any], status: Mapping[str, Any], path: Path) -> str:
    """Return what the node says it fetched for the container at a path: its status is found by its name."""
    owner, number = path[1], path[2]
    containers, statuses = spec.get(str(owner)), status.get(_STATUSES.get(str(owner), ""))
    if not isinstance(containers, list) or not isinstance(statuses, list) or not isinstance(number, int):
        return ""
    name = _mapping(containers[number]).get("name")
    found = [each for each in map(_mapping, statuses) if each.get("name") == name]
    return str(found[0].get("imageID", "")) if found else ""


def _mapping(content: object) -> Mapping[str, Any]:
    return content if isinstance(content, dict) else {}
