"""Flags about what provenance has to say, for `verify-attestation` and `verify-blob-attestation`."""

from typing import Annotated

import typer

from cosignpy.cli.wanted_type import wanted_predicate
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.errors import UsageError
from cosignpy.values import replace, value


@value
class ProvenanceFlags:
    """Who has to have built it, and from what."""

    builder_id: Annotated[
        str,
        typer.Option(
            "--builder-id",
            metavar="URI[@VERSION]",
            show_default=False,
            help="Provenance has to name this builder, of this version where there is one.",
        ),
    ] = ""
    source_uri: Annotated[
        str,
        typer.Option(
            "--source-uri",
            metavar="URI[@REF]",
            show_default=False,
            help="Provenance has to name this source: github.com/team/app, or git+https://github.com/team/app@REF.",
        ),
    ] = ""
    source_tag: Annotated[
        str,
        typer.Option("--source-tag", metavar="TAG", show_default=False, help="Provenance has to name this git tag."),
    ] = ""
    source_digest: Annotated[
        str,
        typer.Option("--source-digest", metavar="SHA", show_default=False, help="Provenance has to name this commit."),
    ] = ""
    build_type: Annotated[
        str,
        typer.Option("--build-type", metavar="URI", show_default=False, help="Provenance has to be of this kind."),
    ] = ""

    def wanted(self, predicate_type: str) -> PredicateTypeIs:
        """Return the rule about a predicate type, and about what it says where that is provenance.

        Raises:
            UsageError: Not a predicate type, or one that is no provenance, with a flag about provenance.
        """
        rule = wanted_predicate(predicate_type)
        asked = (self.builder_id, self.source_uri, self.source_tag, self.source_digest, self.build_type)
        if not any(asked):
            return rule
        from cosignpy.core.policy.provenance import PROVENANCE_TYPES, ProvenanceRule

        if rule.wanted not in PROVENANCE_TYPES:
            raise UsageError(
                f"{predicate_type} says nothing about builders and sources",
                "these flags go with --type slsaprovenance1, or slsaprovenance02",
            )
        return replace(rule, provenance=ProvenanceRule(*asked))
