"""`cosignpy verify-blob` and `cosignpy verify-blob-attestation`."""

from typing import Annotated

import typer

from cosignpy.cli.artifacts import SUFFIX, KnownDigest, select_artifact
from cosignpy.cli.flags import DataOutputFlag
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import Output
from cosignpy.cli.render.bundle import render_bundle
from cosignpy.cli.signer_flags import IdentityFlags, SignerFlags
from cosignpy.core.policy.bundle import BundlePolicy
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.predicates import select_predicate_type
from cosignpy.errors import UsageError
from cosignpy.operations.verify_bundle import VerifyBundle, verify_bundle

BlobArgument = Annotated[
    str, typer.Argument(metavar="BLOB", show_default=False, help="A file, - for standard input, or sha256:HEX.")
]
BundleFlag = Annotated[
    str,
    typer.Option(
        "--bundle", metavar="FILE", show_default=f"BLOB{SUFFIX}", help="The signature, as `sign-blob` wrote it."
    ),
]


def verify_blob(
    blob: BlobArgument,
    who: SignerFlags,
    identity: IdentityFlags,
    bundle: BundleFlag = "",
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Verify the signature of a file.

    A bundle with a statement about the file is accepted too, whatever the statement says of it.
    """
    policy = BundlePolicy(who.signer(identity), who.transparency, AnyPredicateUnsafe("verify-blob"))
    found = verify_bundle(VerifyBundle(_read_bundle(bundle, blob), policy), select_artifact(blob), who.trust)
    render_bundle(blob, found, output)


def verify_blob_attestation(
    blob: BlobArgument,
    who: SignerFlags,
    identity: IdentityFlags,
    predicate_type: Annotated[
        str, typer.Option("--type", metavar="TYPE|URI", show_default=False, help="The predicate type that is wanted.")
    ],
    bundle: BundleFlag = "",
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Verify an attestation about a file."""
    wanted = PredicateTypeIs(select_predicate_type(predicate_type))
    policy = BundlePolicy(who.signer(identity), who.transparency, wanted)
    found = verify_bundle(VerifyBundle(_read_bundle(bundle, blob), policy), select_artifact(blob), who.trust)
    render_bundle(blob, found, output)


def _read_bundle(bundle: str, blob: str) -> bytes:
    """Read the bundle that is named, else the one beside the file.

    Raises:
        UsageError: Nothing is beside what has no name.
        FileError: It cannot be read.
    """
    artifact = select_artifact(blob)
    if not bundle and (blob == "-" or isinstance(artifact, KnownDigest)):
        raise UsageError("there is no file beside which a bundle could lie", "name the bundle with --bundle")
    return read_input(bundle or f"{blob}{SUFFIX}")
