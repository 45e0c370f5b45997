"""Errors as causes, and what is said of decisions."""

from collections.abc import Sequence
from typing import Any

import pytest

from cosignpy.errors import (
    AccessDenied,
    CosignError,
    DeadlineExceeded,
    MalformedError,
    NoSignatures,
    NoSuchTag,
    PolicyRefused,
    RateLimited,
    RemoteError,
    TransparencyRequired,
    Unreachable,
    UntrustedRepository,
    UsageError,
)
from cosignpy.imagepolicy.decision import (
    AuthorityVerdict,
    ImageDecision,
    NoMatch,
    Outcome,
    PolicyVerdict,
    combine,
)
from cosignpy.imagepolicy.denial import Refusal
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.net.failures import ForbiddenServer, UntrustedCertificate
from cosignpy.webhook.engine.causes import (
    cause_of,
    cause_of_decision,
    is_away,
    is_decision_away,
    names_away,
)
from cosignpy.webhook.engine.said import MAX_REASON, describe, explain, explain_error, shorten
from cosignpy.webhook.verdicts import Cause
from tests.support.image_policies import BY_KEY, FAIL, KEYLESS, own, parsed

IMAGE = f"registry.example/app@sha256:{'a' * 64}"
AWAY = Unreachable("registry.example", "https://registry.example/v2/", None, "no answer in time")
UNSIGNED = NoSignatures(IMAGE)


def remote(status: int) -> RemoteError:
    return RemoteError("registry.example", "https://registry.example/v2/", status, "sorry")


@pytest.mark.parametrize(
    ("error", "cause", "away"),
    [
        (AWAY, Cause.UNREACHABLE, True),
        (UntrustedCertificate("r", "u", None, "d"), Cause.UNREACHABLE, False),
        (ForbiddenServer("r", "u", None, "d"), Cause.CONFIGURATION, False),
        (remote(503), Cause.UNREACHABLE, True),
        (remote(400), Cause.UNREACHABLE, False),
        (RateLimited("r", "u", 429, "d"), Cause.UNREACHABLE, True),
        (AccessDenied("r", "u", 403, "d"), Cause.CREDENTIALS, False),
        (DeadlineExceeded(1), Cause.TIMEOUT, True),
        (NoSuchTag(IMAGE), Cause.NOT_FOUND, False),
        (UntrustedRepository("r", "w"), Cause.TRUST, False),
        (TransparencyRequired("w"), Cause.TRUST, False),
        (UsageError("w"), Cause.CONFIGURATION, False),
        (UNSIGNED, Cause.POLICY, False),
        (MalformedError("bundle", "no"), Cause.POLICY, False),
        (PolicyRefused("p", "w"), Cause.POLICY, False),
    ],
)
def test_each_error_has_a_cause(error: CosignError, cause: Cause, away: bool) -> None:
    assert (cause_of(error), is_away(error)) == (cause, away)


def decision(*errors: Sequence[CosignError | None], policies: Sequence[ImagePolicyDocument] = ()) -> ImageDecision:
    """Return a decision by policies whose authorities have these errors, or pass."""
    found = policies or [parsed(*[BY_KEY] * len(each), name=f"p{n}") for n, each in enumerate(errors)]
    verdicts = []
    for policy, each in zip(found, errors, strict=True):
        authorities = tuple(
            AuthorityVerdict(authority, Outcome.PASSED if error is None else Outcome.REFUSED, None, error)
            for authority, error in zip(policy.authorities, each, strict=True)
        )
        outcome = Outcome.PASSED if None in each else Outcome.REFUSED
        verdicts.append(PolicyVerdict(policy, outcome, authorities))
    return ImageDecision(IMAGE, combine(verdicts, NoMatch.DENY), tuple(verdicts))


@pytest.mark.parametrize(
    ("errors", "cause", "away", "named"),
    [
        ([[None]], None, False, False),
        ([[None, AWAY]], None, False, False),
        ([[UNSIGNED]], Cause.POLICY, False, False),
        ([[UNSIGNED, AWAY]], Cause.UNREACHABLE, True, True),
        ([[AWAY], [AWAY]], Cause.UNREACHABLE, True, True),
        ([[AWAY], [UNSIGNED]], Cause.POLICY, False, True),
        ([[AWAY], [None]], Cause.UNREACHABLE, True, True),
        ([[NoSuchTag(IMAGE)]], Cause.NOT_FOUND, False, False),
        ([], Cause.UNCOVERED, False, False),
    ],
)
def test_a_policy_that_looked_and_refused_comes_first(
    errors: Any, cause: Cause | None, away: bool, named: bool
) -> None:
    found = decision(*errors)
    assert (cause_of_decision(found), is_decision_away(found), names_away(found)) == (cause, away, named)


def test_what_went_wrong_is_told_with_what_to_do() -> None:
    assert explain(decision([UNSIGNED])) == ""
    assert explain(decision([None])) == ""
    assert explain(decision([UNSIGNED, AWAY])) == str(AWAY)
    assert "no policy is about" in explain(decision())


@pytest.mark.parametrize(("hint", "told"), [(None, "wrong"), ("do that", "wrong; do that"), ("pass --flag", "wrong")])
def test_flags_of_commands_are_no_advice(hint: str | None, told: str) -> None:
    assert explain_error(UsageError("wrong", hint)) == told


def test_what_is_shown_is_printable_and_short() -> None:
    assert shorten("a\x1b[31mb\u2028c\nd") == "a [31mb c\nd"
    assert len(shorten("x" * 10_000)) == MAX_REASON + 3


def test_reasons_are_in_the_words_of_the_controller() -> None:
    found = decision([UNSIGNED])
    policies = [each.policy for each in found.policies]
    (said,) = describe(found, IMAGE, policies)
    assert (said.policy, said.outcome, said.authority) == (0, "refused", "")
    assert said.reasons == (
        f"signature key validation failed for authority authority-0 for {IMAGE}: no signatures found",
    )


def test_each_is_said_by_its_place_among_those_that_were_asked() -> None:
    found = decision([UNSIGNED], [None])
    other = parsed(FAIL)
    first, second = (each.policy for each in found.policies)
    assert [each.policy for each in describe(found, IMAGE, [other, second, first])] == [2, 1]


def test_what_only_our_policies_refuse_for_is_in_our_words() -> None:
    policy = own(KEYLESS)
    refusal = Refusal(PolicyRefused("team", "denied"), "spec.deny")
    unasked = tuple(AuthorityVerdict(each, Outcome.NOT_ASKED) for each in policy.authorities)
    verdict = PolicyVerdict(policy, Outcome.REFUSED, unasked, refusal)
    (said,) = describe(ImageDecision(IMAGE, Outcome.REFUSED, (verdict,)), IMAGE, [policy])
    assert said.reasons == ("policy team: denied",)


def test_a_policy_without_authorities_says_so() -> None:
    policy = own()
    verdict = PolicyVerdict(policy, Outcome.REFUSED, ())
    (said,) = describe(ImageDecision(IMAGE, Outcome.REFUSED, (verdict,)), IMAGE, [policy])
    assert "no authority" in said.reasons[0]
