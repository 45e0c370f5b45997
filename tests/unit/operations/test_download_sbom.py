"""SBOMs of images: the attached one before an attested one, and never more than one."""

import pytest

from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import ArtifactManifest, Descriptor, Manifest
from cosignpy.errors import MalformedError, NoSignatures, NoSuchTag, RemoteError
from cosignpy.operations.download_sbom import FoundSbom, fetch_sbom
from tests.support.attached import push_tagged
from tests.support.attestations import (
    PREDICATE,
    REVIEW,
    SPDX,
    attest,
    envelope_text,
    make,
    push_legacy_attestation,
    review,
)
from tests.support.memory_repository import MemoryRepository, push_image, push_referrer
from tests.support.signed_images import CREATED, push_layers
from tests.support.signed_images import push_bundle as push_signed
from tests.support.virtual_sigstore import Signing

CYCLONEDX = "https://cyclonedx.org/bom/v1.6"
WRITTEN = b'{ "spdxVersion": "SPDX-2.3",\n  "n": 1.10 }'
ATTACHED = "application/vnd.dev.cosign.artifact.sbom.v1+json"


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def image(repository: MemoryRepository) -> Manifest:
    return push_image(repository)


def fetch(repository: MemoryRepository, image: Manifest) -> FoundSbom:
    return fetch_sbom(repository, repository, "registry.test/app:1", image.digest)


def test_the_one_under_the_tag_comes_first(repository: MemoryRepository, image: Manifest) -> None:
    referrer = push_referrer(repository, image.descriptor, ATTACHED)
    tag, _ = push_tagged(repository, image.descriptor, AttachmentKind.SBOM, b"SPDXVersion: SPDX-2.3")
    attest(repository, image, SPDX)
    found = fetch(repository, image)
    assert (found.content, found.kind, found.is_attested) == (b"SPDXVersion: SPDX-2.3", "text/spdx", False)
    assert (found.place, found.others) == (f"tag {tag}", (f"referrer {referrer.digest}",))


def test_cosign_s_referrer_is_one_too(repository: MemoryRepository, image: Manifest) -> None:
    made = push_referrer(repository, image.descriptor, ATTACHED)
    push_referrer(repository, image.descriptor, "application/spdx+json")
    found = fetch(repository, image)
    assert (found.kind, found.place, found.others) == (ATTACHED, f"referrer {made.digest}", ())


@pytest.mark.parametrize("layers", [0, 2])
def test_an_attached_one_is_one_layer(repository: MemoryRepository, image: Manifest, layers: int) -> None:
    repository.push_blob(b"{}")
    layer = Descriptor.of(b"{}", "text/spdx+json")
    made = ArtifactManifest(layer, (layer,) * layers).build()
    repository.push_manifest(made, AttachmentTag(image.digest, AttachmentKind.SBOM).encode())
    with pytest.raises(MalformedError, match=f"it has {layers} layers"):
        fetch(repository, image)


def test_an_attested_one_is_what_was_signed(repository: MemoryRepository, image: Manifest) -> None:
    attest(repository, image, REVIEW)
    made = make(image.digest, SPDX, predicate=WRITTEN).store(repository, image.descriptor, CREATED)
    found = fetch(repository, image)
    assert (found.content, found.kind, found.is_attested) == (WRITTEN, SPDX, True)
    assert (found.place, found.others) == (f"bundle {made.digest}", ())


def test_a_text_that_was_attested_is_that_text(repository: MemoryRepository, image: Manifest) -> None:
    statement = review(image.digest, SPDX).replace(PREDICATE, b'"SPDX\\nVersion"')
    push_legacy_attestation(repository, image.digest, envelope_text(statement))
    found = fetch(repository, image)
    assert (found.content, found.place) == (b"SPDX\nVersion", f"tag sha256-{image.digest.hex}.att, layer 0")


def test_of_several_one_is_taken_and_the_others_are_told(repository: MemoryRepository, image: Manifest) -> None:
    cyclonedx, spdx = (attest(repository, image, kind) for kind in (CYCLONEDX, SPDX))
    found = fetch(repository, image)
    assert (found.kind, found.place) == (CYCLONEDX, f"bundle {cyclonedx.digest}")
    assert found.others == (f"bundle {spdx.digest} ({SPDX})",)


def test_an_attestation_that_cannot_be_read_hides_no_other(repository: MemoryRepository, image: Manifest) -> None:
    attest(repository, image, SPDX)
    push_signed(repository, image.descriptor, b"{}", SPDX)
    (rejected,) = fetch(repository, image).rejections
    assert isinstance(rejected.error, MalformedError)


def test_where_none_can_be_read_the_reason_is_told(repository: MemoryRepository, image: Manifest) -> None:
    push_signed(repository, image.descriptor, b"{}", SPDX)
    with pytest.raises(NoSignatures) as refused:
        fetch(repository, image)
    assert "left out: bundle sha256:" in str(refused.value.hint)


def test_a_signature_that_says_it_is_an_attestation_is_none(repository: MemoryRepository, image: Manifest) -> None:
    push_signed(repository, image.descriptor, encode_bundle(Signing().bundle()), SPDX)
    with pytest.raises(NoSignatures) as refused:
        fetch(repository, image)
    assert "it signs no in-toto statement" in str(refused.value.hint)


def test_a_referrer_without_a_bundle_is_none(repository: MemoryRepository, image: Manifest) -> None:
    push_layers(repository, image.descriptor)
    with pytest.raises(NoSignatures, match="no SBOMs found"):
        fetch(repository, image)


@pytest.mark.parametrize("kind", [REVIEW, f"{SPDX}s", "https://cyclonedx.org/other", "http://spdx.dev/Document"])
def test_other_attestations_are_no_sboms(repository: MemoryRepository, image: Manifest, kind: str) -> None:
    attest(repository, image, kind)
    with pytest.raises(NoSignatures, match="no SBOMs found"):
        fetch(repository, image)


def test_an_image_that_is_not_there_is_not_one_without(repository: MemoryRepository) -> None:
    with pytest.raises(NoSuchTag):
        fetch_sbom(repository, repository, "registry.test/app", Digest.of(b"none"))


def test_a_registry_that_fails_is_not_one_without(repository: MemoryRepository, image: Manifest) -> None:
    attest(repository, image, SPDX)
    repository.failing.add("stream_blob")
    with pytest.raises(RemoteError):
        fetch(repository, image)


def test_a_referrer_that_is_listed_and_gone_is_none(image: Manifest) -> None:
    repository = MemoryRepository(referrers_api=False)
    push_image(repository)
    gone = attest(repository, image, SPDX)
    del repository.manifests[gone.digest]
    with pytest.raises(NoSignatures):
        fetch(repository, image)
