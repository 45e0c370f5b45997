"""What a token says once it is verified, and the refusal of one that says too little or something else."""

from collections.abc import Mapping
from typing import TypeAlias

from cosignpy.errors import CosignError
from cosignpy.values import record

Claims: TypeAlias = Mapping[str, object]
"""The claims of a verified token as JSON has them: str, int, float, bool, None, list, and dict with str keys."""


@record
class TokenRefused(CosignError):
    """A token for which nothing is issued.

    `why` is for the audit log: clients are told only that their token could not be processed, as the real server
    tells them. It holds neither the token nor values of claims, which may be secrets or lies.
    """

    why: str

    def __str__(self) -> str:
        return f"the identity token is refused: {self.why}"
