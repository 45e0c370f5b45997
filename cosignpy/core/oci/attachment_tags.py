"""Attachment tags: cosign's older way to find what belongs to an image, by a tag made of its digest.

`sha256-<hex>.sig` holds signatures, `.att` attestations, `.sbom` a bill of materials; a prefix of the
user's choice may stand before. Cosign `specs/SIGNATURE_SPEC.md`, "Tag-based discovery".
"""

import re
from enum import StrEnum
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Tag, parse_tag
from cosignpy.values import value

_PATTERN: Final = re.compile(
    r"(?P<prefix>[A-Za-z0-9._-]*?)(?P<algorithm>sha256)-(?P<hex>[0-9a-f]{64})\.(?P<kind>sig|att|sbom)"
)


class AttachmentKind(StrEnum):
    """What an attachment tag holds; the value is the tag's suffix."""

    SIGNATURE = "sig"
    ATTESTATION = "att"
    SBOM = "sbom"


@value
class AttachmentTag:
    """Whose attachments, and which: a tag in its parts."""

    subject: Digest
    kind: AttachmentKind
    prefix: str = ""

    def encode(self) -> Tag:
        """Return the tag.

        Raises:
            MalformedError: Longer than a tag may be, as every sha512 one is: such images have
                bundles only.
        """
        return parse_tag(f"{self.prefix}{self.subject.algorithm}-{self.subject.hex}.{self.kind}")

    @classmethod
    def parse(cls, tag: Tag) -> "AttachmentTag | None":
        """Read a tag's parts; None for every tag that is not an attachment's."""
        match = _PATTERN.fullmatch(tag)
        if match is None:
            return None
        digest = Digest(match["algorithm"], match["hex"])
        return cls(digest, AttachmentKind(match["kind"]), match["prefix"])
