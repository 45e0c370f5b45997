"""`cosignpy attest-blob`."""

from typing import Annotated

import typer

from cosignpy.cli.artifacts import SUFFIX, name_artifact
from cosignpy.cli.commands.sign_blob import KeyFlag, TargetFlag, describe_bundle
from cosignpy.cli.detached_output import AttestationOutputs, SignatureFiles, refuse_other
from cosignpy.cli.flags import DataOutputFlag, YesFlag
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.cli.own_certificate import OwnCertificateFlags
from cosignpy.cli.predicate_flags import PredicateFlags
from cosignpy.cli.service_flags import ServiceFlags
from cosignpy.cli.wiring_signing import open_signing
from cosignpy.core.encoding import encode_json
from cosignpy.errors import UsageError
from cosignpy.operations.attest_blob import sign_statement
from cosignpy.operations.parallel import run_parallel


def attest_blob(
    what: PredicateFlags,
    who: OidcFlags,
    services: ServiceFlags,
    parts: AttestationOutputs,
    own: OwnCertificateFlags,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE...]", show_default=False, help="Files, or sha256:HEX. A --statement needs none."),
    ] = None,
    key: KeyFlag = "",
    bundle: TargetFlag = "",
    yes: YesFlag = False,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Attest something about files: one signed statement about all of them, in one bundle.

    The predicate goes into the statement as it is, to the last digit.
    """
    names = files or []
    if not names and not what.statement:
        raise UsageError("an attestation is about something", "name the files")
    target = _place(names, bundle, parts)
    said = what.read()
    payload = said.about([outcome.unwrap() for outcome in run_parallel(name_artifact, names)])
    own.check(key)
    signing = own.certify(open_signing(key, services, who, yes=yes))
    found = sign_statement(payload, signing.key(), signing.services, signing.trust)
    target.write(found)
    if output is Output.JSON:
        CURRENT.print(encode_json({"files": [describe_bundle(", ".join(names), target, found)]}).decode())


def _place(files: list[str], bundle: str, parts: AttestationOutputs) -> SignatureFiles:
    """Say where everything goes.

    Raises:
        UsageError: There is no one file that the bundle could be called by, or a signature is called by it.
    """
    if bundle or parts.output_signature:
        return parts.place(bundle)
    if len(files) != 1 or files == ["-"]:
        raise UsageError("there is no one file to call the bundle by", "name it with --bundle")
    refuse_other(f"{files[0]}{SUFFIX}", attests=True)
    return parts.place(f"{files[0]}{SUFFIX}")
