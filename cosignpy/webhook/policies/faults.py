"""What keeps a policy or a trust root from being in force as its newest object has it."""

from enum import StrEnum
from typing import Final

from cosignpy.errors import CosignError, MalformedError
from cosignpy.values import value


class Stage(StrEnum):
    """What did not work, as the policy controller's conditions have it."""

    READING = "reading"
    KEYS = "keys"
    TEXTS = "texts"


@value
class Fault:
    """A fault and where it is; with `is_gone` something was deleted that the policy needs."""

    stage: Stage
    message: str
    is_gone: bool = False


MAX_MESSAGE: Final = 1024
"""Characters of a fault; a status is read by people, and stored with the object."""


def fault_of(stage: Stage, error: CosignError) -> Fault:
    """Return a fault: of an error about octets what is wrong with them, else the error as it is."""
    said = error.why if isinstance(error, MalformedError) else str(error)
    return Fault(stage, said[:MAX_MESSAGE])
