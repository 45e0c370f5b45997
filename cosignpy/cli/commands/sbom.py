"""`cosignpy attach sbom` and `cosignpy download sbom`."""

from typing import Annotated

import typer

from cosignpy.cli import wiring
from cosignpy.cli.flags import ImageArgument, RegistryFlags
from cosignpy.cli.input_files import name_input, read_input
from cosignpy.cli.invocation import CURRENT, printable
from cosignpy.core.oci.manifest import Platform
from cosignpy.core.predicates import describe_predicate_type
from cosignpy.errors import UsageError
from cosignpy.operations import attach_sbom as attaching
from cosignpy.operations.attach_sbom import InputFormat, SbomType, check_sbom, take_sbom
from cosignpy.operations.download_sbom import FoundSbom, fetch_sbom
from cosignpy.operations.expand import resolve
from cosignpy.values import value


@value
class SbomFlags:
    """What is attached."""

    sbom: Annotated[str, typer.Option("--sbom", metavar="FILE", show_default=False, help="The SBOM; - for stdin.")] = ""
    kind: Annotated[
        SbomType | None, typer.Option("--type", show_default=False, help="What it has to be; it says so itself.")
    ] = None
    input_format: Annotated[
        InputFormat | None,
        typer.Option("--input-format", show_default=False, help="How it has to be written; it says so itself."),
    ] = None
    no_validate: Annotated[
        bool, typer.Option("--no-validate", help="Take any file for what --type and --input-format say.")
    ] = False

    def read(self) -> attaching.SbomFile:
        """Read the SBOM, and tell what it is.

        Raises:
            UsageError: There is none, or it is another than it has to be.
            MalformedError: It is no SBOM.
            FileError: It cannot be read.
        """
        if not self.sbom:
            raise UsageError("no SBOM to attach", "name its file with --sbom")
        content = read_input(self.sbom, wiring.max_attachment())
        if self.no_validate:
            CURRENT.warn("--no-validate: what is attached may be something else than its media type says")
            return take_sbom(content, self.kind, self.input_format)
        with name_input(self.sbom):
            return check_sbom(content, self.kind, self.input_format)


def attach_sbom(image: ImageArgument, what: SbomFlags, registry: RegistryFlags) -> None:
    """Attach an SBOM to an image, unsigned. Better: cosignpy attest --sbom-from FILE, which signs it."""
    sbom = what.read()
    opened = wiring.open_image(image, registry, wiring.Access.WRITE)
    subject = resolve(opened.repository, opened.target)
    CURRENT.warn("an SBOM that is attached is signed by nobody, and anyone who may push can replace it")
    CURRENT.say(f"  to sign it: cosignpy attest --sbom-from {what.sbom} {opened.name}@{subject.digest}")
    made = attaching.attach_sbom(opened.attachments, subject.digest, sbom)
    if made.replaced is not None:
        CURRENT.warn(f"the SBOM that was attached before is replaced: {made.replaced}")
    CURRENT.say(f"Attached to {subject.digest}: {made.manifest.digest}, {sbom.media_type}")


def download_sbom(
    image: ImageArgument,
    registry: RegistryFlags,
    platform: Annotated[
        str,
        typer.Option("--platform", metavar="OS/ARCH", show_default=False, help="The image of an index for this."),
    ] = "",
) -> None:
    """Print the SBOM of an image: the attached one, else one that was attested. Nothing is verified."""
    opened = wiring.open_image(image, registry)
    digest = opened.digest if not platform else None
    if digest is None:
        digest = resolve(opened.repository, opened.target, Platform.parse(platform) if platform else None).digest
    found = fetch_sbom(opened.repository, opened.attachments, image, digest)
    _tell(found, f"{opened.name}@{digest}")
    CURRENT.write(found.content)


def _tell(found: FoundSbom, image: str) -> None:
    """Say on stderr what is printed, and that nobody vouches for it yet."""
    if found.is_attested:
        CURRENT.warn("no SBOM is attached; this one was attested, and who attested it is not verified here")
        known = describe_predicate_type(found.kind)
        CURRENT.say(f"  to verify it: cosignpy verify-attestation --type {known.name if known else found.kind} {image}")
        CURRENT.say(f"Found SBOM of predicate type: {found.kind}, {found.place}")
    else:
        CURRENT.warn("an SBOM that is attached is signed by nobody: whoever may push can have changed it")
        CURRENT.say("  what was signed: cosignpy verify-attestation --type spdxjson, or cyclonedx")
        CURRENT.say(f"Found SBOM of media type: {found.kind}, {found.place}")
    for other in found.others:
        CURRENT.say(f"there is another: {other}")
    for rejection in found.rejections:
        CURRENT.warn(f"left out: {printable(str(rejection))}")
