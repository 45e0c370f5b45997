"""Signatures as they are stored, of every age and in whatever state."""

from collections.abc import Mapping

import pytest

from cosignpy.core.bundle.legacy import LegacyStyle, build_signature_image
from cosignpy.core.bundle.model import BUNDLE_V03
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import ArtifactManifest, Descriptor
from cosignpy.core.oci.simple_signing import SIGNATURE_ANNOTATION, SIMPLE_SIGNING
from cosignpy.errors import MalformedError, NoSignatures, NoSuchTag, RemoteError
from cosignpy.operations.download import DownloadedSignatures, fetch_attestations, fetch_signatures
from tests.support.attached import SPDX, push_bundle, push_legacy
from tests.support.attestations import (
    REVIEW,
    attest,
    envelope_text,
    make,
    old_statement,
    push_legacy_attestation,
    review,
)
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed_images import push_bundle as push_signed

PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"


def download(repository: MemoryRepository, image: Descriptor) -> DownloadedSignatures:
    return fetch_signatures(repository, repository, "registry.test/app", image.digest)


def push_layer(repository: MemoryRepository, image: Descriptor, annotations: Mapping[str, str]) -> None:
    repository.push_blob(b"payload")
    layer = Descriptor(SIMPLE_SIGNING, Digest.of(b"payload"), 7, annotations=annotations)
    manifest, config = build_signature_image([layer], LegacyStyle())
    repository.push_blob(config)
    repository.push_manifest(manifest, AttachmentTag(image.digest, AttachmentKind.SIGNATURE).encode())


def test_attestations_are_not_signatures() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    push_bundle(repository, image, SPDX)
    with pytest.raises(NoSignatures):
        download(repository, image)


def test_an_image_that_is_not_there_is_not_an_unsigned_one() -> None:
    with pytest.raises(NoSuchTag):
        download(MemoryRepository(), push_image(MemoryRepository()).descriptor)


def test_a_legacy_signature_with_everything_shows_everything() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    annotations = {
        SIGNATURE_ANNOTATION: "c2ln",
        "dev.sigstore.cosign/certificate": PEM,
        "dev.sigstore.cosign/chain": f"{PEM}\n{PEM}\n",
        "dev.sigstore.cosign/bundle": '{"Payload":{"logIndex":7}}',
        "dev.sigstore.cosign/rfc3161timestamp": '{"SignedRFC3161Timestamp":"AAAA"}',
    }
    push_layer(repository, image, annotations)
    assert download(repository, image).signatures == (
        {
            "Base64Signature": "c2ln",
            "Payload": encode_b64(b"payload"),
            "Cert": PEM,
            "Chain": [PEM, PEM],
            "Bundle": {"Payload": {"logIndex": 7}},
            "RFC3161Timestamp": {"SignedRFC3161Timestamp": "AAAA"},
        },
    )


def test_what_cannot_be_read_is_named_and_the_rest_is_shown() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    push_bundle(repository, image)
    push_layer(repository, image, {SIGNATURE_ANNOTATION: "c2ln", "dev.sigstore.cosign/bundle": "not JSON"})
    found = download(repository, image)
    assert len(found.signatures) == 1
    assert [type(rejection.error) for rejection in found.rejections] == [MalformedError]


def test_a_referrer_that_says_it_is_a_signature_and_holds_none_is_named() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    for blob in (b"{}", b"text"):
        repository.push_blob(blob)
    manifest = ArtifactManifest(
        Descriptor.of(b"{}", "application/vnd.oci.empty.v1+json"),
        (Descriptor.of(b"text", "text/plain"),),
        annotations={"dev.sigstore.bundle.content": "message-signature"},
        subject=image,
        artifact_type=BUNDLE_V03,
    )
    repository.push_manifest(manifest.build())
    (rejection,) = download(repository, image).rejections
    assert str(manifest.build().digest) in rejection.signature


def test_a_signature_from_before_bundles_is_a_legacy_one() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    _, legacy = push_legacy(repository, image, b"one")
    assert legacy.config is not None
    kind = "application/vnd.dev.cosign.artifact.sig.v1+json"
    referrer = ArtifactManifest(legacy.config, legacy.layers, subject=image, artifact_type=kind).build()
    repository.push_manifest(referrer)
    repository.delete_manifest(legacy.digest)
    (found,) = download(repository, image).signatures
    assert isinstance(found, dict)
    assert found["Base64Signature"] == encode_b64(b"one")


def test_a_registry_that_fails_midway_is_an_error() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    push_bundle(repository, image)
    repository.failing.add("stream_blob")
    with pytest.raises(RemoteError):
        download(repository, image)


def attestations(repository: MemoryRepository, image: Descriptor, *types: str) -> DownloadedSignatures:
    return fetch_attestations(repository, repository, "registry.test/app", image.digest, types)


def test_attestations_are_shown_as_they_are_stored_bundles_first() -> None:
    repository = MemoryRepository()
    image = push_image(repository)
    attest(repository, image)
    text = envelope_text(old_statement(image.digest))
    push_legacy_attestation(repository, image.digest, text)
    push_bundle(repository, image.descriptor)
    first, second = attestations(repository, image.descriptor).signatures
    assert isinstance(first, dict)
    assert "dsseEnvelope" in first
    assert encode_json(second) == text


def test_of_one_type_is_what_the_statement_says() -> None:
    repository = MemoryRepository()
    image = push_image(repository)
    push_signed(repository, image.descriptor, make(image.digest, SPDX).content, REVIEW)
    push_legacy_attestation(repository, image.digest, envelope_text(review(image.digest, SPDX)), REVIEW)
    assert len(attestations(repository, image.descriptor, "x:y", SPDX).signatures) == 2
    with pytest.raises(NoSignatures, match=f"no attestations of type {REVIEW} found"):
        attestations(repository, image.descriptor, REVIEW)


def test_an_image_without_attestations_is_told_from_one_that_is_not_there() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    push_bundle(repository, image)
    with pytest.raises(NoSignatures, match="no attestations found"):
        attestations(repository, image)
    with pytest.raises(NoSuchTag):
        attestations(repository, push_image(MemoryRepository(), b"other").descriptor)


def test_attestations_that_cannot_be_read_are_named() -> None:
    repository = MemoryRepository()
    image = push_image(repository)
    push_legacy_attestation(repository, image.digest, b"{}")
    push_signed(repository, image.descriptor, b"{}", REVIEW)
    found = attestations(repository, image.descriptor)
    assert found.signatures == ()
    assert [type(rejection.error) for rejection in found.rejections] == [MalformedError] * 2


def test_a_referrer_that_is_not_there_is_no_attestation() -> None:
    repository = MemoryRepository(referrers_api=False)
    image = push_image(repository)
    del repository.manifests[attest(repository, image).digest]
    with pytest.raises(NoSignatures):
        attestations(repository, image.descriptor)
