"""Why images are refused, as one word: the table from errors to causes."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Final

from cosignpy.documents import DocumentError
from cosignpy.errors import (
    AccessDenied,
    ConditionRefused,
    CosignError,
    DeadlineExceeded,
    FileError,
    HelperFailed,
    KeyUnusable,
    NoSuchTag,
    RateLimited,
    RemoteError,
    TransparencyRequired,
    Unreachable,
    UntrustedRepository,
    UsageError,
)
from cosignpy.imagepolicy.decision import ImageDecision, Outcome, PolicyVerdict
from cosignpy.net.failures import ForbiddenServer
from cosignpy.webhook.verdicts import Cause

_CAUSES: Final[tuple[tuple[type[CosignError], Cause], ...]] = (
    (DeadlineExceeded, Cause.TIMEOUT),
    (AccessDenied, Cause.CREDENTIALS),
    (ForbiddenServer, Cause.CONFIGURATION),
    (Unreachable, Cause.UNREACHABLE),
    (RemoteError, Cause.UNREACHABLE),
    (NoSuchTag, Cause.NOT_FOUND),
    (UntrustedRepository, Cause.TRUST),
    (TransparencyRequired, Cause.TRUST),
    (ConditionRefused, Cause.POLICY),
    (DocumentError, Cause.CONFIGURATION),
    (UsageError, Cause.CONFIGURATION),
    (KeyUnusable, Cause.CONFIGURATION),
    (HelperFailed, Cause.CONFIGURATION),
    (FileError, Cause.CONFIGURATION),
)
"""The first that fits; of everything else a policy refuses the image."""

_AWAY: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""With what a registry answers that cannot, and may again."""


def cause_of(error: CosignError) -> Cause:
    """Return the cause that an error is."""
    return next((cause for kind, cause in _CAUSES if isinstance(error, kind)), Cause.POLICY)


def is_away(error: CosignError) -> bool:
    """Tell whether an error says nothing but that somebody cannot be reached, or does not answer in time.

    A server that must not be spoken to, or that has the certificate of another, is none of these.
    """
    if isinstance(error, DeadlineExceeded | RateLimited):
        return True
    if isinstance(error, Unreachable):
        return type(error) is Unreachable
    return isinstance(error, RemoteError) and error.status in _AWAY


def failed_policies(decision: ImageDecision) -> Sequence[PolicyVerdict]:
    """Return the policies that the outcome comes from, where it is not that the image passed."""
    wanted = decision.outcome
    return [] if wanted is Outcome.PASSED else [each for each in decision.policies if each.outcome is wanted]


def cause_of_decision(decision: ImageDecision) -> Cause | None:
    """Return why an image is refused, or warned of; nothing where it passed.

    A policy that has a look at the image and refuses it comes before everything that went wrong.
    """
    if decision.outcome is Outcome.PASSED:
        return None
    found = [_worst(map(cause_of, each.errors)) for each in failed_policies(decision)]
    return Cause.POLICY if Cause.POLICY in found else next(iter(found), Cause.UNCOVERED)


def is_decision_away(decision: ImageDecision) -> bool:
    """Tell whether each policy that refuses an image might let it pass, were everybody reached."""
    failed = failed_policies(decision)
    return bool(failed) and all(any(map(is_away, each.errors)) for each in failed)


def names_away(decision: ImageDecision) -> bool:
    """Tell whether anybody could not be reached, whatever became of the image."""
    return any(is_away(error) for each in failed_policies(decision) for error in each.errors)


def _worst(causes: Iterable[Cause]) -> Cause:
    """Return what explains that no authority passed: what went wrong rather than that one did not vouch."""
    return next((each for each in causes if each is not Cause.POLICY), Cause.POLICY)
