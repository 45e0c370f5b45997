"""`cosignpy copy`."""

from typing import Annotated

import typer

from cosignpy.cli import wiring
from cosignpy.cli.flags import DataOutputFlag, RegistryFlags
from cosignpy.cli.invocation import Output
from cosignpy.cli.progress import open_progress
from cosignpy.cli.render.copying import render_copy
from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Platform
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import UsageError
from cosignpy.operations.attachments import AttachmentType
from cosignpy.operations.copy_image import CopyImage, CopyParts, CopyRoute, ExistingTag, copy_image
from cosignpy.operations.copy_plan import EVERY_TYPE
from cosignpy.operations.expand import resolve
from cosignpy.values import field, value

_ONLY = {
    "sig": AttachmentType.SIGNATURE,
    "att": AttachmentType.ATTESTATION,
    "sbom": AttachmentType.SBOM,
    "other": AttachmentType.OTHER,
}


@value
class CopyFlags:
    """What is copied, and what happens to what is there."""

    only: Annotated[
        list[str],
        typer.Option(
            "--only", metavar="sig,att,sbom,other", show_default=False, help="Attachments only, of this kind."
        ),
    ] = field(default_factory=list)
    platform: Annotated[
        str | None,
        typer.Option("--platform", metavar="OS/ARCH", show_default=False, help="Only this image of an index."),
    ] = None
    force: Annotated[bool, typer.Option("--force", "-f", help="Let tags at the destination be replaced.")] = False

    def request(self, target: Digest | Tag, tag: Tag | None) -> CopyImage:
        """Build the request.

        Raises:
            UsageError: An unknown kind of attachment.
            MalformedError: Not a platform.
        """
        names = [name for text in self.only for name in text.split(",") if name]
        unknown = [name for name in names if name not in _ONLY]
        if unknown:
            raise UsageError(f"--only does not know {unknown[0]!r}", f"known are {', '.join(_ONLY)}")
        return CopyImage(
            target=target,
            tag=tag,
            platform=Platform.parse(self.platform) if self.platform else None,
            types=frozenset(_ONLY[name] for name in names) or EVERY_TYPE,
            parts=CopyParts.ATTACHED if names else CopyParts.ALL,
            existing=ExistingTag.REPLACE if self.force else ExistingTag.KEEP,
        )


def copy(
    source: Annotated[str, typer.Argument(metavar="SOURCE", show_default=False)],
    destination: Annotated[str, typer.Argument(metavar="DESTINATION", show_default=False)],
    what: CopyFlags,
    registry: RegistryFlags,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Copy an image with everything attached to it: images of an index, signatures, attestations, other referrers.

    SOURCE and DESTINATION may be on registries, or oci-layout:DIR[:TAG] and oci-archive:FILE[:TAG].
    """
    opened = wiring.open_image(source, registry)
    place = wiring.open_place(destination, registry)
    request = what.request(opened.target, _tag_at(opened, place, what))
    found = copy_image(request, CopyRoute(opened.repository, opened.attachments, place.repository, open_progress()))
    render_copy(found, source, destination, output)


def _tag_at(opened: wiring.OpenImage, place: wiring.OpenImage, what: CopyFlags) -> Tag | None:
    """Return the tag at the destination; a digest there has to be the source's.

    Raises:
        UsageError: It is not.
    """
    if place.digest is None:
        return Tag(str(place.target))
    platform = Platform.parse(what.platform) if what.platform else None
    if resolve(opened.repository, opened.target, platform).digest != place.digest:
        raise UsageError(f"the source does not have the destination's digest {place.digest}", "name a tag instead")
    return None
