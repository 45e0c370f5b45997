"""A bundle as a value (protobuf-specs, sigstore_bundle.proto and sigstore_common.proto)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cosignpy.core.dsse import Envelope
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.values import field, value

BUNDLE_V03: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
"""The one media type we write."""
BUNDLE_V01: Final = "application/vnd.dev.sigstore.bundle+json;version=0.1"
"""What signatures from before bundles become: the one version that allows a log's promise without a proof."""

BUNDLE_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        BUNDLE_V03: "0.3",
        BUNDLE_V01: "0.1",
        "application/vnd.dev.sigstore.bundle+json;version=0.2": "0.2",
        "application/vnd.dev.sigstore.bundle+json;version=0.3": "0.3",
    }
)
"""Every media type that was released, and the version that it stands for."""


@value
class PublicKeyMaterial:
    """A bundle made with a long-lived key names it only by a hint, which proves nothing."""

    hint: str


@value
class CertificateMaterial:
    """The DER certificates of a keyless bundle, leaf first; `alone` where it came without a list of issuers."""

    certificates: tuple[bytes, ...]
    alone: bool = False


@value
class MessageSignature:
    """A signature over an artifact's digest, as `sign-blob` makes it."""

    algorithm: str
    digest: bytes
    signature: bytes


@value
class Bundle:
    """A parsed bundle. Timestamps are whole RFC 3161 responses (DER)."""

    media_type: str
    material: PublicKeyMaterial | CertificateMaterial
    content: Envelope | MessageSignature
    log_entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def version(self) -> str:
        """The version of the format, as its media type says."""
        return BUNDLE_TYPES[self.media_type]
