"""`cosignpy tree`."""

from cosignpy.cli import wiring
from cosignpy.cli.flags import DataOutputFlag, ImageArgument, RecursiveFlag, RegistryFlags
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.tree import tree_lines, tree_to_json
from cosignpy.core.encoding import encode_json
from cosignpy.operations.expand import expand_index, resolve
from cosignpy.operations.tree import fetch_tree


def tree(
    image: ImageArgument,
    registry: RegistryFlags,
    recursive: RecursiveFlag = False,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Show what is attached to an image: signatures, attestations, and what other tools attached."""
    opened = wiring.open_image(image, registry)
    top = resolve(opened.repository, opened.target)
    images = expand_index(opened.repository, top) if recursive else [top]
    found = fetch_tree(opened.repository, opened.attachments, images)
    place = wiring.attachments_name(opened)
    if output is Output.JSON:
        CURRENT.print(encode_json({"image": image} | tree_to_json(found, place)).decode())
        return
    if not found.attachments and not found.children:
        CURRENT.say(f"nothing is attached to {image}; to sign it: cosignpy sign --key KEY {image}")
    for line in tree_lines(found, image, place):
        CURRENT.print(line)
