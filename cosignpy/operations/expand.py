"""From what a user named to the manifests that are meant: a platform's image, or an index with all it holds."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest, Platform
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import LimitExceeded, NoSuchTag, UsageError
from cosignpy.operations.ports import ManifestSource

MAX_NESTING: Final = 8
"""Indexes within indexes; real ones nest once."""
MAX_IMAGES: Final = 1000
"""Images below one index; the largest public ones have about thirty."""


def resolve(source: ManifestSource, target: Digest | Tag, platform: Platform | None = None) -> Descriptor:
    """Return the descriptor of what is named; with a platform, of that platform's image in the index.

    Raises:
        NoSuchTag: There is none, or the index has no image for the platform.
        UsageError: A platform of something that is not an index.
    """
    manifest = source.fetch_manifest(target)
    if platform is None:
        return manifest.descriptor
    if not manifest.is_index():
        raise UsageError(f"what {target} names is a single image, it has no platforms", "leave out --platform")
    return select_platform(manifest, platform)


def select_platform(index: Manifest, platform: Platform) -> Descriptor:
    """Return the first image of the index for the platform.

    Raises:
        NoSuchTag: None is for it; the hint lists those that are.
    """
    for descriptor in index.manifests:
        if descriptor.platform is not None and platform.accepts(descriptor.platform):
            return descriptor
    offered = ", ".join(str(item.platform) for item in index.manifests if item.platform is not None)
    raise NoSuchTag(f"{platform} in index {index.digest}", f"it has {offered or 'no platforms'}")


def expand_index(source: ManifestSource, top: Descriptor) -> Sequence[Descriptor]:
    """Return a descriptor and, where it is an index, everything below it, parents first, each once.

    Raises:
        LimitExceeded: Nested too deep, or too many images.
        RemoteError: The registry failed.
    """
    found: dict[Digest, Descriptor] = {}
    layer: Iterable[Descriptor] = [top]
    for _ in range(MAX_NESTING):
        fresh: dict[Digest, Descriptor] = {}
        for descriptor in layer:
            if descriptor.digest not in found:
                fresh[descriptor.digest] = descriptor
            if len(found) + len(fresh) > MAX_IMAGES:
                raise LimitExceeded(f"index {top.digest}", f"it has more than {MAX_IMAGES} images")
        found |= fresh
        indexes = [descriptor for descriptor in fresh.values() if descriptor.is_index()]
        layer = (child for index in indexes for child in source.fetch_manifest(index.digest).manifests)
        if not indexes:
            return tuple(found.values())
    raise LimitExceeded(f"index {top.digest}", f"indexes are nested more than {MAX_NESTING} deep")


class Scope(StrEnum):
    """How much of an index is meant."""

    NAMED = "the manifest that is named"
    RECURSIVE = "it and everything below it"


def select_subjects(
    source: ManifestSource, target: Digest | Tag, scope: Scope, platform: Platform | None = None
) -> Sequence[Digest]:
    """Return the digests that are meant; none is fetched where the name says it all.

    Raises:
        NoSuchTag: There is none, or the index has no image for the platform.
        UsageError: A platform of something that is not an index.
        LimitExceeded: Nested too deep, or too many images.
    """
    if isinstance(target, Digest) and scope is Scope.NAMED and platform is None:
        return (target,)
    top = resolve(source, target, platform)
    if scope is Scope.NAMED:
        return (top.digest,)
    return tuple(descriptor.digest for descriptor in expand_index(source, top))
