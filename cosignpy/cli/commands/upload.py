"""`cosignpy upload`."""

from pathlib import Path
from typing import Annotated

import typer

from cosignpy.cli import wiring
from cosignpy.cli.arguments import FILE_FOR
from cosignpy.cli.flags import DataOutputFlag, RegistryFlags, parse_annotations
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.progress import open_progress
from cosignpy.cli.render.uploading import render_upload
from cosignpy.cli.upload_flags import describe_as, describe_for_platform
from cosignpy.core.digest import Digest
from cosignpy.core.oci.media_types import parse_media_type
from cosignpy.errors import UsageError
from cosignpy.operations.upload import Upload, pack_files, pack_platforms, pack_wasm, push_upload
from cosignpy.values import field, value

PlaceArgument = Annotated[
    str,
    typer.Argument(
        metavar="REFERENCE",
        show_default=False,
        help="registry/name[:tag], or oci-layout:DIR[:TAG], oci-archive:FILE[:TAG]",
    ),
]


@value
class AnnotationFlags:
    """What the manifest says besides."""

    annotation: Annotated[
        list[str],
        typer.Option(
            "--annotation", "--annotations", "-a", metavar="NAME=VALUE", show_default=False, help="Repeat for several."
        ),
    ] = field(default_factory=list)


@value
class BlobFlags:
    """What is uploaded."""

    files: Annotated[
        list[str],
        typer.Option("--files", "-f", metavar=FILE_FOR, show_default=False, help="Repeat, one for each platform."),
    ] = field(default_factory=list)
    ct: Annotated[
        str,
        typer.Option(
            "--ct", metavar="MEDIATYPE", show_default=False, help="What they are, unless guessed by their first bytes."
        ),
    ] = ""


def blob(
    place: PlaceArgument,
    what: BlobFlags,
    annotations: AnnotationFlags,
    registry: RegistryFlags,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Upload a file as an image, or files for several platforms as an index of images, and print the digest."""
    media_type = parse_media_type(what.ct) if what.ct else ""
    files = [describe_for_platform(text, media_type) for text in what.files]
    packed = pack_platforms(files, parse_annotations(annotations.annotation))
    if len(files) == 1 and files[0][1] is not None:
        CURRENT.warn(f"the platform {files[0][1]} is left out: a single file makes no index, in cosign neither")
    _push(packed, place, wiring.open_place(place, registry), output)


def wasm(
    place: PlaceArgument,
    registry: RegistryFlags,
    file: Annotated[str, typer.Option("--file", "-f", metavar="FILE", show_default=False, help="The module.")] = "",
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Upload a WASM module, and print the digest."""
    if not file:
        raise UsageError("nothing to upload", "name the module with -f FILE")
    _push(Upload.of(pack_wasm(Path(file))), place, wiring.open_place(place, registry), output)


def chart(
    file: Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="What helm package wrote.")],
    place: PlaceArgument,
    registry: RegistryFlags,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Upload a Helm chart under its version as the tag, with the provenance file beside it, and print the digest."""
    from cosignpy.operations.upload_chart import read_chart  # reads YAML, which takes a while to load

    found = read_chart(Path(file))
    opened = wiring.open_place(place, registry, found.tag)
    if opened.target != found.tag and not isinstance(opened.target, Digest):
        raise UsageError(f"the chart's version is {found.version}, and not {opened.target}", "leave out the tag")
    if opened.identity and opened.identity.rpartition("/")[2] != found.name:
        CURRENT.warn(f"the chart is called {found.name}, so helm push would put it into {opened.identity}/{found.name}")
    _push(Upload.of(found.pack()), place, opened, output)


def artifact(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE[:MEDIATYPE]...", show_default=False, help="Files, and what they are.")
    ],
    place: PlaceArgument,
    annotations: AnnotationFlags,
    registry: RegistryFlags,
    artifact_type: Annotated[
        str, typer.Option("--artifact-type", metavar="MEDIATYPE", show_default=False, help="What they are together.")
    ] = "",
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Upload files as an artifact of any type, and print the digest."""
    if not artifact_type:
        raise UsageError("an artifact has a type", "--artifact-type application/vnd.example.thing")
    kind = parse_media_type(artifact_type)
    packed = pack_files([describe_as(text) for text in files], kind, parse_annotations(annotations.annotation))
    _push(Upload.of(packed), place, wiring.open_place(place, registry), output)


def _push(what: Upload, place: str, opened: wiring.OpenImage, output: Output) -> None:
    made = push_upload(what, opened.repository, opened.target, open_progress())
    render_upload(what, wiring.name_by_digest(place, made.digest), output)
