"""Legacy payloads: the simple-signing JSON of cosign before v3 (cosign specs/SIGNATURE_SPEC.md)."""

from collections.abc import Mapping
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, JsonValue, encode_json
from cosignpy.values import value

SIMPLE_SIGNING: Final = "application/vnd.dev.cosign.simplesigning.v1+json"
PAYLOAD_TYPE: Final = "cosign container image signature"
SIGNATURE_ANNOTATION: Final = "dev.cosignproject.cosign/signature"
CERTIFICATE_ANNOTATION: Final = "dev.sigstore.cosign/certificate"
CHAIN_ANNOTATION: Final = "dev.sigstore.cosign/chain"
LOG_ANNOTATION: Final = "dev.sigstore.cosign/bundle"
TIMESTAMP_ANNOTATION: Final = "dev.sigstore.cosign/rfc3161timestamp"


@value
class SimpleSigningPayload:
    """What a legacy signature says: this manifest digest, under this name, with these annotations."""

    docker_reference: str
    digest: Digest
    type: str
    optional: Mapping[str, JsonValue]

    @classmethod
    def parse(cls, payload: bytes) -> "SimpleSigningPayload":
        """Parse a payload.

        Raises:
            MalformedError: Not strict JSON, or `critical` is incomplete.
        """
        found = JsonObject.parse(payload, what="simple-signing payload")
        critical = found.child("critical")
        optional = found.optional_child("optional")
        return cls(
            docker_reference=critical.child("identity").text("docker-reference"),
            digest=Digest.parse(critical.child("image").text("docker-manifest-digest")),
            type=critical.text("type"),
            optional=optional.members if optional else {},
        )


def build_simple_signing(name: str, digest: Digest, annotations: Mapping[str, str]) -> bytes:
    """Build the payload, byte for byte as cosign does: key order fixed, `optional` null when empty."""
    return encode_json(
        {
            "critical": {
                "identity": {"docker-reference": name},
                "image": {"docker-manifest-digest": str(digest)},
                "type": PAYLOAD_TYPE,
            },
            "optional": dict(sorted(annotations.items())) or None,
        }
    )
