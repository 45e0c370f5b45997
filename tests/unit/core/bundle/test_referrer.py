"""The manifest that puts a bundle beside its image."""

from datetime import UTC, datetime

import pytest

from cosignpy.core.bundle.model import BUNDLE_V03
from cosignpy.core.bundle.referrer import build_bundle_referrer, select_bundle_layer
from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.oci.manifest import EMPTY_CONFIG, ArtifactManifest, Descriptor, build_index
from tests.support.cosign_example import BUNDLE, BUNDLE_MANIFEST, SUBJECT

CREATED = datetime(2026, 7, 24, 9, 0, 0, 999_999, tzinfo=UTC)
CONFIG = Descriptor.of(b"{}", EMPTY_CONFIG)
LAYER = Descriptor.of(BUNDLE, BUNDLE_V03)
OTHER = Descriptor.of(b"sbom", "application/spdx+json")


def test_the_manifest_is_cosigns_byte_for_byte() -> None:
    manifest = build_bundle_referrer(BUNDLE, SUBJECT, COSIGN_SIGN_V1, CREATED)
    assert (manifest.digest, len(manifest.raw)) == (BUNDLE_MANIFEST, 878)
    assert (manifest.subject, select_bundle_layer(manifest)) == (SUBJECT, LAYER)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ((LAYER,), LAYER),
        ((Descriptor.of(b"", "application/vnd.dev.sigstore.bundle+json;version=0.1"),), True),
        ((), None),
        ((OTHER,), None),
        ((LAYER, LAYER), None),
        ((LAYER, OTHER), None),
    ],
)
def test_only_a_single_layer_of_a_bundle_type_is_one(
    layers: tuple[Descriptor, ...], expected: Descriptor | bool | None
) -> None:
    """The artifact type says nothing: with the right one and the wrong layers it is still no bundle."""
    manifest = ArtifactManifest(CONFIG, layers, artifact_type=BUNDLE_V03).build()
    assert select_bundle_layer(manifest) == (layers[0] if expected is True else expected)
    assert select_bundle_layer(ArtifactManifest(CONFIG, layers).build()) == select_bundle_layer(manifest)


def test_an_index_is_no_bundle() -> None:
    assert select_bundle_layer(build_index([LAYER])) is None
