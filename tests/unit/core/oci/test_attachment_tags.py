"""Attachment tags, there and back."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import MalformedError

HEX = "c04be4648dbb74200e06e05fc7a293c979cd29e2cd07e1afd0664863530dc547"
SUBJECT = Digest("sha256", HEX)


@pytest.mark.parametrize(
    ("parts", "tag"),
    [
        (AttachmentTag(SUBJECT, AttachmentKind.SIGNATURE), f"sha256-{HEX}.sig"),
        (AttachmentTag(SUBJECT, AttachmentKind.ATTESTATION), f"sha256-{HEX}.att"),
        (AttachmentTag(SUBJECT, AttachmentKind.SBOM), f"sha256-{HEX}.sbom"),
        (AttachmentTag(SUBJECT, AttachmentKind.SIGNATURE, "team-"), f"team-sha256-{HEX}.sig"),
    ],
)
def test_tag_is_written_and_read(parts: AttachmentTag, tag: str) -> None:
    assert parts.encode() == tag
    assert AttachmentTag.parse(Tag(tag)) == parts


@pytest.mark.parametrize(
    "tag",
    [
        f"sha256-{HEX}",
        f"sha256-{HEX}.sigs",
        f"sha256-{HEX[1:]}.sig",
        f"sha256-{HEX.upper()}.sig",
        f"sha512-{HEX}.sig",
        "latest",
    ],
)
def test_other_tags_are_no_attachments(tag: str) -> None:
    assert AttachmentTag.parse(Tag(tag)) is None


def test_sha512_subject_has_no_attachment_tag() -> None:
    with pytest.raises(MalformedError):
        AttachmentTag(Digest("sha512", HEX * 2), AttachmentKind.SIGNATURE).encode()
