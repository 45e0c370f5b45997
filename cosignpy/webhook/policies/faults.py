"""What keeps a policy or a trust root from being in force as its newest object has it."""

from enum import StrEnum
from typing import Final

from cosignpy.documents import DocumentError
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


def fault_of(stage: Stage, error: Exception) -> Fault:
    """Return a fault: what is wrong with octets, or with which field of the object and what is to be done.

    An error that is none of ours is a mistake in this program: it is to refuse images, and not to end all work.
    """
    said = str(error) if isinstance(error, CosignError) else f"it cannot be read ({type(error).__name__})"
    if isinstance(error, MalformedError):
        said = error.why
    elif isinstance(error, DocumentError):
        said = error.problem.removeprefix(f"{error.file}:{error.line}: ")
        said += f" ({error.hint})" if error.hint else ""
    return Fault(stage, said[:MAX_MESSAGE])
