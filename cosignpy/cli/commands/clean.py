"""`cosignpy clean`."""

from typing import Annotated

import typer

from cosignpy.cli import wiring
from cosignpy.cli.flags import DataOutputFlag, ImageArgument, RecursiveFlag, RegistryFlags
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.prompts import Terminal
from cosignpy.cli.render.tree import attachments_to_json
from cosignpy.core.encoding import encode_json
from cosignpy.errors import UsageError
from cosignpy.operations.clean import CleanType, remove_attachments, select_removals
from cosignpy.operations.expand import expand_index, resolve


def clean(
    image: ImageArgument,
    registry: RegistryFlags,
    kind: Annotated[CleanType, typer.Option("--type", help="What to remove.")] = CleanType.ALL,
    force: Annotated[bool, typer.Option("--force", "-f", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    recursive: RecursiveFlag = False,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Remove what cosign or cosignpy attached to an image; what other tools attached stays."""
    opened = wiring.open_image(image, registry, wiring.Access.WRITE)
    top = resolve(opened.repository, opened.target)
    images = expand_index(opened.repository, top) if recursive else [top]
    removals = [found for item in images for found in select_removals(opened.attachments, item.digest, kind)]
    attachments = [removal.attachment for removal in removals]
    place = wiring.attachments_name(opened)
    if removals and not dry_run:
        if not force:
            refusal = UsageError("nothing was removed", "pass --force to remove without being asked")
            Terminal.of_process().confirm(f"Remove {len(removals)} attachments of {image} from {place}?", refusal)
        remove_attachments(opened.attachments, removals)
    verb = "Would remove" if dry_run else "Removed"
    for found in attachments:
        CURRENT.say(f"{verb} {found.type.value} {found.tag or found.digest} from {place}")
    if not removals:
        CURRENT.say(f"nothing to remove from {place}")
    if output is Output.JSON:
        CURRENT.print(encode_json({"removed": attachments_to_json(attachments, place), "dryRun": dry_run}).decode())
