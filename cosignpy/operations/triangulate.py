"""Where an image's attachments lie, computed from its digest alone."""

from enum import StrEnum

from cosignpy.core.digest import Digest
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag


class TriangulateType(StrEnum):
    """What `triangulate --type` may say."""

    SIGNATURE = "signature"
    ATTESTATION = "attestation"
    SBOM = "sbom"
    DIGEST = "digest"


def locate(repository: str, image: Digest, kind: TriangulateType) -> str:
    """Return `repository:tag` of the legacy attachments, or `repository@digest` of the image itself.

    Raises:
        MalformedError: An image named by a sha512 digest, which has no attachment tags.
    """
    if kind is TriangulateType.DIGEST:
        return f"{repository}@{image}"
    return f"{repository}:{AttachmentTag(image, AttachmentKind[kind.name]).encode()}"
