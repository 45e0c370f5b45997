"""`cosignpy policy push` and `pull`: policies in a registry, to sign and to share."""

from pathlib import Path
from typing import Annotated

import typer

from cosignpy.cli import wiring
from cosignpy.cli.flags import RegistryFlags
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.policy_files import OCI, parse_contents, read_contents, refuse_secrets
from cosignpy.cli.policy_flags import OfflineFlag, SignersFlags, TrustedRootFlag
from cosignpy.cli.policy_sources import open_artifacts
from cosignpy.cli.trust_source import Once, select_trust
from cosignpy.core.oci.reference import Reference
from cosignpy.errors import FileError, UsageError
from cosignpy.files import explain, write_file
from cosignpy.operations.policy_artifact import PolicyFile, push_policies

SourcesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE|DIR...", show_default=False, help="Documents with policies.")
]
ReferenceArgument = Annotated[
    str, typer.Argument(metavar="REF", show_default=False, help="registry/name[:tag][@digest]")
]
FolderFlag = Annotated[str, typer.Option("--dir", metavar="DIR", help="Where the files go.")]


def push(sources: SourcesArgument, reference: ReferenceArgument, registry: RegistryFlags) -> None:
    """Push policies to a registry, where `--policy oci://REF` takes them from, and `cosignpy sign` signs them.

    Prints the name with the digest, which is the same whenever the same files are pushed.
    """
    contents = tuple(read_contents(sources))
    policies = parse_contents(contents)
    refuse_secrets(contents)
    files = [PolicyFile(Path(name).name, content) for name, content in contents]
    target = Reference.parse(reference.removeprefix(OCI))
    if target.digest is not None:
        raise UsageError(f"{reference} names a digest, which the policies have themselves", "name a tag, or none")
    opened = wiring.open_place(str(target), registry)
    made = push_policies(opened.repository, files, target.tag)
    named = f"{len(files)} file{'s' * (len(files) != 1)}, {len(policies)} polic{'y' if len(policies) == 1 else 'ies'}"
    CURRENT.say(f"Pushed {named}")
    CURRENT.print(f"{target.name}@{made.digest}")


def pull(
    reference: ReferenceArgument,
    registry: RegistryFlags,
    signers: SignersFlags,
    trusted_root: TrustedRootFlag = "",
    offline: OfflineFlag = False,
    target: FolderFlag = ".",
) -> None:
    """Fetch policies that `policy push` pushed, unchanged. What is there under their names already stays as it is."""
    trust = Once(select_trust(trusted_root, offline=offline))
    found = open_artifacts(signers.policy_signers, registry, trust).fetch(reference)
    folder = Path(target)
    with explain(folder):
        folder.mkdir(parents=True, exist_ok=True)
    places = {folder / file.name: file.content for file in found.files}
    for place, content in places.items():
        _refuse_other(place, content)
    for place, content in places.items():
        write_file(place, content)
        CURRENT.print(str(place))


def _refuse_other(place: Path, content: bytes) -> None:
    """Refuse to replace what is not the same.

    Raises:
        FileError: Something else is there.
    """
    with explain(place):
        if place.exists() and (not place.is_file() or place.read_bytes() != content):
            raise FileError(str(place), "is there already, and is something else", "pull to another folder: --dir DIR")
