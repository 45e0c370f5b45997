"""Attach an SBOM under the image's `.sbom` tag, as cosign 2 does. Nobody signs it; attestations are for that."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.image_config import IMAGE_CONFIG, build_image_config
from cosignpy.core.oci.manifest import ArtifactManifest, Descriptor, Manifest
from cosignpy.core.predicates.sbom import SbomFormat, tell_format
from cosignpy.errors import UsageError
from cosignpy.operations.candidates import fetch_optional
from cosignpy.operations.ports import Repository
from cosignpy.values import field, value


class SbomType(StrEnum):
    """What `--type` may say."""

    SPDX = "spdx"
    CYCLONEDX = "cyclonedx"
    SYFT = "syft"


class InputFormat(StrEnum):
    """What `--input-format` may say."""

    JSON = "json"
    XML = "xml"
    TEXT = "text"


MEDIA_TYPES: Final[Mapping[tuple[SbomType, InputFormat], str]] = MappingProxyType(
    {
        (SbomType.SPDX, InputFormat.TEXT): "text/spdx",
        (SbomType.SPDX, InputFormat.JSON): "text/spdx+json",
        (SbomType.CYCLONEDX, InputFormat.XML): "application/vnd.cyclonedx+xml",
        (SbomType.CYCLONEDX, InputFormat.JSON): "application/vnd.cyclonedx+json",
        (SbomType.SYFT, InputFormat.JSON): "application/vnd.syft+json",
    }
)
"""The media type of each SBOM that cosign attaches (cosign specs/SBOM_SPEC.md)."""

_KINDS: Final[Mapping[SbomFormat, tuple[SbomType, InputFormat]]] = MappingProxyType(
    {
        SbomFormat.SPDX_TAG_VALUE: (SbomType.SPDX, InputFormat.TEXT),
        SbomFormat.SPDX_JSON: (SbomType.SPDX, InputFormat.JSON),
        SbomFormat.SPDX_3: (SbomType.SPDX, InputFormat.JSON),
        SbomFormat.CYCLONEDX_XML: (SbomType.CYCLONEDX, InputFormat.XML),
        SbomFormat.CYCLONEDX_JSON: (SbomType.CYCLONEDX, InputFormat.JSON),
        SbomFormat.SYFT_JSON: (SbomType.SYFT, InputFormat.JSON),
    }
)
_USUAL: Final = {SbomType.SPDX: InputFormat.TEXT, SbomType.CYCLONEDX: InputFormat.XML, SbomType.SYFT: InputFormat.JSON}
"""The form that cosign takes for granted where none is named."""


@value
class SbomFile:
    """An SBOM as it is attached."""

    media_type: str
    content: bytes = field(repr=False)


@value
class AttachedSbom:
    """What was attached, and whose place it took."""

    manifest: Manifest
    replaced: Digest | None = None


def check_sbom(content: bytes, claimed: SbomType | None, form: InputFormat | None) -> SbomFile:
    """Tell what an SBOM is; what it is said to be, it has to be.

    Raises:
        MalformedError: No SBOM.
        UsageError: Another than it is said to be, or one that has no media type.
    """
    found = tell_format(content)
    if found not in _KINDS:
        raise UsageError(f"the SBOM is {found}, which cosign attaches not", "let the tool write SPDX or CycloneDX")
    kind, written = _KINDS[found]
    if claimed not in {None, kind}:
        raise UsageError(f"the SBOM is {found}, and not {claimed}", f"--type {kind}, or none: the file says it")
    if form not in {None, written}:
        hint = f"--input-format {written}, or none: the file says it"
        raise UsageError(f"the SBOM is {found}, and not {form}", hint)
    return SbomFile(MEDIA_TYPES[kind, written], content)


def take_sbom(content: bytes, claimed: SbomType | None, form: InputFormat | None) -> SbomFile:
    """Take a file for the SBOM that it is said to be, whatever is in it.

    Raises:
        UsageError: There are no such SBOMs.
    """
    kind = claimed or SbomType.SPDX
    written = form or _USUAL[kind]
    if (kind, written) not in MEDIA_TYPES:
        forms = ", ".join(form for known, form in MEDIA_TYPES if known is kind)
        raise UsageError(f"there is no {kind} as {written}", f"--input-format may be {forms}")
    return SbomFile(MEDIA_TYPES[kind, written], content)


def attach_sbom(repository: Repository, image: Digest, sbom: SbomFile) -> AttachedSbom:
    """Put an SBOM under the image's tag for it, in place of the one that is there.

    Raises:
        MalformedError: An image named by a sha512 digest, which has no such tag.
        RemoteError: The registry refused or failed.
    """
    tag = AttachmentTag(image, AttachmentKind.SBOM).encode()
    layer = Descriptor.of(sbom.content, sbom.media_type)
    config = build_image_config([layer])
    made = ArtifactManifest(Descriptor.of(config, IMAGE_CONFIG), (layer,)).build()
    current = fetch_optional(repository, tag)
    if current == made:
        return AttachedSbom(made)
    for blob in (sbom.content, config):
        repository.push_blob(blob)
    repository.push_manifest(made, tag)
    return AttachedSbom(made, current.digest if current else None)
