"""Flags about what an attestation says, with cosign's names."""

from typing import Annotated

import typer

from cosignpy.cli.input_files import name_input, read_input
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.wanted_type import DEFAULT_TYPE
from cosignpy.core.predicates import (
    MAX_PREDICATE,
    NamedArtifact,
    Predicate,
    build_statement,
    check_statement,
    select_predicate_type,
)
from cosignpy.core.predicates.sbom import Sbom, parse_predicate, read_sbom
from cosignpy.core.predicates.statement import parse_statement
from cosignpy.errors import UsageError
from cosignpy.values import field, value


@value
class Said:
    """What is said, and of which type it is: a predicate, or a whole statement that somebody else wrote."""

    type: str
    content: Predicate | bytes = field(repr=False)

    @property
    def size(self) -> int:
        """How many octets it has."""
        return len(self.content if isinstance(self.content, bytes) else self.content.octets)

    def about(self, artifacts: list[NamedArtifact]) -> bytes:
        """Return the statement about these.

        Raises:
            UsageError: The statement is not about one of them.
            LimitExceeded: More artifacts than verifiers read.
        """
        if isinstance(self.content, bytes):
            return check_statement(self.content, artifacts)
        return build_statement(artifacts, self.type, self.content)


@value
class PredicateFlags:
    """What the attestation says."""

    predicate: Annotated[
        str, typer.Option("--predicate", metavar="FILE", show_default=False, help="What is said, in JSON.")
    ] = ""
    predicate_type: Annotated[str, typer.Option("--type", metavar="TYPE|URI", help="What kind of thing it says.")] = (
        DEFAULT_TYPE
    )
    statement: Annotated[
        str, typer.Option("--statement", metavar="FILE", show_default=False, help="A whole in-toto statement instead.")
    ] = ""
    sbom_from: Annotated[
        str,
        typer.Option(
            "--sbom-from", metavar="FILE", show_default=False, help="An SBOM of syft, trivy or cyclonedx-bom instead."
        ),
    ] = ""
    no_validate: Annotated[
        bool, typer.Option("--no-validate", help="Do not look whether it is what its type says.")
    ] = False

    def read(self) -> Said:
        """Read what is said, and check that it is what its type says.

        Raises:
            UsageError: Not exactly one of predicate, statement and SBOM, or a type that is none.
            MalformedError: It is not JSON, not a statement, or not what its type says.
            FileError: It cannot be read.
        """
        given = [path for path in (self.predicate, self.statement, self.sbom_from) if path]
        if len(given) != 1:
            problem = "an attestation says one thing" if given else "an attestation says something"
            raise UsageError(problem, "give --predicate with --type, --sbom-from, or --statement")
        (path,) = given
        content = read_input(path, MAX_PREDICATE)
        with name_input(path):
            said = self._read_unchecked(content) if self.no_validate else self._read_valid(content)
        if isinstance(said.content, bytes):
            return said
        if said.content.is_text:
            CURRENT.warn("SPDX as text is an attestation that cosign 3 does not read out of bundles; as JSON it does")
        return Said(said.type, said.content.forget())

    def _read_unchecked(self, content: bytes) -> Said:
        CURRENT.warn("--no-validate: what is signed may be something else than its type says; verifiers will not look")
        if self.statement:
            return Said(parse_statement(content).predicate_type, content)
        if self.sbom_from:
            return _said_by(read_sbom(content, self._claimed()))
        return Said(select_predicate_type(self.predicate_type), parse_predicate(self.predicate_type, content))

    def _read_valid(self, content: bytes) -> Said:
        from cosignpy.operations.validate_predicate import (  # with a validator that takes a while to load
            validate_predicate,
            validate_sbom,
            validate_whole_statement,
        )

        if self.statement:
            return Said(validate_whole_statement(content), content)
        if self.sbom_from:
            return _said_by(validate_sbom(content, self._claimed()))
        return Said(select_predicate_type(self.predicate_type), validate_predicate(self.predicate_type, content))

    def _claimed(self) -> str:
        """Return the type that an SBOM is said to be: none where no type was named."""
        return "" if self.predicate_type == DEFAULT_TYPE else self.predicate_type


def _said_by(sbom: Sbom) -> Said:
    return Said(select_predicate_type(sbom.type_name), sbom.predicate)
