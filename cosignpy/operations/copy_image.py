"""Copy an image with everything that belongs to it, from one place to another.

Content comes before what names it, and the tag comes last: at no moment does the destination's tag name an
image that is incomplete or whose signatures are not there yet. Whatever is there already is not sent again, so
a copy that was interrupted is finished by running it once more.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar

from cosignpy.core.bundle.legacy import LegacyStyle, build_signature_image
from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest, Platform
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import UsageError
from cosignpy.operations.attachments import AttachmentType
from cosignpy.operations.candidates import fetch_optional
from cosignpy.operations.copy_plan import EVERY_TYPE, Collector, CopyPlan
from cosignpy.operations.expand import resolve
from cosignpy.operations.parallel import DEFAULT_WORKERS, run_parallel
from cosignpy.operations.ports import ManifestSink, Progress, Repository, SilentProgress
from cosignpy.operations.transfer import BlobTransfer, select_shipments
from cosignpy.values import field, value

T = TypeVar("T")
R = TypeVar("R")


class ExistingTag(StrEnum):
    """What becomes of a tag at the destination that names something else."""

    KEEP = "keep"
    REPLACE = "replace"


class CopyParts(StrEnum):
    """Whether the image itself is copied, or only what is attached to it."""

    ALL = "all"
    ATTACHED = "attached"


@value
class CopyImage:
    """What to copy, under which tag (None: by digest only), and how."""

    target: Digest | Tag
    tag: Tag | None
    platform: Platform | None = None
    types: frozenset[AttachmentType] = EVERY_TYPE
    parts: CopyParts = CopyParts.ALL
    existing: ExistingTag = ExistingTag.KEEP
    workers: int = DEFAULT_WORKERS


@value
class CopyRoute:
    """From where to where; `attachments` is where the source's signatures are."""

    source: Repository
    attachments: Repository
    destination: Repository
    progress: Progress = field(default_factory=SilentProgress)


@value
class CopiedImage:
    """What was copied: everything that belongs to the image, and how much of it had to be sent."""

    image: Descriptor
    images: int
    attachments: int
    missing: tuple[Digest, ...]
    manifests_sent: int
    bytes_sent: int


def copy_image(request: CopyImage, route: CopyRoute) -> CopiedImage:
    """Copy an image, and for an index all below it, with attachments, and attachments of those.

    Raises:
        NoSuchTag: There is no such image.
        UsageError: A tag at the destination names something else, and is not to be replaced.
        DigestMismatch: Content is not what its digest says; nothing names it at the destination.
        LimitExceeded: Too much belongs to the image.
        RemoteError: A registry failed.
    """
    top = route.source.fetch_manifest(resolve(route.source, request.target, request.platform).digest)
    _refuse_other(request, route.destination, top)
    plan = Collector(route.source, route.attachments, request.types, request.workers).collect(top)
    if request.parts is CopyParts.ATTACHED:
        plan.images.clear()
    return _Copy(request, route, plan).run(top)


def _refuse_other(request: CopyImage, destination: Repository, top: Manifest) -> None:
    """Refuse to move a tag to another image unless that is asked for."""
    if request.tag is None or request.parts is CopyParts.ATTACHED or request.existing is ExistingTag.REPLACE:
        return
    current = fetch_optional(destination, request.tag)
    if current is not None and current.digest != top.digest:
        raise UsageError(
            f"the tag {request.tag} at the destination names another image, {current.digest}",
            "pass --force to let it name the copied one",
        )


@value
class _Copy:
    """One copy under way: the steps in the order in which they may become visible."""

    request: CopyImage
    route: CopyRoute
    plan: CopyPlan

    def run(self, top: Manifest) -> CopiedImage:
        absent = self._select_absent(list((self.plan.images | self.plan.attached).values()))
        tagged = {tag: item.manifest for tag, item in self.plan.tagged.items() if item.manifest is not None}
        stale = {tag: manifest for tag, manifest in tagged.items() if self._is_stale(tag, manifest)}
        sent = self._send_blobs(absent, list(stale.values()))
        for wave in self.plan.order(absent):
            self._each(self._push_group, _group_by_subject(wave))
        self._each(lambda pair: self._push_tagged(*pair), list(stale.items()))
        if self.request.tag is not None and self.request.parts is CopyParts.ALL:
            self.route.destination.push_manifest(top, self.request.tag)
        return CopiedImage(
            image=top.descriptor,
            images=len(self.plan.images),
            attachments=len(self.plan.attached) + len(tagged),
            missing=tuple(sorted(self.plan.missing)),
            manifests_sent=len(absent) + len(stale),
            bytes_sent=sent,
        )

    def _select_absent(self, manifests: Sequence[Manifest]) -> Sequence[Manifest]:
        """Return what the destination lacks; a referrer counts as there once it is listed as one."""
        subjects = list(dict.fromkeys(item.subject.digest for item in manifests if item.subject))
        lists = self._each(self.route.destination.fetch_referrers, subjects)
        listed = {entry.digest for entries in lists for entry in entries}

        def is_absent(manifest: Manifest) -> bool:
            if manifest.subject is not None:
                return manifest.digest not in listed
            return fetch_optional(self.route.destination, manifest.digest) is None

        missing = self._each(is_absent, manifests)
        return [manifest for manifest, absent in zip(manifests, missing, strict=True) if absent]

    def _is_stale(self, tag: Tag, manifest: Manifest) -> bool:
        """Tell whether an attachment tag has to change.

        Raises:
            UsageError: It holds another SBOM. Signatures and attestations are put together instead.
        """
        current = fetch_optional(self.route.destination, tag)
        if current is None or current.digest == manifest.digest:
            return current is None
        other_sbom = self.plan.tagged[tag].type is AttachmentType.SBOM
        if other_sbom and self.request.existing is ExistingTag.KEEP:
            raise UsageError(f"the tag {tag} at the destination holds another SBOM", "pass --force to replace it")
        return True

    def _send_blobs(self, absent: Sequence[Manifest], tagged: Sequence[Manifest]) -> int:
        images = [manifest for manifest in absent if manifest.digest in self.plan.images]
        attached = [manifest for manifest in absent if manifest.digest not in self.plan.images]
        shipments = [
            *select_shipments([*attached, *tagged], self.route.attachments),
            *select_shipments(images, self.route.source),
        ]
        return BlobTransfer(self.route.destination, self.route.progress, self.request.workers).send(shipments)

    def _push_group(self, manifests: Sequence[Manifest]) -> None:
        for manifest in manifests:
            self.route.destination.push_manifest(manifest)

    def _push_tagged(self, tag: Tag, manifest: Manifest) -> None:
        destination = self.route.destination
        if self.request.existing is ExistingTag.REPLACE:
            destination.push_manifest(manifest, tag)
        else:
            destination.update_tag(tag, lambda current: _merge_layers(destination, current, manifest))

    def _each(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return [outcome.unwrap() for outcome in run_parallel(function, items, self.request.workers)]


def _group_by_subject(manifests: Sequence[Manifest]) -> Sequence[Sequence[Manifest]]:
    """Put the referrers of one subject together: where they share a fallback tag they would fight over it."""
    groups: dict[Digest, list[Manifest]] = {}
    for manifest in manifests:
        key = manifest.subject.digest if manifest.subject else manifest.digest
        groups.setdefault(key, []).append(manifest)
    return list(groups.values())


def _merge_layers(destination: ManifestSink, current: Manifest | None, incoming: Manifest) -> Manifest:
    """Put the signatures (or attestations) of both into one image: those already there are nobody's to lose."""
    if current is None or all(layer in incoming.layers for layer in current.layers):
        return incoming
    fresh = [layer for layer in incoming.layers if layer not in current.layers]
    if not fresh:
        return current
    config_type = current.config.media_type if current.config else ""
    style = LegacyStyle(manifest_type=current.media_type, config_type=config_type)
    merged, config = build_signature_image([*current.layers, *fresh], style)
    destination.push_blob(config)
    return merged
