"""What is remembered of each decision: who is told of it after it was made."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from cosignpy.values import value
from cosignpy.webhook.answer import Answer, Finding
from cosignpy.webhook.request import AdmissionRequest


class Webhook(StrEnum):
    """Which one was asked: two about workloads, and two about resources of ours."""

    MUTATING = "mutating"
    VALIDATING = "validating"
    DEFAULTING = "defaulting"
    RESOURCES = "resources"


@value
class Decision:
    """A request with its answer. `seconds` is how long it took; `request` is None where the review was malformed."""

    webhook: Webhook
    request: AdmissionRequest | None
    answer: Answer
    findings: tuple[Finding, ...]
    seconds: float


Record: TypeAlias = Callable[[Decision], None]
"""Is told of each decision once its answer is on its way; it must not raise, and not wait."""
