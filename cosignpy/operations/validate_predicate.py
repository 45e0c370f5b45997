"""Check what an attestation is to say before it is signed: read once, checked by the schema of its type."""

from cosignpy.core.predicates.sbom import Sbom, parse_predicate, read_sbom
from cosignpy.core.predicates.statement import Predicate
from cosignpy.core.predicates.validation import validate, validate_statement
from cosignpy.schemas import load_cyclonedx


def validate_predicate(predicate_type: str, content: bytes) -> Predicate:
    """Return a predicate, for `build_statement`, once it is shown to be what its type says.

    Args:
        predicate_type: What `--type` says: a name, or a URI. A type that is not known takes any JSON object.
        content: What is to be signed.

    Raises:
        UsageError: Not a predicate type.
        MalformedError: Not strict JSON.
        InvalidPredicate: Not what its type says, with line and field.
        LimitExceeded: Larger or deeper than any.
    """
    predicate = parse_predicate(predicate_type, content)
    validate(predicate_type, predicate, load_cyclonedx)
    return predicate


def validate_sbom(content: bytes, claimed: str = "") -> Sbom:
    """Return an SBOM file as a predicate, once it is shown to be what it says it is.

    Raises:
        UsageError: Another type than claimed, or a form that cannot be attested.
        MalformedError: No SBOM, or not what its format demands.
    """
    found = read_sbom(content, claimed)
    validate(found.type_name, found.predicate, load_cyclonedx)
    return found


def validate_whole_statement(raw: bytes) -> str:
    """Check the predicate of a statement that somebody else wrote, and return its type.

    Raises:
        MalformedError: Not a statement, or its predicate is not what its type says.
    """
    return validate_statement(raw, load_cyclonedx)
