"""`cosignpy load`."""

from typing import Annotated

import typer

from cosignpy.cli import layouts, wiring
from cosignpy.cli.flags import DataOutputFlag, ImageArgument, RegistryFlags
from cosignpy.cli.invocation import Output
from cosignpy.cli.progress import open_progress
from cosignpy.cli.render.copying import render_copy
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import UsageError
from cosignpy.operations.copy_image import CopyImage, CopyRoute, ExistingTag, copy_image


def load(
    image: ImageArgument,
    directory: Annotated[
        str, typer.Option("--dir", metavar="DIR", show_default=False, help="What `save` or `cosign save` wrote.")
    ],
    registry: RegistryFlags,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Push what `save` saved: the image under this name, and everything attached to it."""
    saved = layouts.open_saved(directory)
    top = saved.fetch_only_image()
    place = wiring.open_place(image, registry)
    if place.digest not in {None, top.digest}:
        raise UsageError(f"{directory} holds {top.digest}, not {place.digest}", "name a tag instead")
    tag = None if place.digest else Tag(str(place.target))
    request = CopyImage(top.digest, tag, existing=ExistingTag.REPLACE)
    found = copy_image(request, CopyRoute(saved, saved, place.repository, open_progress()))
    render_copy(found, directory, image, output)
