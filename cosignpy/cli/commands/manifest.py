"""`cosignpy manifest verify`."""

from pathlib import Path
from typing import Annotated, Final

import typer

from cosignpy.cli.deny_flags import DenyFlags
from cosignpy.cli.flags import OutputFlag, RegistryFlags
from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.image_verification import ClaimFlags, SelectionFlags
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.named_images import GivenFlags, NamedFlags, check_pin, read_text, verify_named
from cosignpy.cli.own_pki_flags import CertificateFlag, OwnPkiFlags
from cosignpy.cli.policy_files import list_files
from cosignpy.cli.render.errors import one_line
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.errors import FileError, UsageError
from cosignpy.imagepolicy.inputs.kubernetes_yaml import MAX_MANIFEST
from cosignpy.imagepolicy.inputs.manifests import OtherFields, parse_manifest
from cosignpy.imagepolicy.inputs.named_image import NamedImage, Notice
from cosignpy.values import value

_ENDINGS: Final = frozenset({".yaml", ".yml", ".json"})

FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE|DIR...", show_default=False, help="Manifests of Kubernetes, or - for stdin."),
]


@value
class ManifestFlags:
    """What of manifests is looked at."""

    image_fields: Annotated[
        bool,
        typer.Option(
            "--image-fields/--no-image-fields",
            help="In kinds that are not Kubernetes' own, verify every field that is called image.",
        ),
    ] = False
    strict: Annotated[
        bool, typer.Option("--strict/--no-strict", help="Refuse what is only warned of: images that are not looked at.")
    ] = False


def verify(
    files: FilesArgument,
    who: SignerFlags,
    identity: IdentityFlags,
    deny: DenyFlags,
    what: ClaimFlags,
    which: SelectionFlags,
    registry: RegistryFlags,
    pki: OwnPkiFlags,
    read: ManifestFlags,
    named: NamedFlags,
    certificate: CertificateFlag = "",
    output: OutputFlag = Output.TEXT,
) -> int:
    """Verify the images that manifests of Kubernetes name.

    Those of containers of all sorts and of image volumes, in pods and in all kinds that make them, in lists and in many
    documents. Each image is verified once, as `verify` does, or `policy verify` with --policy, which then decides by
    the kind and the labels of who runs it.
    """
    given = GivenFlags(who, identity, deny, what, which, registry, pki, certificate, named)
    listed = list(dict.fromkeys(file for path in files for file in _list_manifests(path)))
    if named.pin:
        check_pin(listed, given)
    verifier = given.verifier()
    others = OtherFields.TAKEN if read.image_fields else OtherFields.TOLD
    images, notices, text = list[NamedImage](), list[Notice](), ""
    for file in listed:
        text = read_text(file, MAX_MANIFEST)
        found = parse_manifest(text, file, others)
        images += found.images
        notices += found.notices
    _tell(notices, read)
    if not images:
        raise UsageError(f"no image in {', '.join(files)}", "nothing in there runs pods")
    return verify_named(images, verifier, text if named.pin else None)


def _list_manifests(path: str) -> tuple[str, ...]:
    folder = Path(path)
    if path == "-" or not folder.is_dir():
        return (path,)
    found = list_files(folder, lambda each: each.suffix in _ENDINGS)
    if not found:
        raise FileError(path, "no manifests in it", f"files that end with {', '.join(sorted(_ENDINGS))} are read")
    return found


def _tell(notices: list[Notice], read: ManifestFlags) -> None:
    """Warn of what is not looked at.

    Raises:
        DocumentError: Nothing may be passed over.
    """
    for notice in notices:
        if read.strict:
            raise notice.error()
        CURRENT.warn(one_line(notice))
