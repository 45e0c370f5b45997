"""Legacy attestation images: an envelope in each layer, tagged `sha256-<hex>.att` (specs/ATTESTATION_SPEC.md)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from cosignpy.core.bundle.legacy import MAX_LEGACY_SIGNATURES
from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.simple_signing import SIGNATURE_ANNOTATION
from cosignpy.errors import LimitExceeded
from cosignpy.values import field, value

ENVELOPE: Final = "application/vnd.dsse.envelope.v1+json"
PREDICATE_TYPE_ANNOTATION: Final = "predicateType"
"""What a layer says of itself; nobody signed it."""


@value
class LegacyAttestation:
    """One layer of an attestation image: the envelope as it lies there, and what its annotations have beside it."""

    envelope: bytes = field(repr=False)
    annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    location: str = ""


def build_attestation_layer(
    envelope: bytes, predicate_type: str, beside: Mapping[str, str] = MappingProxyType({})
) -> Descriptor:
    """Describe an envelope as a layer, with its type and what else stands in annotations beside it.

    The annotation for signatures is there and empty: the signature is in the envelope.
    """
    said = {SIGNATURE_ANNOTATION: "", PREDICATE_TYPE_ANNOTATION: predicate_type, **beside}
    return Descriptor(ENVELOPE, Digest.of(envelope), len(envelope), annotations=dict(sorted(said.items())))


def select_attestation_layers(manifest: Manifest) -> Sequence[Descriptor]:
    """Return the layers that are legacy attestations, in the order they were added.

    Raises:
        LimitExceeded: More than any verifier reads.
    """
    layers = [layer for layer in manifest.layers if layer.media_type == ENVELOPE]
    if len(layers) > MAX_LEGACY_SIGNATURES:
        raise LimitExceeded("legacy attestations", f"{len(layers)}, at most {MAX_LEGACY_SIGNATURES} are read")
    return layers
