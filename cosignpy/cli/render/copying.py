"""What `copy`, `save` and `load` did: a line for a person on stderr, as their stdout is empty in cosign; or JSON."""

from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.core.encoding import encode_json
from cosignpy.operations.copy_image import CopiedImage


def render_copy(found: CopiedImage, source: str, destination: str, output: Output) -> None:
    """Tell what was copied, and what a list of referrers names and nobody has."""
    for digest in found.missing:
        CURRENT.warn(f"not copied: {digest} is listed among the referrers and is not there")
    if output is Output.JSON:
        CURRENT.print(
            encode_json(
                {
                    "source": source,
                    "destination": destination,
                    "digest": str(found.image.digest),
                    "images": found.images,
                    "attachments": found.attachments,
                    "manifestsSent": found.manifests_sent,
                    "bytesSent": found.bytes_sent,
                    "missing": [str(digest) for digest in found.missing],
                }
            ).decode()
        )
        return
    CURRENT.say(f"Copied {source} to {destination}, {found.image.digest}")
    what = f"images: {found.images}, attachments: {found.attachments}"
    CURRENT.say(f"  {what}, manifests sent: {found.manifests_sent}, bytes sent: {found.bytes_sent}")
