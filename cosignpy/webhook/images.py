"""Which images of an object need a look: those that it did not run before, in every place that pods have for images.

An update leaves an image alone that the object names already, by the very same text, in a place of the same sort, as
long as nothing else changed that a policy looks at: labels, or what a condition is given. So objects that were there
before a policy can be scaled, annotated and deleted; what they run next is a new pod, which is looked at.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cosignpy.core.encoding import JsonValue
from cosignpy.imagepolicy.completeness import texts_of
from cosignpy.imagepolicy.pod_images import POD_SPECS, Path, PodImage, list_pod_images
from cosignpy.values import value
from cosignpy.webhook.answer import Skip
from cosignpy.webhook.live_settings import PodSpecPath
from cosignpy.webhook.ports import CompiledPolicy
from cosignpy.webhook.request import AdmissionRequest, GroupVersionKind, Operation

EACH: Final = "*"
"""A step of a path that leads into every element of a list."""
MAX_IMAGES: Final = 500
"""Images of one object, which API servers bound by its size alone."""
_WITHOUT_IMAGES: Final = frozenset(
    {"approval", "attach", "binding", "eviction", "exec", "finalize", "log", "portforward", "proxy", "scale", "status"}
)
"""Subresources by which no image gets into an object; the API server ignores the rest of what is sent."""


@value
class PodOf:
    """A pod that an object makes, or is: what its images are fetched with is in its specification."""

    spec: Mapping[str, JsonValue]
    images: tuple[PodImage, ...]


@value
class ToDecide:
    """What of an object needs a look; where that is nothing, `skip` says why."""

    pods: tuple[PodOf, ...] = ()
    skip: Skip | None = None

    @property
    def images(self) -> tuple[PodImage, ...]:
        """All images."""
        return tuple([image for pod in self.pods for image in pod.images])


@value
class Regard:
    """What policies look at besides images: labels of the workload, its specification, its metadata.

    `kinds` says whether they tell a pod from who makes it: where some are about some kinds only, or look at the object.
    """

    labels: bool = False
    specification: bool = False
    metadata: bool = False
    kinds: bool = False

    @classmethod
    def of(cls, policies: Iterable[CompiledPolicy]) -> "Regard":
        """Find out what any of the policies looks at."""
        documents = [each.document for each in policies]
        conditions = [text for each in documents for text in texts_of(each)]
        return cls(
            any(match.selector is not None for each in documents for match in each.match),
            any(each.include_spec for each in conditions),
            any(each.include_object_meta for each in conditions),
            any(each.match for each in documents)
            or any(each.include_spec or each.include_object_meta or each.include_type_meta for each in conditions),
        )


class UnknownKind(Exception):
    """Nobody knows where such objects have their images."""

    def __init__(self, kind: GroupVersionKind) -> None:
        super().__init__(f"{kind.kind} of {kind.group or 'the core group'}")


def list_images(request: AdmissionRequest, pod_specs: Iterable[PodSpecPath], regard: Regard) -> ToDecide:
    """Return the images that need a look, each with the path to it.

    Raises:
        UnknownKind: It is not known where there are images in it; to admit it would be to admit any.
    """
    if request.operation in {Operation.DELETE, Operation.CONNECT}:
        return ToDecide(skip=Skip.DELETION if request.operation is Operation.DELETE else Skip.SUBRESOURCE)
    if request.subresource in _WITHOUT_IMAGES:
        return ToDecide(skip=Skip.SUBRESOURCE)
    if _is_being_deleted(request):
        return ToDecide(skip=Skip.BEING_DELETED)
    paths = _paths(request.kind, pod_specs)
    pods = tuple(_list_pods(request.object, paths))
    if not any(pod.images for pod in pods):
        return ToDecide(skip=Skip.NO_IMAGES)
    known = _known_images(request, paths, regard)
    changed = tuple([each for each in (_without(pod, known) for pod in pods) if each.images])
    return ToDecide(changed) if changed else ToDecide(skip=Skip.UNCHANGED)


def _is_being_deleted(request: AdmissionRequest) -> bool:
    """Tell whether the stored object is: only the API server sets the time of a deletion, and it never goes away."""
    return request.operation is Operation.UPDATE and bool(_metadata(request.old_object).get("deletionTimestamp"))


def _metadata(document: JsonValue) -> Mapping[str, JsonValue]:
    found = document.get("metadata") if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _paths(kind: GroupVersionKind, pod_specs: Iterable[PodSpecPath]) -> tuple[Path, ...]:
    known = POD_SPECS.get((kind.group, kind.kind))
    configured = tuple([each.path for each in pod_specs if (each.group, each.kind) == (kind.group, kind.kind)])
    if known is None and not configured:
        raise UnknownKind(kind)
    return configured if known is None else (known, *[each for each in configured if each != known])


def _list_pods(document: JsonValue, paths: Iterable[Path]) -> Iterator[PodOf]:
    for path in paths:
        for place, spec in _follow(document, path, ()):
            images = [PodImage((*place, *each.path), each.image) for each in list_pod_images(spec, ())]
            yield PodOf(spec, tuple(images))


def _follow(document: JsonValue, steps: Path, place: Path) -> Iterator[tuple[Path, Mapping[str, JsonValue]]]:
    """Yield what is at the end of a path, with the place of each; nothing where it ends before."""
    if not steps:
        if isinstance(document, dict):
            yield place, document
    elif steps[0] == EACH and isinstance(document, list):
        for number, each in enumerate(document):
            yield from _follow(each, steps[1:], (*place, number))
    elif isinstance(document, dict) and steps[0] in document:
        yield from _follow(document[steps[0]], steps[1:], (*place, steps[0]))


def _known_images(
    request: AdmissionRequest, paths: tuple[Path, ...], regard: Regard
) -> frozenset[tuple[str | int, str]]:
    """Return the images that the object ran before, each with the sort of its place."""
    old = request.old_object
    if request.operation is not Operation.UPDATE or old is None or _differs(request, regard):
        return frozenset()
    found = (image for pod in _list_pods(old, paths) for image in pod.images)
    return frozenset([(sort_of(each.path), each.image) for each in found if each.image is not None])


def sort_of(path: Path) -> str | int:
    """Return what sort of place an image is in: `containers`, `initContainers`, `ephemeralContainers`, `volumes`."""
    return path[-4] if path[-1] == "reference" else path[-3]


def _differs(request: AdmissionRequest, regard: Regard) -> bool:
    """Tell whether anything changed that policies look at."""
    new, old = _metadata(request.object), _metadata(request.old_object)
    if (regard.labels or regard.metadata) and (new.get("labels") or {}) != (old.get("labels") or {}):
        return True
    if regard.metadata and (new.get("annotations") or {}) != (old.get("annotations") or {}):
        return True
    return regard.specification and _specification(request.object) != _specification(request.old_object)


def _specification(document: JsonValue) -> JsonValue:
    """Return the specification but for how often it runs: who scales down need not change what runs."""
    found = document.get("spec") if isinstance(document, dict) else None
    return {name: each for name, each in found.items() if name != "replicas"} if isinstance(found, dict) else found


def _without(pod: PodOf, known: frozenset[tuple[str | int, str]]) -> PodOf:
    if not known:
        return pod
    return PodOf(pod.spec, tuple([each for each in pod.images if (sort_of(each.path), each.image) not in known]))
