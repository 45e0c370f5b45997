"""What is attached to an image: its referrers, and what lies under the legacy attachment tags.

Lists of referrers drop or misstate types and annotations (cosign#4641), so each referrer is opened to know
what it is. Everything is sorted: the same attachments are always shown, copied and removed in one order.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from cosignpy.core.bundle.referrer import (
    BUNDLE_PREFIX,
    CONTENT_ANNOTATION,
    PREDICATE_ANNOTATION,
    select_bundle_layer,
)
from cosignpy.core.digest import Digest
from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.operations.candidates import fetch_optional
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.ports import ManifestSource
from cosignpy.values import value

_MESSAGE_SIGNATURE: Final = "message-signature"


class AttachmentType(StrEnum):
    """What an attachment is to people; `other` is what other tools attached."""

    SIGNATURE = "signature"
    ATTESTATION = "attestation"
    SBOM = "sbom"
    OTHER = "other"


_TYPES: Final[Mapping[str, AttachmentType]] = {
    "application/vnd.dev.cosign.artifact.sig.v1+json": AttachmentType.SIGNATURE,
    "application/vnd.dev.cosign.artifact.sbom.v1+json": AttachmentType.SBOM,
}
"""Artifact types of cosign's referrers from before bundles (`--registry-referrers-mode=oci-1-1`)."""

TAGGED_TYPES: Final[Mapping[AttachmentKind, AttachmentType]] = {
    AttachmentKind.SIGNATURE: AttachmentType.SIGNATURE,
    AttachmentKind.ATTESTATION: AttachmentType.ATTESTATION,
    AttachmentKind.SBOM: AttachmentType.SBOM,
}


@value
class Attachment:
    """One attachment: a manifest under an attachment tag, or a referrer (`tag` is None).

    `predicate_type` is what a bundle says of itself, and nobody signed it. `manifest` is None for a referrer
    that is listed and not there.
    """

    type: AttachmentType
    digest: Digest
    manifest: Manifest | None
    tag: Tag | None = None
    artifact_type: str = ""
    predicate_type: str = ""

    @property
    def label(self) -> str:
        """What people know it by: the predicate type, else the artifact type."""
        return self.predicate_type or self.artifact_type or "unknown"

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        """The descriptors of its content."""
        return self.manifest.layers if self.manifest else ()


def fetch_attachments(source: ManifestSource, subject: Digest) -> Sequence[Attachment]:
    """Return all attachments of an image: tags first, then referrers by label and digest.

    Raises:
        MalformedError: A list of referrers or a manifest is not what it should be.
        RemoteError: The registry failed.
    """
    lookups = (fetch_tagged, fetch_referring)
    found = run_parallel(lambda lookup: lookup(source, subject), lookups)
    return [attachment for outcome in found for attachment in outcome.unwrap()]


def fetch_tagged(source: ManifestSource, subject: Digest) -> Sequence[Attachment]:
    """Return what lies under the image's attachment tags."""
    if subject.algorithm != "sha256":
        return ()  # the tags would be longer than tags may be; nobody can have written one
    tags = [(kind, AttachmentTag(subject, kind).encode()) for kind in AttachmentKind]
    found = run_parallel(lambda pair: fetch_optional(source, pair[1]), tags)
    return [
        Attachment(TAGGED_TYPES[kind], manifest.digest, manifest, tag)
        for (kind, tag), outcome in zip(tags, found, strict=True)
        if (manifest := outcome.unwrap()) is not None
    ]


def fetch_referring(source: ManifestSource, subject: Digest) -> Sequence[Attachment]:
    """Return the image's referrers, each opened."""
    listed = source.fetch_referrers(subject)
    opened = run_parallel(lambda entry: fetch_optional(source, entry.digest), listed)
    found = (classify(entry, outcome.unwrap()) for entry, outcome in zip(listed, opened, strict=True))
    return sorted(found, key=lambda attachment: (attachment.label, attachment.digest))


def classify(entry: Descriptor, manifest: Manifest | None) -> Attachment:
    """Tell what a referrer is: by its content where it is at hand, else by what the list says."""
    annotations = dict(entry.annotations) | (dict(manifest.annotations) if manifest else {})
    artifact_type = (manifest and manifest.referrer_descriptor.artifact_type) or entry.artifact_type
    is_bundle = artifact_type.startswith(BUNDLE_PREFIX)
    if manifest is not None and select_bundle_layer(manifest) is not None:
        is_bundle = True
    if not is_bundle:
        kind = _TYPES.get(artifact_type, AttachmentType.OTHER)
        return Attachment(kind, entry.digest, manifest, artifact_type=artifact_type)
    predicate_type = annotations.get(PREDICATE_ANNOTATION, "")
    signs = predicate_type == COSIGN_SIGN_V1 or annotations.get(CONTENT_ANNOTATION) == _MESSAGE_SIGNATURE
    kind = AttachmentType.SIGNATURE if signs else AttachmentType.ATTESTATION
    return Attachment(kind, entry.digest, manifest, artifact_type=artifact_type, predicate_type=predicate_type)


def select_types(attachments: Iterable[Attachment], types: Iterable[AttachmentType]) -> Sequence[Attachment]:
    """Return those of these types, in their order."""
    wanted = frozenset(types)
    return [attachment for attachment in attachments if attachment.type in wanted]
