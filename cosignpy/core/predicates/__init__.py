"""What attestations say: types by name, statements around predicates, their validation, SBOMs and provenance."""

from cosignpy.core.predicates.statement import (
    MAX_PREDICATE,
    NamedArtifact,
    Predicate,
    build_statement,
    check_statement,
)
from cosignpy.core.predicates.types import (
    CUSTOM,
    PREDICATE_TYPES,
    accepted_predicate_types,
    describe_predicate_type,
    select_predicate_type,
)

__all__ = [
    "CUSTOM",
    "MAX_PREDICATE",
    "PREDICATE_TYPES",
    "NamedArtifact",
    "Predicate",
    "accepted_predicate_types",
    "build_statement",
    "check_statement",
    "describe_predicate_type",
    "select_predicate_type",
]
