"""Legacy signature images: built as go-containerregistry builds them, read strictly."""

from dataclasses import replace

import pytest

from cosignpy.core.bundle.legacy import (
    MAX_LEGACY_SIGNATURES,
    LegacySignature,
    LegacyStyle,
    build_signature_image,
    build_signature_layer,
    select_signature_layers,
)
from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import DOCKER_MANIFEST, ArtifactManifest, Descriptor
from cosignpy.core.oci.simple_signing import SIGNATURE_ANNOTATION, SIMPLE_SIGNING
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support.cosign_example import PAYLOAD, PAYLOAD_SIGNATURE, SIGNATURE_IMAGE, SIGNATURE_IMAGE_CONFIG

LAYER = build_signature_layer(PAYLOAD, PAYLOAD_SIGNATURE)
CONFIG = Descriptor.of(b"{}", "application/vnd.oci.image.config.v1+json")


def test_the_signature_image_is_cosigns_byte_for_byte() -> None:
    manifest, config = build_signature_image([LAYER], LegacyStyle())
    assert (manifest.digest, len(manifest.raw)) == (SIGNATURE_IMAGE, 558)
    assert (Digest.of(config), len(config)) == (SIGNATURE_IMAGE_CONFIG, 233)


def test_a_layer_is_read_back() -> None:
    assert LegacySignature.parse(LAYER) == LegacySignature(LAYER, PAYLOAD_SIGNATURE)
    assert (LAYER.digest, LAYER.size) == (Digest.of(PAYLOAD), len(PAYLOAD))


def test_the_style_is_the_signers() -> None:
    style = LegacyStyle("2026-07-24T09:00:00Z").with_docker_types()
    manifest, config = build_signature_image([LAYER, LAYER], style)
    assert manifest.media_type == DOCKER_MANIFEST
    assert manifest.config is not None
    assert manifest.config.media_type == "application/vnd.docker.container.image.v1+json"
    assert config.count(b'"created":"2026-07-24T09:00:00Z"') == 3


@pytest.mark.parametrize("annotation", [None, "", "YR==", "YQ", "YQ==\n", "-_=="])
def test_a_layer_without_a_readable_signature_is_refused(annotation: str | None) -> None:
    annotations = {} if annotation is None else {SIGNATURE_ANNOTATION: annotation}
    with pytest.raises(MalformedError) as refused:
        LegacySignature.parse(replace(LAYER, annotations=annotations))
    assert refused.value.what == "legacy signature"


def test_only_signature_layers_count_and_keep_their_order() -> None:
    other = Descriptor.of(b"x", "application/vnd.dsse.envelope.v1+json")
    second = build_signature_layer(b"payload", b"signature")
    manifest = ArtifactManifest(CONFIG, (LAYER, other, second)).build()
    assert select_signature_layers(manifest) == [LAYER, second]


def test_signatures_are_limited() -> None:
    layer = Descriptor.of(b"", SIMPLE_SIGNING)
    most = ArtifactManifest(CONFIG, (layer,) * MAX_LEGACY_SIGNATURES).build()
    assert len(select_signature_layers(most)) == MAX_LEGACY_SIGNATURES
    with pytest.raises(LimitExceeded):
        select_signature_layers(ArtifactManifest(CONFIG, (layer,) * (MAX_LEGACY_SIGNATURES + 1)).build())
