"""Images in memory with signatures beside them: stored as signers store them, or wrong in one thing."""

from datetime import UTC, datetime
from typing import Final

from cosignpy.core.bundle.legacy import LegacyStyle, build_signature_image, build_signature_layer
from cosignpy.core.bundle.model import BUNDLE_V03
from cosignpy.core.bundle.referrer import EMPTY_JSON, build_bundle_referrer
from cosignpy.core.digest import Digest
from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import EMPTY_CONFIG, ArtifactManifest, Descriptor, Manifest
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.operations.complete_bundle import SigningKey
from cosignpy.operations.sign_image import Claims, SignImage, sign_image
from tests.support.memory_repository import MemoryRepository
from tests.support.signed import KEY, NAME, Signed, encode_key_bundle, simple_signing, statement

CREATED: Final = datetime(2026, 7, 24, 9, 0, tzinfo=UTC)
BUNDLE: Final = (SignatureFormat.BUNDLE,)
LEGACY: Final = (SignatureFormat.LEGACY,)
BOTH: Final = BUNDLE + LEGACY


def sign(
    repository: MemoryRepository,
    image: Manifest,
    key: PrivateKey = KEY,
    formats: tuple[SignatureFormat, ...] = BUNDLE,
    annotations: dict[str, str] | None = None,
) -> None:
    """Sign an image as the command does."""
    request = SignImage(image.descriptor, Claims(NAME, annotations or {}), formats, CREATED)
    sign_image(request, SigningKey(key), repository)


def encode_signed(signed: Signed) -> bytes:
    """Return the bundle of what was signed."""
    return encode_key_bundle(signed.key.public_key.hint, signed.envelope)


def push_bundle(
    repository: MemoryRepository, subject: Descriptor, bundle: bytes | None = None, predicate_type: str = COSIGN_SIGN_V1
) -> Manifest:
    """Store a bundle, by default a good one, as a referrer that claims this predicate type."""
    content = encode_signed(Signed(statement(subject.digest))) if bundle is None else bundle
    for blob in (EMPTY_JSON, content):
        repository.push_blob(blob)
    manifest = build_bundle_referrer(content, subject, predicate_type, CREATED)
    repository.push_manifest(manifest)
    return manifest


def push_layers(
    repository: MemoryRepository, subject: Descriptor, *contents: bytes, artifact_type: str = BUNDLE_V03
) -> Manifest:
    """Store a referrer with any number of bundle layers, under any artifact type."""
    for blob in (EMPTY_JSON, *contents):
        repository.push_blob(blob)
    manifest = ArtifactManifest(
        Descriptor.of(EMPTY_JSON, EMPTY_CONFIG),
        tuple(Descriptor.of(content, BUNDLE_V03) for content in contents),
        subject=subject,
        artifact_type=artifact_type,
    ).build()
    repository.push_manifest(manifest)
    return manifest


def push_legacy_layers(repository: MemoryRepository, image: Digest, *layers: Descriptor) -> Manifest:
    """Store a signature image over layers whose blobs are there."""
    manifest, config = build_signature_image(layers, LegacyStyle())
    repository.push_blob(config)
    repository.push_manifest(manifest, AttachmentTag(image, AttachmentKind.SIGNATURE).encode())
    return manifest


def push_legacy_layer(
    repository: MemoryRepository, image: Digest, payload: bytes | None = None, signature: bytes | None = None
) -> Manifest:
    """Store a signature image of one layer, by default a good one."""
    content = simple_signing(image) if payload is None else payload
    repository.push_blob(content)
    layer = build_signature_layer(content, KEY.sign(content) if signature is None else signature)
    return push_legacy_layers(repository, image, layer)
