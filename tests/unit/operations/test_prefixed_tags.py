"""Tags with a prefix: only they have it, and what is named by its digest is not."""

import pytest

from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import MalformedError, NoSuchTag
from cosignpy.operations.prefixed_tags import PrefixedTags
from tests.support.memory_repository import MemoryRepository, push_image, push_referrer


def test_tags_have_the_prefix_and_digests_have_not() -> None:
    repository = MemoryRepository()
    image = push_image(repository, tag="rel-v1")
    place = PrefixedTags(repository, "rel-")
    assert place.fetch_manifest(Tag("v1")) == place.fetch_manifest(image.digest) == image
    with pytest.raises(NoSuchTag):
        place.fetch_manifest(Tag("rel-v1"))
    with pytest.raises(MalformedError):
        PrefixedTags(repository, "/").fetch_manifest(Tag("v1"))


def test_blobs_and_referrers_are_where_they_always_are() -> None:
    repository = MemoryRepository()
    image = push_image(repository, b"layer")
    push_referrer(repository, image.descriptor)
    place = PrefixedTags(repository, "rel-")
    assert place.fetch_blob(Descriptor.of(b"layer", "x")) == b"layer"
    assert len(place.fetch_referrers(image.digest)) == 1
