"""The type of statements that a verifier wants, with cosign's flag and default."""

from typing import Annotated, Final

import typer

from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.predicates import accepted_predicate_types

DEFAULT_TYPE: Final = "custom"
"""What cosign signs and verifies where no type is named; where another is found, the refusal names it."""
WantedTypeFlag = Annotated[str, typer.Option("--type", metavar="TYPE|URI", help="The predicate type that is wanted.")]


def wanted_predicate(name: str) -> PredicateTypeIs:
    """Return the rule that a verifier has for what `--type` says: a name stands for older URIs of the type as well.

    Raises:
        UsageError: Neither a name that is known nor a URI.
    """
    uri, *aliases = accepted_predicate_types(name)
    return PredicateTypeIs(uri, tuple(aliases))
