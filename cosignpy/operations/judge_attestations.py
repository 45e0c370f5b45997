"""Judge what attestations say by conditions, once it is shown who said it.

As with cosign every attestation that counts has to satisfy every condition: one that does not refuses the artifact.
"""

from collections.abc import Iterable, Sequence

from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.errors import AttestationsRefused, ConditionRefused, Rejection
from cosignpy.imagepolicy.conditions.condition import Condition, ConditionInput
from cosignpy.values import field, value


@value
class Attestation:
    """An attestation that counts: where it lies, the statement as it was signed, and what was shown beside it."""

    location: str
    statement: bytes = field(repr=False)
    evidence: JsonValue = field(repr=False)


def judge_attestations(
    name: str, attestations: Iterable[Attestation], conditions: Sequence[Condition]
) -> tuple[str, ...]:
    """Return the warnings of conditions that all hold for each attestation.

    Raises:
        AttestationsRefused: One does not hold; each reason is in the error.
    """
    warnings, refused = list[str](), list[Rejection]()
    for attestation in attestations:
        given = ConditionInput(attestation.statement, encode_json(attestation.evidence))
        for condition in conditions:
            try:
                warnings += condition.check(given)
            except ConditionRefused as error:
                refused.append(Rejection(attestation.location, error))
    if refused:
        raise AttestationsRefused(name, tuple(refused), f"{len(refused)} validation errors occurred")
    return tuple(warnings)
