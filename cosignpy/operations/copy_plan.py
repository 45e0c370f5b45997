"""What has to be copied: an image, the images below it, everything attached to any of them, and in which order."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import LimitExceeded
from cosignpy.operations.attachments import (
    Attachment,
    AttachmentType,
    fetch_attachments,
    fetch_referring,
    select_types,
)
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.ports import ManifestSource
from cosignpy.values import field, record

T = TypeVar("T")
R = TypeVar("R")

MAX_DEPTH: Final = 16
"""Steps from an image to what is copied with it: indexes in indexes (8) and referrers of referrers."""
MAX_MANIFESTS: Final = 20_000
"""Manifests in one copy; each costs several requests, and all are held until they are pushed."""

EVERY_TYPE: Final = frozenset(AttachmentType)


@record
class CopyPlan:
    """What is copied. `missing` are referrers that a list names and the registry does not have."""

    images: dict[Digest, Manifest] = field(default_factory=dict)
    attached: dict[Digest, Manifest] = field(default_factory=dict)
    tagged: dict[Tag, Attachment] = field(default_factory=dict)
    missing: set[Digest] = field(default_factory=set)

    def order(self, manifests: Iterable[Manifest]) -> Sequence[Sequence[Manifest]]:
        """Return manifests in waves: children and subjects come in an earlier one than what names them."""
        wanted = {manifest.digest: manifest for manifest in manifests}
        levels: dict[Digest, int] = {}
        pending = list(wanted.values())
        while pending:
            needed = _names(pending[-1], wanted)
            unknown = [digest for digest in needed if digest not in levels]
            if unknown:
                pending.extend(wanted[digest] for digest in unknown)
            else:
                levels[pending.pop().digest] = 1 + max((levels[digest] for digest in needed), default=-1)
        waves: list[list[Manifest]] = [[] for _ in range(1 + max(levels.values(), default=-1))]
        for digest, level in levels.items():
            waves[level].append(wanted[digest])
        return waves


def _names(manifest: Manifest, among: Iterable[Digest]) -> Sequence[Digest]:
    """Return what a manifest names; digests cannot form a circle, so walking along them ends."""
    named = [*manifest.manifests, *([manifest.subject] if manifest.subject else [])]
    return [descriptor.digest for descriptor in named if descriptor.digest in among]


@record
class Collector:
    """Walks from an image to everything that belongs to it, level by level, each level in parallel."""

    source: ManifestSource
    attachments: ManifestSource
    types: frozenset[AttachmentType]
    workers: int
    _plan: CopyPlan = field(default_factory=CopyPlan)

    def collect(self, top: Manifest) -> CopyPlan:
        """Return all manifests to copy for an image, itself included.

        Raises:
            LimitExceeded: Too many, or nested too deep.
            NoSuchTag: A manifest that an index names is not there.
            RemoteError: The registry failed.
        """
        images: Sequence[Manifest] = [top]
        attached: Sequence[Manifest] = ()
        for _ in range(MAX_DEPTH):
            self._keep(images, attached)
            if not images and not attached:
                return self._plan
            found = self._open_attached(images, attached)
            images, attached = (
                self._open_children(self.source, images),
                [
                    *found,
                    *self._open_children(self.attachments, attached),
                ],
            )
        raise LimitExceeded(f"what belongs to {top.digest}", f"it is nested more than {MAX_DEPTH} deep")

    def _keep(self, images: Sequence[Manifest], attached: Sequence[Manifest]) -> None:
        self._plan.images |= {manifest.digest: manifest for manifest in images}
        self._plan.attached |= {manifest.digest: manifest for manifest in attached}
        if len(self._plan.images) + len(self._plan.attached) > MAX_MANIFESTS:
            raise LimitExceeded("what is to be copied", f"more than {MAX_MANIFESTS} manifests")

    def _open_children(self, source: ManifestSource, parents: Sequence[Manifest]) -> Sequence[Manifest]:
        named = dict.fromkeys(child.digest for parent in parents for child in parent.manifests)
        return self._each(source.fetch_manifest, [digest for digest in named if self._is_new(digest)])

    def _open_attached(self, images: Sequence[Manifest], attached: Sequence[Manifest]) -> Sequence[Manifest]:
        """Look for attachments of images under tags and among referrers, of attachments among referrers only."""
        if not self.types:
            return ()
        found = self._each(lambda image: fetch_attachments(self.attachments, image.digest), images)
        below = self._each(lambda item: fetch_referring(self.attachments, item.digest), attached)
        selected = [item for items in found for item in select_types(items, self.types)]
        referrers = [item for item in selected if item.tag is None] + [item for items in below for item in items]
        self._plan.tagged |= {item.tag: item for item in selected if item.tag is not None}
        self._plan.missing |= {item.digest for item in referrers if item.manifest is None}
        return [item.manifest for item in referrers if item.manifest is not None and self._is_new(item.digest)]

    def _is_new(self, digest: Digest) -> bool:
        return digest not in self._plan.images and digest not in self._plan.attached

    def _each(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return [outcome.unwrap() for outcome in run_parallel(function, items, self.workers)]
