"""Places of which one form of signatures is seen, and places that there cannot be."""

import pytest

from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import MalformedError, NoSuchTag
from cosignpy.imagepolicy.controller_refusals import Forms
from cosignpy.operations.nowhere import Nowhere
from cosignpy.operations.stored_forms import select_forms
from tests.support.memory_repository import MemoryRepository, push_image, push_referrer


def test_tags_or_referrers() -> None:
    repository = MemoryRepository()
    image = push_image(repository, b"layer", tag="v1")
    push_referrer(repository, image.descriptor)
    assert select_forms(repository, Forms.EITHER) is repository
    legacy, bundles = select_forms(repository, Forms.LEGACY), select_forms(repository, Forms.BUNDLE)
    assert legacy.fetch_manifest(Tag("v1")) == legacy.fetch_manifest(image.digest) == image
    assert legacy.fetch_referrers(image.digest) == ()
    assert bundles.fetch_manifest(image.digest) == image
    assert len(bundles.fetch_referrers(image.digest)) == 1
    assert bundles.fetch_blob(Descriptor.of(b"layer", "x")) == b"layer"
    with pytest.raises(NoSuchTag):
        bundles.fetch_manifest(Tag("v1"))


def test_nowhere_says_why() -> None:
    error = MalformedError("name", "none")
    place = Nowhere(error)
    descriptor = Descriptor.of(b"layer", "x")
    for ask in (
        lambda: place.fetch_manifest(Tag("v1")),
        lambda: place.fetch_blob(descriptor),
        lambda: place.fetch_referrers(descriptor.digest),
    ):
        with pytest.raises(MalformedError) as raised:
            ask()
        assert raised.value is error
