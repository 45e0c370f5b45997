"""Attestations about images: as `attest` stores them, and as cosign 2 did, under a tag."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cosignpy.core.bundle.legacy import LegacyStyle, build_signature_image
from cosignpy.core.bundle.legacy_attestation import ENVELOPE, PREDICATE_TYPE_ANNOTATION
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, encode_pae
from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.core.intoto import STATEMENT_V01
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.simple_signing import SIGNATURE_ANNOTATION
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.predicates import NamedArtifact, build_statement
from cosignpy.operations.attest_image import MadeAttestation, make_attestation
from cosignpy.operations.complete_bundle import SigningKey, SigningServices
from cosignpy.values import replace
from tests.support.memory_repository import MemoryRepository
from tests.support.signed import KEY, NAME, policy
from tests.support.signed_images import CREATED
from tests.support.signing_services import Root

REVIEW: Final = "https://example.com/review/v1"
SPDX: Final = "https://spdx.dev/Document"
PREDICATE: Final = b'{"score": 1.10, "big": 12345678901234567890}'


def wanting(predicate_type: str = REVIEW, *keys: PrivateKey, threshold: int = 1) -> ImagePolicy:
    """Return a policy that wants an attestation of this type by these keys, or by `KEY`."""
    return replace(policy(*keys, threshold=threshold), predicate=PredicateTypeIs(predicate_type))


def review(image: Digest, predicate_type: str = REVIEW, predicate: bytes = PREDICATE) -> bytes:
    """Return a statement about an image."""
    return build_statement([NamedArtifact(NAME, image)], predicate_type, predicate)


def make(
    image: Digest, predicate_type: str = REVIEW, key: SigningKey | PrivateKey = KEY, predicate: bytes = PREDICATE
) -> MadeAttestation:
    """Attest something about an image, with a key that nobody else vouches for."""
    signer = key if isinstance(key, SigningKey) else SigningKey(key)
    return make_attestation(review(image, predicate_type, predicate), predicate_type, signer, SigningServices(), Root())


def attest(
    repository: MemoryRepository, image: Manifest, predicate_type: str = REVIEW, key: PrivateKey = KEY
) -> Manifest:
    """Attest something about an image as the command does."""
    return make(image.digest, predicate_type, key).store(repository, image.descriptor, CREATED)


def old_statement(image: Digest, predicate_type: str = REVIEW) -> bytes:
    """Return a statement of version 0.1, as cosign writes it."""
    subject = {"name": NAME, "digest": {image.algorithm: image.hex}}
    return encode_json({"_type": STATEMENT_V01, "predicateType": predicate_type, "subject": [subject], "predicate": {}})


def envelope_text(statement: bytes, key: PrivateKey = KEY, payload_type: str = IN_TOTO_PAYLOAD) -> bytes:
    """Return an envelope in the spelling of cosign 2."""
    signature = encode_b64(key.sign(encode_pae(payload_type, statement)))
    return encode_json(
        {
            "payloadType": payload_type,
            "payload": encode_b64(statement),
            "signatures": [{"keyid": "", "sig": signature}],
        }
    )


def attestation_layer(
    envelope: bytes, predicate_type: str = REVIEW, beside: Mapping[str, str] = MappingProxyType({})
) -> Descriptor:
    """Describe an envelope as the layer of an attestation image; without a type it says none."""
    said = {PREDICATE_TYPE_ANNOTATION: predicate_type} if predicate_type else {}
    annotations = {SIGNATURE_ANNOTATION: "", **said, **beside}
    return Descriptor(ENVELOPE, Digest.of(envelope), len(envelope), annotations=annotations)


def push_legacy_attestation(
    repository: MemoryRepository, image: Digest, envelope: bytes, predicate_type: str = REVIEW, **beside: str
) -> Manifest:
    """Store an attestation image of one layer."""
    repository.push_blob(envelope)
    manifest, config = build_signature_image([attestation_layer(envelope, predicate_type, beside)], LegacyStyle())
    repository.push_blob(config)
    repository.push_manifest(manifest, AttachmentTag(image, AttachmentKind.ATTESTATION).encode())
    return manifest
