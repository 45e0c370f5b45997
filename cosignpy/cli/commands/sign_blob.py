"""`cosignpy sign-blob`."""

from pathlib import Path
from typing import Annotated

import typer

from cosignpy.cli.artifacts import SUFFIX, select_artifact
from cosignpy.cli.flags import SIGNING_KEY_HELP, DataOutputFlag, YesFlag
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.cli.service_flags import ServiceFlags
from cosignpy.cli.wiring_signing import open_signing
from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.errors import UsageError
from cosignpy.files import PRIVATE, write_file
from cosignpy.operations.sign_blob import sign_blob as sign_one

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE...", show_default=False, help="Files, or - for standard input.")
]

KeyFlag = Annotated[str, typer.Option("--key", metavar="KEY", show_default=False, help=SIGNING_KEY_HELP)]
TargetFlag = Annotated[
    str, typer.Option("--bundle", metavar="FILE", show_default="FILE.sigstore.json", help="Where the bundle goes.")
]


def sign_blob(
    files: FilesArgument,
    who: OidcFlags,
    services: ServiceFlags,
    key: KeyFlag = "",
    bundle: TargetFlag = "",
    yes: YesFlag = False,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Sign files.

    Without --key you sign as yourself, or as the CI job that runs this: an authority certifies a key that lives for
    minutes and is forgotten. Each signature is verified, as users will, before its bundle is written. One sign-in and
    one certificate serve for all files.
    """
    targets = bundle_paths(files, bundle)
    signing = open_signing(key, services, who, yes=yes)
    made: list[JsonValue] = []
    for name, target in targets.items():
        found = sign_one(select_artifact(name), signing.key(), signing.services, signing.trust)
        write_file(target, encode_bundle(found), PRIVATE)
        CURRENT.say(f"Wrote bundle to file {target}")
        made.append(describe_bundle(name, target, found))
    if output is Output.JSON:
        CURRENT.print(encode_json({"files": made}).decode())


def bundle_paths(files: list[str], bundle: str) -> dict[str, Path]:
    """Say where each bundle goes.

    Raises:
        UsageError: One file for several bundles, or standard input without a name for its bundle.
    """
    if bundle and len(files) > 1:
        raise UsageError("--bundle is one file, and several are signed", f"leave it out: each gets FILE{SUFFIX}")
    if "-" in files and not bundle:
        raise UsageError("standard input has no name to call its bundle by", "name one with --bundle")
    return {name: Path(bundle or f"{name}{SUFFIX}") for name in files}


def describe_bundle(name: str, target: Path, found: Bundle) -> JsonValue:
    """Say for programs what was made."""
    logged: list[JsonValue] = [
        {"logId": entry.log_id.hex(), "logIndex": entry.log_index} for entry in found.log_entries
    ]
    return {"file": name, "bundle": str(target), "logEntries": logged, "timestamps": len(found.timestamps)}
