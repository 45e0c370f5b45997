"""`cosignpy attest-blob`."""

from pathlib import Path
from typing import Annotated

import typer

from cosignpy.cli.artifacts import SUFFIX, select_artifact
from cosignpy.cli.commands.sign_blob import KeyFlag, TargetFlag, describe_bundle
from cosignpy.cli.flags import DataOutputFlag, YesFlag
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.cli.service_flags import ServiceFlags
from cosignpy.cli.wiring_signing import open_signing
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.predicates import NamedArtifact, build_statement, check_statement, select_predicate_type
from cosignpy.errors import UsageError
from cosignpy.files import PRIVATE, write_file
from cosignpy.operations.attest_blob import sign_statement
from cosignpy.values import value


@value
class PredicateFlags:
    """What the attestation says."""

    predicate: Annotated[
        str, typer.Option("--predicate", metavar="FILE", show_default=False, help="What is said about the files: JSON.")
    ] = ""
    predicate_type: Annotated[str, typer.Option("--type", metavar="TYPE|URI", help="What kind of thing it says.")] = (
        "custom"
    )
    statement: Annotated[
        str, typer.Option("--statement", metavar="FILE", show_default=False, help="A whole in-toto statement instead.")
    ] = ""

    def build(self, artifacts: list[NamedArtifact]) -> bytes:
        """Return the statement about these.

        Raises:
            UsageError: Neither predicate nor statement, or both.
            MalformedError: It is not JSON, or not a statement.
        """
        if bool(self.predicate) == bool(self.statement):
            raise UsageError("an attestation says something", "give --predicate with --type, or --statement")
        if not artifacts and not self.statement:
            raise UsageError("an attestation is about something", "name the files")
        if self.statement:
            return check_statement(read_input(self.statement), artifacts)
        return build_statement(artifacts, select_predicate_type(self.predicate_type), read_input(self.predicate))


def attest_blob(
    what: PredicateFlags,
    who: OidcFlags,
    services: ServiceFlags,
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
    target = _bundle_path(names, bundle)
    payload = what.build([_name(file) for file in names])
    signing = open_signing(key, services, who, yes=yes)
    found = sign_statement(payload, signing.key(), signing.services, signing.trust)
    write_file(target, encode_bundle(found), PRIVATE)
    CURRENT.say(f"Wrote bundle to file {target}")
    if output is Output.JSON:
        CURRENT.print(encode_json({"files": [describe_bundle(", ".join(names), target, found)]}).decode())


def _bundle_path(files: list[str], bundle: str) -> Path:
    """Say where the bundle goes.

    Raises:
        UsageError: There is no one file that it could be called by.
    """
    if bundle:
        return Path(bundle)
    if len(files) != 1 or files == ["-"]:
        raise UsageError("there is no one file to call the bundle by", "name it with --bundle")
    return Path(f"{files[0]}{SUFFIX}")


def _name(file: str) -> NamedArtifact:
    """Hash a file, which verifiers find by its digest; `sha256:HEX` stands for one that is somewhere else."""
    ((algorithm, digest),) = select_artifact(file).read_digests(frozenset({"sha256"})).items()
    return NamedArtifact(Path(file).name, Digest(algorithm, digest.hex()))
