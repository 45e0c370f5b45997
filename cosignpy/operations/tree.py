"""What is attached to an image, and with an index to every image in it."""

from collections.abc import Sequence

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.operations.attachments import Attachment, fetch_attachments
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.ports import ManifestSource
from cosignpy.values import field, record, value


@value
class ImageTree:
    """An image, what is attached to it, and the images of an index in the index's order."""

    image: Descriptor
    attachments: tuple[Attachment, ...]
    children: tuple["ImageTree", ...] = ()


def fetch_tree(source: ManifestSource, attachments: ManifestSource, images: Sequence[Descriptor]) -> ImageTree:
    """Return the tree of the first image; those among the others that it leads to are below it.

    Raises:
        MalformedError: A list of referrers or a manifest is not what it should be.
        RemoteError: The registry failed.
    """
    found = run_parallel(lambda image: tuple(fetch_attachments(attachments, image.digest)), images)
    indexes = [image for image in images if image.is_index()] if len(images) > 1 else []
    opened = run_parallel(lambda image: source.fetch_manifest(image.digest), indexes)
    return _Builder(
        {image.digest: outcome.unwrap() for image, outcome in zip(images, found, strict=True)},
        {image.digest: outcome.unwrap() for image, outcome in zip(indexes, opened, strict=True)},
    ).build(images[0])


@record
class _Builder:
    """Opens each index once: indexes that list one another many times must not make the tree explode."""

    attached: dict[Digest, tuple[Attachment, ...]]
    unopened: dict[Digest, Manifest] = field(default_factory=dict)

    def build(self, image: Descriptor) -> ImageTree:
        index = self.unopened.pop(image.digest, None)
        below = index.manifests if index else ()
        return ImageTree(image, self.attached[image.digest], tuple(self.build(child) for child in below))
