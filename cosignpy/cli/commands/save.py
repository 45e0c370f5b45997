"""`cosignpy save`."""

from typing import Annotated

import typer

from cosignpy.cli import layouts, wiring
from cosignpy.cli.flags import DataOutputFlag, ImageArgument, RegistryFlags
from cosignpy.cli.invocation import Output
from cosignpy.cli.progress import open_progress
from cosignpy.cli.render.copying import render_copy
from cosignpy.core.digest import Digest
from cosignpy.operations.copy_image import CopyImage, CopyRoute, copy_image
from cosignpy.operations.expand import resolve


def save(
    image: ImageArgument,
    directory: Annotated[str, typer.Option("--dir", metavar="DIR", show_default=False, help="The directory to write.")],
    registry: RegistryFlags,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Save an image and everything attached to it to an OCI layout directory, which `cosign load` reads too."""
    opened = wiring.open_image(image, registry)
    digest = resolve(opened.repository, opened.target).digest
    layout = layouts.begin_saved(directory, digest)
    request = CopyImage(digest, None if isinstance(opened.target, Digest) else opened.target)
    found = copy_image(request, CopyRoute(opened.repository, opened.attachments, layout, open_progress()))
    render_copy(found, image, directory, output)
