"""`cosignpy sign-blob`."""

from typing import Annotated

import typer

from cosignpy.cli.artifacts import SUFFIX, name_artifact, refuse_unreadable, select_artifact
from cosignpy.cli.detached_output import BlobOutputs, SignatureFiles, refuse_other
from cosignpy.cli.flags import SIGNING_KEY_HELP, DataOutputFlag, YesFlag
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.cli.own_certificate import OwnCertificateFlags
from cosignpy.cli.service_flags import ServiceFlags
from cosignpy.cli.wiring_signing import open_signing
from cosignpy.core.bundle.model import Bundle
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.predicates import build_statement
from cosignpy.errors import UsageError
from cosignpy.operations.attest_blob import sign_statement
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.sign_blob import sign_blob as sign_one
from cosignpy.values import replace

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE...", show_default=False, help="Files, or - for standard input.")
]

KeyFlag = Annotated[str, typer.Option("--key", metavar="KEY", show_default=False, help=SIGNING_KEY_HELP)]
TargetFlag = Annotated[
    str, typer.Option("--bundle", metavar="FILE", show_default="FILE.sigstore.json", help="Where the bundle goes.")
]
OneBundleFlag = Annotated[
    bool,
    typer.Option("--one-bundle/--no-one-bundle", help="One signature for all files: a statement that names them."),
]


def sign_blob(
    files: FilesArgument,
    who: OidcFlags,
    services: ServiceFlags,
    parts: BlobOutputs,
    own: OwnCertificateFlags,
    key: KeyFlag = "",
    bundle: TargetFlag = "",
    one_bundle: OneBundleFlag = False,
    yes: YesFlag = False,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Sign files.

    Without --key you sign as yourself, or as the CI job that runs this: an authority certifies a key that lives for
    minutes and is forgotten. Each signature is verified, as users will, before its bundle is written. One sign-in and
    one certificate serve for all files. A key may have a certificate of its own (--certificate), which verifiers then
    ask for.
    """
    placed = place_bundles(files, bundle, parts, together=one_bundle)
    refuse_unreadable(files)
    statement = _name_all(files) if one_bundle else b""
    own.check(key)
    signing = own.certify(open_signing(key, services, who, yes=yes))
    made: list[JsonValue] = []
    for name, target in placed.items():
        if statement:
            found = sign_statement(statement, signing.key(), signing.services, signing.trust)
        else:
            found = sign_one(select_artifact(name), signing.key(), signing.services, signing.trust)
        target.write(found)
        made.append(describe_bundle(name, target, found))
    if output is Output.JSON:
        CURRENT.print(encode_json({"files": made}).decode())


def place_bundles(files: list[str], bundle: str, parts: BlobOutputs, *, together: bool) -> dict[str, SignatureFiles]:
    """Say where each signature goes, by what it is of.

    Raises:
        UsageError: One file for several signatures, or a bundle has no name that it could be called by, or one that
            an attestation has.
    """
    if together:
        if not bundle:
            raise UsageError("one bundle for all files has no usual name", "name it with --bundle")
        if not parts.new_bundle_format:
            raise UsageError(
                "cosign 2's bundles are of one file each, and --one-bundle is given", "leave one of the two flags out"
            )
        return {", ".join(files): parts.place((), bundle)}
    if bundle and len(files) > 1:
        raise UsageError(
            "--bundle is one file, and several are signed", f"leave it out: each gets FILE{SUFFIX}; or add --one-bundle"
        )
    placed = parts.place(files, bundle)
    if bundle or placed.signature:
        return dict.fromkeys(files, placed)
    if "-" in files:
        raise UsageError("standard input has no name to call its bundle by", "name one with --bundle")
    for name in files:
        refuse_other(f"{name}{SUFFIX}", attests=False)
    return {name: replace(placed, bundle=f"{name}{SUFFIX}") for name in files}


def _name_all(files: list[str]) -> bytes:
    """Return the statement about all files, which are read at the same time."""
    artifacts = [outcome.unwrap() for outcome in run_parallel(name_artifact, files)]
    return build_statement(artifacts, COSIGN_SIGN_V1, b"{}")


def describe_bundle(name: str, target: SignatureFiles, found: Bundle) -> JsonValue:
    """Say for programs what was made."""
    logged: list[JsonValue] = [
        {"logId": entry.log_id.hex(), "logIndex": entry.log_index} for entry in found.log_entries
    ]
    return {"file": name, "bundle": target.bundle or None, "logEntries": logged, "timestamps": len(found.timestamps)}
