"""What a verification has shown so far: on the way, and with the error where it ends in a refusal.

A refusal is a decision too, and has to be explained like any other: which steps held, which one did not, which were not
reached. An error that leaves a trail's block takes the trail along; `trail_of` finds it.
"""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, ParamSpec, Self, TypeVar

from cosignpy.core.policy.bundle import BundlePolicy
from cosignpy.core.verify.findings import CertificateFinding, LogEntryFinding, ObservedTime, VerifiedBundle
from cosignpy.core.verify.steps import BARE_KEY_STEPS, Outcome, Step, StepFinding
from cosignpy.errors import CosignError
from cosignpy.values import field, record

P = ParamSpec("P")
T = TypeVar("T")

_PASSED: Final = {step: StepFinding(step, Outcome.PASSED) for step in Step}
"""Made once: servers verify thousands of bundles, and nearly all of their steps hold."""


@record
class Trail:
    """The steps that are to be taken, those that were, and what they found.

    Attributes:
        plan: All steps, in order.
        waived: Those that the policy does without, and why.
        passed: Those that held.
        current: The one that is being taken; of a refusal, the one that did not hold.
        times: The times that were shown by then.
        entries: The log entries that were shown by then.
        certificate: The certificate, once its authority and its logs have been shown.
        policy: What is demanded.
    """

    plan: tuple[Step, ...]
    waived: Mapping[Step, str] = field(default_factory=dict)
    passed: set[Step] = field(default_factory=set)
    current: Step = Step.FORM
    times: tuple[ObservedTime, ...] = ()
    entries: tuple[LogEntryFinding, ...] = ()
    certificate: CertificateFinding | None = None
    policy: BundlePolicy | None = None

    @classmethod
    def of_key_alone(cls, waived_because: str) -> Self:
        """Begin where nobody but the holder of a key vouches for anything."""
        return cls(BARE_KEY_STEPS, {Step.LOG: waived_because})

    @classmethod
    def after(cls, found: VerifiedBundle) -> Self:
        """Go on behind a bundle that was verified: with what its statement says."""
        waived = {each.step: each.waived_because for each in found.steps if each.outcome is Outcome.WAIVED}
        plan = tuple([each.step for each in found.steps])
        shown = (found.times, found.entries, found.certificate, found.policy)
        return cls(plan, waived, set(plan), Step.ARTIFACT, *shown)

    def step(self, step: Step, check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Take a step, and note that it held.

        Raises:
            CosignError: It did not.
        """
        found = self.part(step, check, *args, **kwargs)
        self.passed.add(step)
        return found

    def part(self, step: Step, check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do what belongs to a step and does not complete it.

        Raises:
            CosignError: It did not hold.
        """
        self.current = step
        return check(*args, **kwargs)

    def steps(self) -> tuple[StepFinding, ...]:
        """Say what became of each step when all was well."""
        return tuple([self._finding(step, None) for step in self.plan])

    def steps_until_refusal(self) -> tuple[StepFinding, ...]:
        """Say what became of each step when the current one did not hold."""
        return tuple([self._finding(step, self.current) for step in self.plan])

    def _finding(self, step: Step, failed: Step | None) -> StepFinding:
        if step is failed:
            return StepFinding(step, Outcome.FAILED)
        if step in self.waived:
            return StepFinding(step, Outcome.WAIVED, self.waived[step])
        return _PASSED[step] if step in self.passed else StepFinding(step, Outcome.NOT_REACHED)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Give the trail to the error that ends it."""
        if isinstance(error, CosignError):
            error.shown = self


def trail_of(error: CosignError) -> Trail | None:
    """Return how far a verification came that ended with this error; None for errors of anything else."""
    return error.shown if isinstance(error.shown, Trail) else None
