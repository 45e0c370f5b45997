"""A bundle as a value (protobuf-specs, sigstore_bundle.proto and sigstore_common.proto)."""

from typing import Final

from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonObject
from cosignpy.values import value

BUNDLE_V03: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
"""The one media type we write."""

BUNDLE_TYPES: Final = frozenset(
    {
        BUNDLE_V03,
        "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "application/vnd.dev.sigstore.bundle+json;version=0.2",
        "application/vnd.dev.sigstore.bundle+json;version=0.3",
    }
)


@value
class PublicKeyMaterial:
    """A bundle made with a long-lived key names it only by a hint, which proves nothing."""

    hint: str


@value
class CertificateMaterial:
    """The DER certificates of a keyless bundle, leaf first."""

    certificates: tuple[bytes, ...]


@value
class MessageSignature:
    """A signature over an artifact's digest, as `sign-blob` makes it."""

    algorithm: str
    digest: bytes
    signature: bytes


@value
class Bundle:
    """A parsed bundle. Log entries are kept as read; timestamps are whole RFC 3161 responses (DER)."""

    media_type: str
    material: PublicKeyMaterial | CertificateMaterial
    content: Envelope | MessageSignature
    log_entries: tuple[JsonObject, ...] = ()
    timestamps: tuple[bytes, ...] = ()
