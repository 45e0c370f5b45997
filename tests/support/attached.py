"""Things attached to images as cosign attaches them; nothing here is really signed."""

from datetime import UTC, datetime
from typing import Final

from cosignpy.core.bundle.legacy import LegacyStyle, build_signature_image, build_signature_layer
from cosignpy.core.bundle.referrer import EMPTY_JSON, build_bundle_referrer
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature
from cosignpy.core.intoto import COSIGN_SIGN_V1, build_signature_statement
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import ArtifactManifest, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.simple_signing import build_simple_signing
from cosignpy.operations.ports import ManifestSink
from tests.support.signed import encode_key_bundle

SPDX: Final = "https://spdx.dev/Document"
MOMENT: Final = datetime(2026, 7, 24, 9, 0, 0, tzinfo=UTC)


def bundle_of(subject: Descriptor, hint: str = "key") -> bytes:
    """Return a bundle that is well formed and says it is about the subject."""
    payload = build_signature_statement(subject.digest, {})
    return encode_key_bundle(hint, Envelope(IN_TOTO_PAYLOAD, payload, (EnvelopeSignature(b"signature"),)))


def push_bundle(
    sink: ManifestSink, subject: Descriptor, predicate_type: str = COSIGN_SIGN_V1, hint: str = "key"
) -> Manifest:
    """Push a bundle as a referrer of the subject."""
    bundle = bundle_of(subject, hint)
    for blob in (EMPTY_JSON, bundle):
        sink.push_blob(blob)
    manifest = build_bundle_referrer(bundle, subject, predicate_type, MOMENT)
    sink.push_manifest(manifest)
    return manifest


def push_legacy(sink: ManifestSink, subject: Descriptor, *signatures: bytes) -> tuple[Tag, Manifest]:
    """Push a legacy signature image with these signatures over one payload."""
    payload = build_simple_signing("registry.test/app", subject.digest, {})
    sink.push_blob(payload)
    layers = [build_signature_layer(payload, signature) for signature in signatures]
    manifest, config = build_signature_image(layers, LegacyStyle())
    sink.push_blob(config)
    tag = AttachmentTag(subject.digest, AttachmentKind.SIGNATURE).encode()
    sink.push_manifest(manifest, tag)
    return tag, manifest


def push_tagged(sink: ManifestSink, subject: Descriptor, kind: AttachmentKind, content: bytes) -> tuple[Tag, Manifest]:
    """Push something under another attachment tag."""
    config = b'{"architecture":"","os":""}'
    for blob in (config, content):
        sink.push_blob(blob)
    manifest = ArtifactManifest(
        Descriptor.of(config, "application/vnd.oci.image.config.v1+json"), (Descriptor.of(content, "text/spdx"),)
    ).build()
    tag = AttachmentTag(subject.digest, kind).encode()
    sink.push_manifest(manifest, tag)
    return tag, manifest
