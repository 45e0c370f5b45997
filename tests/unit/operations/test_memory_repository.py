"""The fake repository keeps the port's promises, as the adapters' own tests show of them."""

from typing import TYPE_CHECKING

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.referrers import fallback_tag, remove_referrer
from cosignpy.errors import DigestMismatch, NoSuchTag, RemoteError
from tests.support.memory_repository import MemoryRepository, push_image, push_index, push_referrer

if TYPE_CHECKING:
    from cosignpy.operations.ports import Repository


@pytest.mark.parametrize("api", [True, False])
def test_referrers_are_found_with_and_without_the_api(api: bool) -> None:
    repository: Repository = (memory := MemoryRepository(referrers_api=api))
    image = push_image(memory, tag="v1")
    first, second = (push_referrer(memory, image.descriptor, kind) for kind in ("text/a", "text/b"))
    found = {item.digest: item.artifact_type for item in repository.fetch_referrers(image.digest)}
    assert found == {first.digest: "text/a", second.digest: "text/b"}
    assert (fallback_tag(image.digest) in repository.fetch_tags()) is not api


def test_content_comes_back_by_tag_and_by_digest() -> None:
    repository = MemoryRepository()
    image = push_image(repository, b"x" * 200_000, "v1")
    assert repository.fetch_manifest(Tag("v1")) == repository.fetch_manifest(image.digest) == image
    assert repository.fetch_blob(image.layers[0]) == b"x" * 200_000


def test_an_index_needs_its_children_and_an_image_its_blobs() -> None:
    image = push_image(MemoryRepository())
    with pytest.raises(RemoteError) as refused:
        push_index(MemoryRepository(), [image.descriptor])
    assert refused.value.status == 400
    with pytest.raises(RemoteError):
        MemoryRepository().push_manifest(image)


def test_a_stream_that_is_not_its_digest_is_not_kept() -> None:
    repository = MemoryRepository()
    with pytest.raises(DigestMismatch):
        repository.push_stream(Descriptor.of(b"wanted", "text/plain"), iter([b"other!"]))
    assert not repository.has_blob(Digest.of(b"other!"))


def test_a_manifest_is_deleted_with_its_tags_and_a_tag_alone() -> None:
    repository = MemoryRepository()
    image = push_image(repository, tag="v1")
    repository.push_manifest(image, Tag("v2"))
    repository.delete_manifest(Tag("v1"))
    assert repository.fetch_tags() == [Tag("v2")]
    repository.delete_manifest(image.digest)
    assert repository.fetch_tags() == []
    for name in (Tag("v2"), image.digest):
        with pytest.raises(NoSuchTag):
            repository.delete_manifest(name)


def test_deletion_can_be_forbidden_and_any_method_broken() -> None:
    repository = MemoryRepository(allow_delete=False, failing={"fetch_tags"})
    with pytest.raises(RemoteError) as refused:
        repository.delete_manifest(Tag("v1"))
    assert refused.value.status == 405
    with pytest.raises(RemoteError):
        repository.fetch_tags()


def test_update_tag_merges_into_what_is_there() -> None:
    repository = MemoryRepository(referrers_api=False)
    image = push_image(repository)
    referrer = push_referrer(repository, image.descriptor)
    tag = fallback_tag(image.digest)

    def merge(current: Manifest | None) -> Manifest:
        assert current is not None
        return remove_referrer(current, referrer.digest)

    repository.update_tag(tag, merge)
    assert repository.fetch_referrers(image.digest) == ()
