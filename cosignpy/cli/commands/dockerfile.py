"""`cosignpy dockerfile verify`."""

import os
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from cosignpy.cli.deny_flags import DenyFlags
from cosignpy.cli.flags import OutputFlag, RegistryFlags
from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.image_verification import ClaimFlags, SelectionFlags
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.named_images import GivenFlags, NamedFlags, check_pin, read_text, verify_named
from cosignpy.cli.own_pki_flags import CertificateFlag, OwnPkiFlags
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.core.oci.reference import DOCKER_HUB, Reference
from cosignpy.errors import MalformedError, UsageError
from cosignpy.imagepolicy.inputs.dockerfile import Dockerfile, parse_dockerfile
from cosignpy.imagepolicy.inputs.named_image import NamedImage
from cosignpy.values import field, value

MAX_DOCKERFILE: Final = 1 << 20
"""Bytes; those of people have a few thousand."""

_DOCKERS_OWN: Final = frozenset({"docker/dockerfile", "docker/dockerfile-upstream"})
"""What reads Dockerfiles where nothing else is named, too."""

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE...", show_default=False, help="Dockerfiles, or - for stdin.")
]


@value
class DockerfileFlags:
    """What the builder is given beside the file, and which of its images are meant."""

    build_arg: Annotated[
        list[str],
        typer.Option(
            "--build-arg",
            metavar="NAME[=VALUE]",
            show_default=False,
            help="As the builder is given it; without a value, the variable of the environment. Repeat for several.",
        ),
    ] = field(default_factory=list)
    base_image_only: Annotated[
        bool, typer.Option("--base-image-only/--no-base-image-only", help="Only what the last stage is built upon.")
    ] = False
    frontend: Annotated[
        bool,
        typer.Option("--frontend/--no-frontend", help="Verify Docker's own frontend too, where # syntax= names it."),
    ] = False

    def arguments(self, which: SelectionFlags) -> dict[str, str]:
        """Return the arguments of the build; a platform says some of them.

        Raises:
            UsageError: One is no pair, or has no value.
            MalformedError: No platform.
        """
        found: dict[str, str] = {}
        if which.wanted_platform is not None:
            platform = which.wanted_platform
            found = {
                "TARGETPLATFORM": str(platform),
                "TARGETOS": platform.os,
                "TARGETARCH": platform.architecture,
                "TARGETVARIANT": platform.variant,
            }
        for text in self.build_arg:
            name, equals, content = text.partition("=")
            if not name or not (equals or name in os.environ):
                raise UsageError(f"--build-arg {text!r} has no value", "NAME=VALUE, or NAME of a variable that is set")
            found[name] = content if equals else os.environ[name]
        return found


def verify(
    files: FilesArgument,
    who: SignerFlags,
    identity: IdentityFlags,
    deny: DenyFlags,
    what: ClaimFlags,
    which: SelectionFlags,
    registry: RegistryFlags,
    pki: OwnPkiFlags,
    build: DockerfileFlags,
    named: NamedFlags,
    certificate: CertificateFlag = "",
    output: OutputFlag = Output.TEXT,
) -> int:
    """Verify the images that Dockerfiles name.

    Those of all stages, and those that something is copied or mounted from. Arguments have the values of --build-arg,
    else their defaults; what neither has is refused. Each image is verified once, as `verify` does, or `policy verify`
    with --policy.
    """
    given = GivenFlags(who, identity, deny, what, which, registry, pki, certificate, named)
    if named.pin:
        check_pin(files, given)
    verifier, arguments = given.verifier(), build.arguments(which)
    images, text = list[NamedImage](), ""
    for file in files:
        text = read_text(file, MAX_DOCKERFILE)
        images += _select(parse_dockerfile(text, file, arguments), build)
    if not images:
        raise UsageError(f"no image in {', '.join(files)}", "all stages are from scratch")
    return verify_named(images, verifier, text if named.pin else None)


def _select(found: Dockerfile, build: DockerfileFlags) -> Sequence[NamedImage]:
    """Return the images that are meant, with the frontend where somebody has to vouch for it."""
    images = found.images
    if build.base_image_only:
        base = found.stages[-1].base_image
        images = (base,) if base is not None else ()
    frontend = found.frontend
    if frontend is None:
        return images
    if build.frontend or not _is_dockers_own(frontend.name):
        return (frontend, *images)
    CURRENT.warn(f"{frontend.place.error(f'{frontend.name} reads this file, and is not verified: --frontend does')}")
    return images


def _is_dockers_own(name: str) -> bool:
    try:
        reference = Reference.parse(name)
    except MalformedError:
        return False
    return reference.registry == DOCKER_HUB and reference.repository in _DOCKERS_OWN
