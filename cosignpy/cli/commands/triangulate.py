"""`cosignpy triangulate`."""

from typing import Annotated

import typer

from cosignpy.cli import wiring
from cosignpy.cli.flags import DataOutputFlag, ImageArgument, RegistryFlags
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.core.encoding import encode_json
from cosignpy.operations.expand import resolve
from cosignpy.operations.triangulate import TriangulateType, locate


def triangulate(
    image: ImageArgument,
    registry: RegistryFlags,
    kind: Annotated[
        TriangulateType, typer.Option("--type", help="Which attachments; digest for the image itself.")
    ] = TriangulateType.SIGNATURE,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Print where an image's legacy signatures (or other attachments) lie, whether there are any or not."""
    opened = wiring.open_image(image, registry)
    digest = opened.digest or resolve(opened.repository, opened.target).digest
    place = opened.name if kind is TriangulateType.DIGEST else wiring.attachments_name(opened)
    found = locate(place, digest, kind)
    CURRENT.print(encode_json({"type": kind.value, "reference": found}).decode() if output is Output.JSON else found)
