"""Removing what cosign attached, and nothing else."""

from collections.abc import Callable

import pytest

from cosignpy.core.oci.attachment_tags import AttachmentKind
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.referrers import fallback_tag
from cosignpy.errors import RemoteError
from cosignpy.operations.attachments import fetch_attachments
from cosignpy.operations.clean import CleanType, remove_attachments, select_removals
from tests.support.attached import SPDX, push_bundle, push_legacy, push_tagged
from tests.support.memory_repository import MemoryRepository, push_image, push_referrer


def fill(repository: MemoryRepository) -> tuple[Descriptor, dict[str, Manifest]]:
    image = push_image(repository, tag="v1").descriptor
    return image, {
        "sig-tag": push_legacy(repository, image, b"one")[1],
        "att-tag": push_tagged(repository, image, AttachmentKind.ATTESTATION, b"envelope")[1],
        "sbom-tag": push_tagged(repository, image, AttachmentKind.SBOM, b"sbom")[1],
        "signature": push_bundle(repository, image),
        "attestation": push_bundle(repository, image, SPDX),
        "foreign": push_referrer(repository, image),
    }


def clean(repository: MemoryRepository, image: Descriptor, kind: CleanType) -> None:
    remove_attachments(repository, select_removals(repository, image.digest, kind))


@pytest.mark.parametrize("api", [True, False])
@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        (CleanType.SIGNATURE, {"att-tag", "sbom-tag", "attestation", "foreign"}),
        (CleanType.ATTESTATION, {"sig-tag", "sbom-tag", "signature", "foreign"}),
        (CleanType.SBOM, {"sig-tag", "att-tag", "signature", "attestation", "foreign"}),
        (CleanType.REFERRER, {"sig-tag", "att-tag", "sbom-tag", "foreign"}),
        (CleanType.ALL, {"foreign"}),
    ],
)
def test_each_type_removes_its_own_and_never_another_tools(api: bool, kind: CleanType, kept: set[str]) -> None:
    repository = MemoryRepository(referrers_api=api)
    image, made = fill(repository)
    clean(repository, image, kind)
    left = {item.digest for item in fetch_attachments(repository, image.digest)}
    assert left == {made[name].digest for name in kept}
    assert repository.fetch_manifest(Tag("v1")).digest == image.digest


def test_an_empty_fallback_list_goes_away_with_its_last_entry() -> None:
    repository = MemoryRepository(referrers_api=False)
    image = push_image(repository).descriptor
    push_bundle(repository, image)
    assert fallback_tag(image.digest) in repository.tags
    clean(repository, image, CleanType.ALL)
    assert fallback_tag(image.digest) not in repository.tags


def test_a_list_that_another_writer_extends_meanwhile_stays() -> None:
    repository = MemoryRepository(referrers_api=False)
    image = push_image(repository).descriptor
    push_bundle(repository, image)
    original = repository.delete_manifest

    def extend_then_delete(name: object) -> None:
        repository.delete_manifest = original  # type: ignore[method-assign]
        original(name)  # type: ignore[arg-type]
        push_bundle(repository, image, hint="late")

    removals = select_removals(repository, image.digest, CleanType.ALL)
    repository.delete_manifest = extend_then_delete  # type: ignore[method-assign]
    remove_attachments(repository, removals)
    assert [item.type for item in fetch_attachments(repository, image.digest)] == ["signature"]


def test_what_a_crash_left_in_the_list_is_removed_by_the_next_run() -> None:
    repository = MemoryRepository(referrers_api=False)
    image = push_image(repository).descriptor
    del repository.manifests[push_bundle(repository, image).digest]
    clean(repository, image, CleanType.SIGNATURE)
    assert fallback_tag(image.digest) not in repository.tags


def test_an_image_under_the_fallback_tag_is_not_taken_for_a_list() -> None:
    repository = MemoryRepository()
    image = push_image(repository, tag="v1").descriptor
    push_bundle(repository, image)
    repository.push_manifest(repository.fetch_manifest(image.digest), fallback_tag(image.digest))
    clean(repository, image, CleanType.ALL)
    assert repository.tags[fallback_tag(image.digest)] == image.digest


def test_two_images_with_one_sbom_keep_the_others_tag() -> None:
    repository = MemoryRepository()
    first, second = (push_image(repository, content).descriptor for content in (b"one", b"two"))
    for image in (first, second):
        tag, _ = push_tagged(repository, image, AttachmentKind.SBOM, b"the same")
    clean(repository, first, CleanType.SBOM)
    assert [item.tag for item in fetch_attachments(repository, second.digest)] == [tag]
    assert fetch_attachments(repository, first.digest) == []


def refuse_tags(status: int, original: Callable[..., None]) -> Callable[..., None]:
    def delete(name: object) -> None:
        if isinstance(name, str):
            raise RemoteError("registry", "https://r.test", status, "no")
        original(name)

    return delete


def test_a_registry_that_deletes_by_digest_only_is_asked_by_digest() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    push_tagged(repository, image, AttachmentKind.SBOM, b"sbom")
    repository.delete_manifest = refuse_tags(405, repository.delete_manifest)  # type: ignore[method-assign]
    clean(repository, image, CleanType.SBOM)
    assert fetch_attachments(repository, image.digest) == []


def test_another_refusal_to_delete_a_tag_is_an_error() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    push_tagged(repository, image, AttachmentKind.SBOM, b"sbom")
    repository.delete_manifest = refuse_tags(403, repository.delete_manifest)  # type: ignore[method-assign]
    with pytest.raises(RemoteError) as refused:
        clean(repository, image, CleanType.SBOM)
    assert refused.value.status == 403


def test_a_registry_without_deletion_changes_nothing_and_says_so() -> None:
    repository = MemoryRepository(referrers_api=False, allow_delete=False)
    image, made = fill(repository)
    with pytest.raises(RemoteError) as refused:
        clean(repository, image, CleanType.ALL)
    assert refused.value.status == 405
    assert len(fetch_attachments(repository, image.digest)) == len(made)
