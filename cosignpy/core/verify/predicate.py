"""What a signed statement says, by its type and, where more is demanded of it, by its predicate."""

from cosignpy.core.dsse import Envelope
from cosignpy.core.intoto import Statement
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.errors import ClaimMismatch


def verify_predicate(envelope: Envelope, rule: PredicateTypeIs | AnyPredicateUnsafe) -> Statement:
    """Show that the statement in an envelope is of the type that is wanted, and return it without its predicate.

    The predicate is looked at where provenance is demanded, and nowhere else.

    Raises:
        MalformedError: Not a statement, or not the provenance that its type says.
        ClaimMismatch: Another predicate type, or provenance of another builder or source.
    """
    statement = envelope.statement
    if isinstance(rule, AnyPredicateUnsafe):
        return statement
    if not rule.accepts(statement.predicate_type):
        raise ClaimMismatch("predicate type", rule.wanted, statement.predicate_type)
    if rule.provenance is not None:
        rule.provenance.verify(Statement.parse(envelope.payload))
    return statement
