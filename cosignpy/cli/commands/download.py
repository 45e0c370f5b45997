"""`cosignpy download`."""

from typing import Annotated

import typer

from cosignpy.cli import wiring
from cosignpy.cli.flags import ImageArgument, RegistryFlags
from cosignpy.cli.invocation import CURRENT, printable
from cosignpy.core.encoding import encode_json
from cosignpy.core.oci.manifest import Platform
from cosignpy.core.predicates import accepted_predicate_types
from cosignpy.operations.download import DownloadedSignatures, fetch_attestations, fetch_signatures
from cosignpy.operations.expand import resolve


def signature(image: ImageArgument, registry: RegistryFlags) -> None:
    """Print the signatures of an image as JSON lines: bundles, then legacy signatures. Nothing is verified."""
    opened = wiring.open_image(image, registry)
    digest = opened.digest or resolve(opened.repository, opened.target).digest
    _print(fetch_signatures(opened.repository, opened.attachments, image, digest))


def attestation(
    image: ImageArgument,
    registry: RegistryFlags,
    predicate_type: Annotated[
        str,
        typer.Option("--predicate-type", metavar="TYPE|URI", show_default=False, help="Only those of this type."),
    ] = "",
    platform: Annotated[
        str,
        typer.Option("--platform", metavar="OS/ARCH", show_default=False, help="The image of an index for this."),
    ] = "",
) -> None:
    """Print the attestations about an image as JSON lines: bundles, then cosign 2's envelopes. Nothing is verified."""
    wanted = accepted_predicate_types(predicate_type) if predicate_type else ()
    opened = wiring.open_image(image, registry)
    digest = opened.digest if not platform else None
    if digest is None:
        digest = resolve(opened.repository, opened.target, Platform.parse(platform) if platform else None).digest
    _print(fetch_attestations(opened.repository, opened.attachments, image, digest, wanted))


def _print(found: DownloadedSignatures) -> None:
    for item in found.signatures:
        CURRENT.print(encode_json(item).decode())
    for rejection in found.rejections:
        CURRENT.warn(f"left out: {printable(str(rejection))}")
