"""The OCI manifest that puts a bundle beside its image (cosign specs/BUNDLE_SPEC.md)."""

from datetime import datetime
from typing import Final

from cosignpy.core.bundle.model import BUNDLE_V03
from cosignpy.core.oci.manifest import EMPTY_CONFIG, ArtifactManifest, Descriptor, Manifest

EMPTY_JSON: Final = b"{}"
"""The content of the config blob that every bundle manifest names."""

CONTENT_ANNOTATION: Final = "dev.sigstore.bundle.content"
PREDICATE_ANNOTATION: Final = "dev.sigstore.bundle.predicateType"
CREATED_ANNOTATION: Final = "org.opencontainers.image.created"

BUNDLE_PREFIX: Final = "application/vnd.dev.sigstore.bundle"
"""What every bundle media type starts with, in all spellings released so far."""


def build_bundle_referrer(bundle: bytes, subject: Descriptor, predicate_type: str, created: datetime) -> Manifest:
    """Assemble the manifest for one DSSE bundle; `created` must be in UTC, whole seconds are kept.

    The config descriptor repeats the artifact type, which no spec asks for: `cosign clean` finds bundles by it.
    """
    config = Descriptor(EMPTY_CONFIG, Descriptor.of(EMPTY_JSON, EMPTY_CONFIG).digest, 2, artifact_type=BUNDLE_V03)
    return ArtifactManifest(
        config=config,
        layers=(Descriptor.of(bundle, BUNDLE_V03),),
        annotations={
            CONTENT_ANNOTATION: "dsse-envelope",
            PREDICATE_ANNOTATION: predicate_type,
            CREATED_ANNOTATION: created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        subject=subject,
        artifact_type=BUNDLE_V03,
    ).build()


def select_bundle_layer(manifest: Manifest) -> Descriptor | None:
    """Return the layer that holds a bundle, or None where the manifest is something else's.

    Only the layer decides: lists of referrers drop or misstate artifact types (cosign#4641).
    """
    bundles = [layer for layer in manifest.layers if layer.media_type.startswith(BUNDLE_PREFIX)]
    return bundles[0] if len(manifest.layers) == 1 and bundles else None
