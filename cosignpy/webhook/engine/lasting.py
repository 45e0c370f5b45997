"""For how long a verdict counts: as long as the same would be decided, which is found out when it is made.

Most of what is demanded of signatures has nothing to do with the time of deciding. Where it has (`maxAge`, periods of
keys, certificates whose time of signing nobody vouches for), it is decided once more for the end of the time.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cosignpy.core.policy.image import ImagePolicy
from cosignpy.errors import CosignError
from cosignpy.imagepolicy.decision import ImageDecision, Outcome
from cosignpy.imagepolicy.model import ImagePolicyDocument, Static
from cosignpy.imagepolicy.requirements import build_image_policy
from cosignpy.operations.decision_cache import asks_the_time
from cosignpy.operations.verify_by_policies import DecidedImage, VerifyByPolicies
from cosignpy.values import replace


def lasts(
    request: VerifyByPolicies,
    decision: ImageDecision,
    verify: Callable[[VerifyByPolicies], DecidedImage],
    wanted: tuple[float, float],
) -> tuple[float, float]:
    """Return for how many seconds an image stays admitted, of those that are wanted: at first, and after that.

    Raises:
        DeadlineExceeded: There was no time to find out.
    """
    lifetime, grace = wanted
    if any(map(asks_the_time, request.policies)):
        return 0.0, 0.0
    for first, after in ((lifetime, grace), (lifetime, 0.0), (lifetime / 10, 0.0)):
        later = request.moment + timedelta(seconds=first + after)
        if _demand(request.policies, request.moment) == _demand(request.policies, later):
            return first, after
        if _agree(decision, verify(replace(request, moment=later)).decision):
            return first, after
    return 0.0, 0.0


def _agree(decision: ImageDecision, later: ImageDecision) -> bool:
    """Tell whether the same authorities let an image pass."""
    return later.outcome is Outcome.PASSED and [
        [each.outcome for each in verdict.authorities] for verdict in decision.policies
    ] == [[each.outcome for each in verdict.authorities] for verdict in later.policies]


def _demand(policies: Sequence[ImagePolicyDocument], moment: datetime) -> list[ImagePolicy | None]:
    """Return what all authorities demand of signatures at a moment; nothing of those that nothing satisfies."""
    demands = list[ImagePolicy | None]()
    for policy in policies:
        for authority in policy.authorities:
            if not isinstance(authority.signer, Static):
                try:
                    demands.append(build_image_policy(authority, moment))
                except CosignError:
                    demands.append(None)
    return demands
