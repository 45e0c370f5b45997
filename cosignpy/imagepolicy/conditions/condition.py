"""What every condition is, whatever it is written in."""

from enum import StrEnum
from typing import Protocol

from cosignpy.values import value


@value
class ConditionInput:
    """What a condition is about.

    `document` is the JSON that is judged, a statement as it was signed for instance. `evidence` is a JSON object with
    what was shown beside it: who signed, when, where it is logged; None where there is nothing.
    """

    document: bytes
    evidence: bytes | None = None


class Absent(StrEnum):
    """What becomes of a document without a field that a policy in CUE names."""

    PASSES = "passes"
    REFUSED = "refused"


class Condition(Protocol):
    """Something that holds for a document, or does not."""

    def check(self, given: ConditionInput) -> tuple[str, ...]:
        """Return the warnings of a condition that holds.

        Raises:
            ConditionRefused: It does not hold, is undefined, fails, or takes more than it may.
        """
