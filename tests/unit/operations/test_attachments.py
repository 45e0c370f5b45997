"""What is attached to an image, whichever way it was attached and whatever the lists say of it."""

import pytest

from cosignpy.core.bundle.model import BUNDLE_V03
from cosignpy.core.digest import Digest
from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.oci.attachment_tags import AttachmentKind
from cosignpy.core.oci.manifest import EMPTY_CONFIG, OCI_MANIFEST, Descriptor, build_index
from cosignpy.core.oci.referrers import fallback_tag
from cosignpy.errors import RemoteError
from cosignpy.operations.attachments import AttachmentType, fetch_attachments, select_types
from tests.support.attached import SPDX, push_bundle, push_legacy, push_tagged
from tests.support.memory_repository import MemoryRepository, push_image, push_referrer


def test_everything_attached_is_found_in_a_stable_order() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    other = push_referrer(repository, image, "application/spdx+json")
    attestation = push_bundle(repository, image, SPDX)
    signature = push_bundle(repository, image)
    sbom_tag, sbom = push_tagged(repository, image, AttachmentKind.SBOM, b"SPDXVersion: SPDX-2.3")
    legacy_tag, legacy = push_legacy(repository, image, b"one", b"two")
    found = fetch_attachments(repository, image.digest)
    assert [(item.type, item.digest, item.tag, item.label) for item in found] == [
        (AttachmentType.SIGNATURE, legacy.digest, legacy_tag, "unknown"),
        (AttachmentType.SBOM, sbom.digest, sbom_tag, "unknown"),
        (AttachmentType.OTHER, other.digest, None, "application/spdx+json"),
        (AttachmentType.SIGNATURE, signature.digest, None, COSIGN_SIGN_V1),
        (AttachmentType.ATTESTATION, attestation.digest, None, SPDX),
    ]
    assert len(found[0].layers) == 2
    assert [item.digest for item in select_types(found, [AttachmentType.OTHER])] == [other.digest]


@pytest.mark.parametrize("listed_as", [BUNDLE_V03, EMPTY_CONFIG, "", "application/wrong"])
def test_a_bundle_is_known_by_its_content_whatever_the_list_calls_it(listed_as: str) -> None:
    repository = MemoryRepository(referrers_api=False)
    image = push_image(repository).descriptor
    bundle = push_bundle(repository, image)
    bare = Descriptor(OCI_MANIFEST, bundle.digest, len(bundle.raw), artifact_type=listed_as)
    repository.push_manifest(build_index([bare]), fallback_tag(image.digest))
    (found,) = fetch_attachments(repository, image.digest)
    assert (found.type, found.predicate_type) == (AttachmentType.SIGNATURE, COSIGN_SIGN_V1)


def test_an_entry_without_its_manifest_is_what_the_list_says() -> None:
    repository = MemoryRepository(referrers_api=False)
    image = push_image(repository).descriptor
    bundle = push_bundle(repository, image)
    del repository.manifests[bundle.digest]
    (found,) = fetch_attachments(repository, image.digest)
    assert (found.type, found.manifest, found.layers) == (AttachmentType.SIGNATURE, None, ())


@pytest.mark.parametrize(
    ("artifact_type", "kind"),
    [
        ("application/vnd.dev.cosign.artifact.sig.v1+json", AttachmentType.SIGNATURE),
        ("application/vnd.dev.cosign.artifact.sbom.v1+json", AttachmentType.SBOM),
        ("application/vnd.example", AttachmentType.OTHER),
    ],
)
def test_referrers_from_before_bundles_are_known_by_their_type(artifact_type: str, kind: AttachmentType) -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    push_referrer(repository, image, artifact_type)
    (found,) = fetch_attachments(repository, image.digest)
    assert found.type is kind


def test_an_image_with_a_sha512_digest_has_no_attachment_tags() -> None:
    repository = MemoryRepository()
    assert fetch_attachments(repository, Digest.of(b"image", "sha512")) == []
    assert [request for request in repository.requests if request.startswith("fetch_manifest")] == []


@pytest.mark.parametrize("broken", ["fetch_manifest", "fetch_referrers"])
def test_a_registry_that_fails_is_an_error_and_never_an_empty_list(broken: str) -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    push_bundle(repository, image)
    repository.failing.add(broken)
    with pytest.raises(RemoteError) as failed:
        fetch_attachments(repository, image.digest)
    assert failed.value.status == 500
