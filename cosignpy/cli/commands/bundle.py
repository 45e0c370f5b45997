"""`cosignpy bundle inspect`, `diff` and `verify`."""

from typing import Annotated, Final

import typer

from cosignpy.cli import exit_codes
from cosignpy.cli.artifacts import select_artifact
from cosignpy.cli.deny_flags import DenyFlags
from cosignpy.cli.flags import DataOutputFlag
from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.bundle import render_bundle, render_refusal
from cosignpy.cli.render.bundle_description import render_claimed, render_differences, render_inspection
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.core.bundle.description import describe_bundle
from cosignpy.core.bundle.difference import diff_bundles
from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.encoding import JsonObject
from cosignpy.core.policy.bundle import BundlePolicy
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.predicates import select_predicate_type
from cosignpy.errors import CosignError, DeadlineExceeded, MalformedError, UsageError
from cosignpy.operations.claimed_artifact import ClaimedArtifact
from cosignpy.operations.verify_bundle import VerifyBundle, verify_bundle

_HELP: Final = "A file, or - for standard input."
_OLD: Final = "base64Signature"
"""The member that cosign 2's own JSON about a file has, and no bundle has."""
_LEGACY: Final = "Base64Signature"
"""The member that `download signature` has of legacy signatures, and no bundle has."""


def inspect(
    file: Annotated[
        str, typer.Argument(metavar="FILE", show_default=False, help=f"{_HELP} One bundle, or one a line.")
    ],
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Show what a bundle says: what is signed, by whom, where it is logged, and when.

    Nothing of it is verified. Bundles of an image: cosignpy download signature IMAGE | cosignpy bundle inspect -
    """
    bundles = [_parse(raw) for raw in _without_legacy(_split(read_input(file)))]
    render_inspection(file, [describe_bundle(bundle) for bundle in bundles], output)


def diff(
    left: Annotated[str, typer.Argument(metavar="A", show_default=False, help=_HELP)],
    right: Annotated[str, typer.Argument(metavar="B", show_default=False, help=_HELP)],
    output: DataOutputFlag = Output.TEXT,
) -> int:
    """Show what differs between two bundles in what they say; exits with 1 where something does.

    How they are written makes no difference: spelling of JSON, order of log entries and timestamps.
    """
    if left == right == "-":
        raise UsageError("standard input can be read once", "name a file for one of the two")
    found = diff_bundles(_parse(read_input(left)), _parse(read_input(right)))
    render_differences(left, right, found, output)
    return exit_codes.FAILURE if found else exit_codes.OK


def verify(
    file: Annotated[str, typer.Argument(metavar="FILE", show_default=False, help=_HELP)],
    who: SignerFlags,
    identity: IdentityFlags,
    deny: DenyFlags,
    artifact: Annotated[
        str | None,
        typer.Argument(
            metavar="[ARTIFACT]", show_default=False, help="What is signed: a file, - for stdin, or sha256:HEX."
        ),
    ] = None,
    predicate_type: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPE|URI", show_default="any", help="The predicate type that is wanted."),
    ] = None,
    output: DataOutputFlag = Output.TEXT,
) -> int:
    """Verify a bundle: who signed, when, in which logs it is.

    Without the ARTIFACT all of that is proved of the digest that the bundle names, and nothing of any file: compare
    the digest with that of what you have.
    """
    try:
        _verify(file, artifact, _policy(who, identity, deny, predicate_type), who, output)
    except DeadlineExceeded:
        raise
    except CosignError as error:
        if CURRENT.output is Output.TEXT:
            raise
        return render_refusal(artifact or file, error)
    return exit_codes.OK


def _policy(who: SignerFlags, identity: IdentityFlags, deny: DenyFlags, predicate_type: str | None) -> BundlePolicy:
    anything = AnyPredicateUnsafe("no --type")
    wanted = anything if predicate_type is None else PredicateTypeIs(select_predicate_type(predicate_type))
    return BundlePolicy(who.signer(identity), who.transparency, wanted, deny.read())


def _verify(file: str, artifact: str | None, policy: BundlePolicy, who: SignerFlags, output: Output) -> None:
    if file == artifact == "-":
        raise UsageError("standard input can be read once", "name a file for one of the two")
    if artifact == "":
        raise UsageError("the artifact has no name", "is a variable unset that should have it?")
    bundle = _parse(read_input(file))
    request = VerifyBundle(bundle, policy)
    if artifact is not None:
        render_bundle(artifact, verify_bundle(request, select_artifact(artifact), who.trust), output)
        return
    claimed = ClaimedArtifact.of(bundle)
    render_claimed(str(claimed), verify_bundle(request, claimed, who.trust), output)


def _parse(raw: bytes) -> Bundle:
    """Parse a bundle.

    Raises:
        MalformedError: It is none; the hint says how to get one out of what cosign 2 has in its place.
    """
    if _OLD in JsonObject.parse(raw, what="bundle"):
        error = MalformedError("bundle", "it is cosign 2's own JSON, which is older than bundles")
        error.hint = "bring it up to date: cosignpy bundle upgrade FILE"
        raise error
    return parse_bundle(raw)


def _split(raw: bytes) -> list[bytes]:
    """Return the documents of a file with one on each line; any other file is one document."""
    lines = [line for line in raw.splitlines() if line.strip()]
    return lines if lines and all(line.startswith(b"{") and line.endswith(b"}") for line in lines) else [raw]


def _without_legacy(documents: list[bytes]) -> list[bytes]:
    """Leave out what `download signature` prints of legacy signatures, which are no bundles.

    Raises:
        MalformedError: Nothing else is there.
    """
    bundles = [raw for raw in documents if _LEGACY not in JsonObject.parse(raw, what="bundle")]
    count = len(documents) - len(bundles)
    if count:
        CURRENT.warn(f"left out, since they are no bundles: {count} legacy signature{'' if count == 1 else 's'}")
    if not bundles:
        raise MalformedError("bundle", "there are legacy signatures alone")
    return bundles
