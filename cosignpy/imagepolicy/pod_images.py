"""The images that a Kubernetes object runs: of its containers of all sorts, and of its volumes.

Objects are as JSON has them. What is found is named by the path to it, so that a manifest can show the line and a
webhook can patch the field.
"""

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from cosignpy.core.encoding import JsonValue
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.values import value

Path: TypeAlias = tuple[str | int, ...]
"""Keys and numbers that lead to a field."""

_TEMPLATE: Final[Path] = ("spec", "template", "spec")
POD_SPECS: Final[Mapping[tuple[str, str], Path]] = {
    ("", "Pod"): ("spec",),
    ("", "PodTemplate"): ("template", "spec"),
    ("", "ReplicationController"): _TEMPLATE,
    **{
        (group, kind): _TEMPLATE
        for group in ("apps", "extensions")
        for kind in ("DaemonSet", "Deployment", "ReplicaSet")
    },
    ("apps", "StatefulSet"): _TEMPLATE,
    ("batch", "CronJob"): ("spec", "jobTemplate", *_TEMPLATE),
    ("batch", "Job"): _TEMPLATE,
}
"""Where the kinds of Kubernetes itself have their pods, by group and kind."""
_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")
_RUN_NOTHING: Final = frozenset(
    {("", "ConfigMap"), ("", "Secret"), ("apiextensions.k8s.io", "CustomResourceDefinition")}
)
"""Kinds that hold whatever people put into them, and run none of it."""


@value
class Kind:
    """What an object is: group, version and kind."""

    group: str
    version: str
    kind: str

    @classmethod
    def read(cls, document: Mapping[str, JsonValue]) -> "Kind":
        """Read `apiVersion` and `kind`; what is missing is empty."""
        version, kind = document.get("apiVersion"), document.get("kind")
        group, _slash, name = (version if isinstance(version, str) else "").rpartition("/")
        return cls(group, name, kind if isinstance(kind, str) else "")

    def __str__(self) -> str:
        return (f"{self.kind}.{self.group}" if self.group else self.kind) or "an object without a kind"

    @property
    def is_known(self) -> bool:
        """Whether it is known where there are pods in it, if anywhere."""
        return self.runs_nothing or (self.group, self.kind) in POD_SPECS

    @property
    def runs_nothing(self) -> bool:
        """Whether what looks like an image in it is certainly none."""
        return (self.group, self.kind) in _RUN_NOTHING

    def workload(self, document: Mapping[str, JsonValue]) -> Workload:
        """Return what policies match: the plural of the kind as the policy controller makes it, and the labels."""
        metadata = document.get("metadata")
        labels = metadata.get("labels") if isinstance(metadata, dict) else None
        texts = (
            {name: each for name, each in labels.items() if isinstance(each, str)} if isinstance(labels, dict) else {}
        )
        return Workload(self.group, self.version, f"{self.kind.lower()}s", texts, document)


@value
class PodImage:
    """An image that a pod runs or mounts; `image` is None where none is given, or something that is no text."""

    path: Path
    image: str | None


def find_pod_specs(document: JsonValue, kind: Kind) -> Iterator[Path]:
    """Yield where an object has its pods; in kinds that are not known, everything with containers counts as one."""
    known = POD_SPECS.get((kind.group, kind.kind))
    if known is not None:
        yield known
    elif not kind.runs_nothing:
        yield from _search_pod_specs(document, ())


def _search_pod_specs(document: JsonValue, path: Path) -> Iterator[Path]:
    if isinstance(document, dict) and any(isinstance(document.get(name), list) for name in _CONTAINERS):
        yield path
    for step, each in _members(document):
        yield from _search_pod_specs(each, (*path, step))


def _members(document: JsonValue) -> Iterator[tuple[str | int, JsonValue]]:
    if isinstance(document, dict):
        yield from document.items()
    elif isinstance(document, list):
        yield from enumerate(document)


def list_pod_images(document: JsonValue, path: Path) -> Iterator[PodImage]:
    """Yield the images of the pods of an object, in the order that they are started in."""
    spec = _follow(document, path)
    if not isinstance(spec, dict):
        return
    for name in _CONTAINERS:
        for number, container in _numbered(spec.get(name)):
            yield _read(container, "image", (*path, name, number))
    for number, volume in _numbered(spec.get("volumes")):
        if isinstance(volume, dict) and volume.get("image") is not None:
            yield _read(volume["image"], "reference", (*path, "volumes", number, "image"))


def find_image_fields(document: JsonValue, path: Path = ()) -> Iterator[PodImage]:
    """Yield all fields that are called `image` and have a text, wherever they are."""
    for step, each in _members(document):
        if step == "image" and isinstance(each, str):
            yield PodImage((*path, step), each or None)
        else:
            yield from find_image_fields(each, (*path, step))


def _follow(document: JsonValue, path: Path) -> JsonValue:
    for step in path:
        document = document.get(step) if isinstance(document, dict) else None
    return document


def _numbered(items: JsonValue) -> Iterator[tuple[int, JsonValue]]:
    yield from enumerate(items if isinstance(items, list) else [])


def _read(owner: JsonValue, name: str, path: Path) -> PodImage:
    found = owner.get(name) if isinstance(owner, dict) else None
    return PodImage((*path, name), found if isinstance(found, str) and found else None)
