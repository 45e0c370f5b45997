"""The steps of a verification by name, and what became of each (docs/formats/bundle.md has them in a table)."""

from enum import StrEnum
from typing import Final

from cosignpy.values import value


class Step(StrEnum):
    """What is looked at, in the words of the client specification where it has them."""

    FORM = "form"
    TIME = "time"
    LOG = "log"
    CERTIFICATE = "certificate"
    SCT = "sct"
    IDENTITY = "identity"
    DENY_LIST = "deny list"
    CLAIMS = "claims"
    SIGNATURE = "signature"
    ARTIFACT = "artifact"


class Outcome(StrEnum):
    """What became of a step."""

    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"
    NOT_REACHED = "not reached"


@value
class StepFinding:
    """One step, and why it was waived where it was."""

    step: Step
    outcome: Outcome
    waived_because: str = ""


KEY_STEPS: Final = (
    Step.FORM,
    Step.SIGNATURE,
    Step.DENY_LIST,
    Step.TIME,
    Step.LOG,
    Step.CLAIMS,
    Step.ARTIFACT,
)
"""For a signature by a key that the verifier has, in order."""

CERTIFICATE_STEPS: Final = (
    Step.FORM,
    Step.TIME,
    Step.LOG,
    Step.CERTIFICATE,
    Step.SCT,
    Step.IDENTITY,
    Step.DENY_LIST,
    Step.CLAIMS,
    Step.SIGNATURE,
    Step.ARTIFACT,
)
"""For a signature by a certificate, in order."""

BARE_KEY_STEPS: Final = (Step.FORM, Step.SIGNATURE, Step.DENY_LIST, Step.LOG, Step.ARTIFACT)
"""For a signature that nobody but the holder of a key vouches for."""
