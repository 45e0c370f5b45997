"""For how long an admission counts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.imagepolicy.conduct import POLICY_CONTROLLER
from cosignpy.imagepolicy.decision import AuthorityVerdict, ImageDecision, Outcome, PolicyVerdict
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.operations.verify_by_policies import DecidedImage, VerifyByPolicies
from cosignpy.values import replace
from cosignpy.webhook.engine.lasting import lasts
from tests.support.image_policies import BY_KEY, KEYLESS, PASS, own, parsed

NOW: Final = datetime(2026, 11, 30, tzinfo=UTC)
IMAGE: Final = f"registry.example/app@sha256:{'a' * 64}"
HOUR: Final = 3600.0
AGING: Final = {**KEYLESS, "maxAge": "30d"}
REGO: Final = {"type": "rego", "data": "package sigstore\nisCompliant { time.now_ns() > 0 }\n"}


def admitted(policy: ImagePolicyDocument) -> ImageDecision:
    authorities = tuple(AuthorityVerdict(each, Outcome.PASSED) for each in policy.authorities)
    return ImageDecision(IMAGE, Outcome.PASSED, (PolicyVerdict(policy, Outcome.PASSED, authorities),))


def ask(
    policy: ImagePolicyDocument, until: float = 0.0, change: Callable[[ImageDecision], ImageDecision] = lambda d: d
) -> tuple[tuple[float, float], list[float]]:
    """Ask for an hour, and two of grace, where the same is decided for so many seconds."""
    decision, asked = admitted(policy), list[float]()

    def verify(request: VerifyByPolicies) -> DecidedImage:
        seconds = (request.moment - NOW) / timedelta(seconds=1)
        asked.append(seconds)
        found = decision if seconds <= until else change(decision)
        return DecidedImage(None, found)

    request = VerifyByPolicies(IMAGE, Digest.of(b""), (policy,), NOW)
    return lasts(request, decision, verify, (HOUR, 2 * HOUR)), asked


@pytest.mark.parametrize("authority", [BY_KEY, KEYLESS, PASS])
def test_what_has_nothing_to_do_with_the_time_is_not_decided_again(authority: Any) -> None:
    assert ask(parsed(authority)) == ((HOUR, 2 * HOUR), [])


def test_an_authority_that_nothing_satisfies_has_nothing_to_do_with_the_time() -> None:
    policy = replace(parsed(BY_KEY), conduct=POLICY_CONTROLLER)
    keyless = replace(policy.authorities[0], signer=replace(policy.authorities[0].signer, data=None))
    assert ask(replace(policy, authorities=(keyless,))) == ((HOUR, 2 * HOUR), [])


@pytest.mark.parametrize(
    ("until", "wanted", "asked"),
    [
        (4 * HOUR, (HOUR, 2 * HOUR), [3 * HOUR]),
        (2 * HOUR, (HOUR, 0.0), [3 * HOUR, HOUR]),
        (HOUR / 2, (HOUR / 10, 0.0), [3 * HOUR, HOUR, HOUR / 10]),
        (1.0, (0.0, 0.0), [3 * HOUR, HOUR, HOUR / 10]),
    ],
)
def test_what_depends_on_the_time_is_decided_for_its_end(
    until: float, wanted: tuple[float, float], asked: list[float]
) -> None:
    def refuse(decision: ImageDecision) -> ImageDecision:
        return replace(decision, outcome=Outcome.REFUSED)

    assert ask(own(AGING), until, refuse) == (wanted, asked)


def test_another_authority_that_passes_later_is_another_decision() -> None:
    def other(decision: ImageDecision) -> ImageDecision:
        (verdict,) = decision.policies
        (authority,) = verdict.authorities
        return replace(
            decision, policies=(replace(verdict, authorities=(replace(authority, outcome=Outcome.NOT_ASKED),)),)
        )

    assert ask(own(AGING), 0.0, other)[0] == (0.0, 0.0)


def test_a_condition_with_a_clock_counts_at_once_only() -> None:
    assert ask(parsed(BY_KEY, policy=REGO)) == ((0.0, 0.0), [])
