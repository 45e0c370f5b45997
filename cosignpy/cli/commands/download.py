"""`cosignpy download`."""

from cosignpy.cli import wiring
from cosignpy.cli.flags import ImageArgument, RegistryFlags
from cosignpy.cli.invocation import CURRENT, printable
from cosignpy.core.encoding import encode_json
from cosignpy.operations.download import fetch_signatures
from cosignpy.operations.expand import resolve


def signature(image: ImageArgument, registry: RegistryFlags) -> None:
    """Print the signatures of an image as JSON lines: bundles, then legacy signatures. Nothing is verified."""
    opened = wiring.open_image(image, registry)
    digest = opened.digest or resolve(opened.repository, opened.target).digest
    found = fetch_signatures(opened.repository, opened.attachments, image, digest)
    for item in found.signatures:
        CURRENT.print(encode_json(item).decode())
    for rejection in found.rejections:
        CURRENT.warn(f"left out: {printable(str(rejection))}")
