"""Legacy signature images: one layer per signature, tagged `sha256-<hex>.sig` (cosign specs/SIGNATURE_SPEC.md)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import decode_b64, encode_b64
from cosignpy.core.oci.image_config import IMAGE_CONFIG, ZERO_TIME, build_image_config
from cosignpy.core.oci.manifest import DOCKER_MANIFEST, OCI_MANIFEST, ArtifactManifest, Descriptor, Manifest
from cosignpy.core.oci.simple_signing import SIGNATURE_ANNOTATION, SIMPLE_SIGNING
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

MAX_LEGACY_SIGNATURES: Final = 1000
"""Layers of one signature image; the limit of cosign itself."""

DEFAULT_CREATED: Final = ZERO_TIME
"""What cosign writes unless told otherwise, so that the same signatures give the same digest."""


@value
class LegacyStyle:
    """What signers may choose about a signature image: media types, and `created` as an RFC 3339 time."""

    created: str = DEFAULT_CREATED
    manifest_type: str = OCI_MANIFEST
    config_type: str = IMAGE_CONFIG

    def with_docker_types(self) -> "LegacyStyle":
        """Return the style for registries that take Docker's media types only (COSIGN_DOCKER_MEDIA_TYPES)."""
        return LegacyStyle(self.created, DOCKER_MANIFEST, "application/vnd.docker.container.image.v1+json")


@value
class LegacySignature:
    """One layer of a signature image: where the payload is, and the signature over it; `location` is for people."""

    layer: Descriptor
    signature: bytes
    location: str = ""

    @classmethod
    def parse(cls, layer: Descriptor, location: str = "") -> "LegacySignature":
        """Read a layer's annotations.

        Raises:
            MalformedError: There is no signature, or it is not base64.
        """
        text = layer.annotations.get(SIGNATURE_ANNOTATION, "")
        if not text:
            raise MalformedError("legacy signature", f"layer {layer.digest} has no signature annotation")
        return cls(layer, decode_b64(text, what="legacy signature"), location)


def select_signature_layers(manifest: Manifest) -> Sequence[Descriptor]:
    """Return the layers that are legacy signatures, in the order they were added.

    Raises:
        LimitExceeded: More than any verifier reads.
    """
    layers = [layer for layer in manifest.layers if layer.media_type == SIMPLE_SIGNING]
    if len(layers) > MAX_LEGACY_SIGNATURES:
        raise LimitExceeded("legacy signatures", f"{len(layers)}, at most {MAX_LEGACY_SIGNATURES} are read")
    return layers


def build_signature_layer(
    payload: bytes, signature: bytes, beside: Mapping[str, str] = MappingProxyType({})
) -> Descriptor:
    """Describe the payload as the layer that carries its signature, and what else stands in annotations beside it."""
    annotations = dict(sorted({SIGNATURE_ANNOTATION: encode_b64(signature), **beside}.items()))
    return Descriptor(SIMPLE_SIGNING, Digest.of(payload), len(payload), annotations=annotations)


def build_signature_image(layers: Sequence[Descriptor], style: LegacyStyle) -> tuple[Manifest, bytes]:
    """Assemble the signature image over these layers; returns the manifest and its config blob.

    The config is the odd but fixed one that go-containerregistry writes.
    """
    config = build_image_config(layers, style.created)
    manifest = ArtifactManifest(Descriptor.of(config, style.config_type), tuple(layers), media_type=style.manifest_type)
    return manifest.build(), config
