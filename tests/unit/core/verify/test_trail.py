"""How far a verification came that ended in a refusal, and what it had shown by then."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest

from cosignpy.core.bundle.model import Bundle
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.transparency import AssumeTimeUnsafe, RequireSct, RequireTime, SkipLogUnsafe, SkipSctUnsafe
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.artifact import Artifact
from cosignpy.core.verify.bundle import Trust, verify_bundle
from cosignpy.core.verify.steps import BARE_KEY_STEPS, CERTIFICATE_STEPS, KEY_STEPS, Outcome, Step, StepFinding
from cosignpy.core.verify.trail import Trail, trail_of
from cosignpy.errors import CosignError, SignatureMismatch, UsageError
from cosignpy.values import replace
from tests.support.certificates import MIDDLE, START
from tests.support.virtual_sigstore import (
    ALICE,
    BY_ALICE,
    BY_KEY,
    EMAIL,
    FILE,
    FULCIO,
    ISSUER,
    LEAF_KEY,
    REKOR_V1,
    ROOT,
    USER_KEY,
    Signing,
    good_leaf,
    key_bundle,
    statement_bundle,
    v1_bundle,
    v2_bundle,
)

SKIP: Final = SkipLogUnsafe("no log here")


def refuse(
    bundle: Bundle, policy: BundlePolicy = BY_ALICE, artifact: Artifact = FILE, root: TrustedRoot = ROOT
) -> Trail:
    """Verify in vain, and return the trail."""
    with pytest.raises(CosignError) as caught:
        verify_bundle(bundle, artifact, Trust(root), policy)
    trail = trail_of(caught.value)
    assert trail is not None
    return trail


def outcomes(steps: tuple[StepFinding, ...]) -> dict[Step, Outcome]:
    return {each.step: each.outcome for each in steps}


def without_form() -> Trail:
    """Version 0.3 demands a proof."""
    (entry,) = v1_bundle().log_entries
    return refuse(replace(v1_bundle(), log_entries=(replace(entry, inclusion=None),)))


def without_time() -> Trail:
    return refuse(replace(v2_bundle(), timestamps=()))


def of_an_unknown_log() -> Trail:
    return refuse(v2_bundle(), root=replace(ROOT, logs=()))


def of_an_unknown_authority() -> Trail:
    return refuse(v2_bundle(), root=replace(ROOT, certificate_authorities=()))


def of_an_unknown_ct_log() -> Trail:
    return refuse(v2_bundle(), root=replace(ROOT, ct_logs=()))


def of_somebody_else() -> Trail:
    rule = IdentityRule((Exactly("mallory"),), (Exactly(ISSUER),))
    return refuse(v2_bundle(), replace(BY_ALICE, signer=SignedByIdentity((rule,))))


def with_a_denied_identity() -> Trail:
    return refuse(v2_bundle(), replace(BY_ALICE, deny=replace(BY_ALICE.deny, identities=(ALICE,))))


def with_the_entry_of_another() -> Trail:
    return refuse(replace(v1_bundle(), log_entries=Signing().bundle().log_entries))


def with_a_certificate_for_another_key() -> Trail:
    return refuse(Signing(signer=USER_KEY, leaf=good_leaf()).bundle())


def about_something_else() -> Trail:
    return refuse(statement_bundle(), artifact=Artifact.of(b"another"))


@pytest.mark.parametrize(
    ("failed", "make"),
    [
        (Step.FORM, without_form),
        (Step.TIME, without_time),
        (Step.LOG, of_an_unknown_log),
        (Step.CERTIFICATE, of_an_unknown_authority),
        (Step.SCT, of_an_unknown_ct_log),
        (Step.IDENTITY, of_somebody_else),
        (Step.DENY_LIST, with_a_denied_identity),
        (Step.CLAIMS, with_the_entry_of_another),
        (Step.SIGNATURE, with_a_certificate_for_another_key),
        (Step.ARTIFACT, about_something_else),
    ],
)
def test_a_refusal_says_which_step_failed_and_which_held(failed: Step, make: Callable[[], Trail]) -> None:
    trail = make()
    place = CERTIFICATE_STEPS.index(failed)
    passed = {step for step in CERTIFICATE_STEPS[:place] if (step, failed) not in LATER}
    found = outcomes(trail.steps_until_refusal())
    assert tuple(found) == CERTIFICATE_STEPS
    assert {step for step, outcome in found.items() if outcome is Outcome.FAILED} == {failed}
    assert {step for step, outcome in found.items() if outcome is Outcome.PASSED} == passed | EARLIER.get(failed, set())


LATER: Final = {(Step.TIME, Step.LOG)}
"""Whether there are enough times is known when the log has been looked at."""
EARLIER: Final = {Step.TIME: {Step.LOG}}


def test_what_was_shown_before_the_refusal_is_kept() -> None:
    trail = of_somebody_else()
    assert [time.authority for time in trail.times] == ["https://tsa.test"]
    assert [entry.log_index for entry in trail.entries] == [4]
    assert trail.certificate is not None
    assert (trail.certificate.authority, trail.certificate.identity.names) == (FULCIO, (EMAIL,))


def test_what_was_not_shown_is_not_kept() -> None:
    trail = of_an_unknown_authority()
    assert trail.certificate is None
    assert refuse(v2_bundle(), root=replace(ROOT, timestamp_authorities=())).times == ()
    assert of_an_unknown_log().entries == ()


def test_a_key_has_steps_of_its_own() -> None:
    other = replace(ROOT, logs=())
    assert outcomes(refuse(key_bundle(), BY_KEY, root=other).steps_until_refusal()) == {
        Step.FORM: Outcome.PASSED,
        Step.SIGNATURE: Outcome.PASSED,
        Step.DENY_LIST: Outcome.PASSED,
        Step.TIME: Outcome.PASSED,
        Step.LOG: Outcome.FAILED,
        Step.CLAIMS: Outcome.NOT_REACHED,
        Step.ARTIFACT: Outcome.NOT_REACHED,
    }
    assert refuse(v1_bundle(), BY_KEY).current is Step.SIGNATURE
    assert refuse(key_bundle(), BY_ALICE).current is Step.CERTIFICATE


@pytest.mark.parametrize(
    ("bundle", "policy", "plan", "waived"),
    [
        (v2_bundle(), BY_ALICE, CERTIFICATE_STEPS, {}),
        (key_bundle(), BY_KEY, KEY_STEPS, {}),
        (
            key_bundle(),
            replace(BY_KEY, transparency=SKIP),
            KEY_STEPS,
            dict.fromkeys((Step.TIME, Step.LOG, Step.CLAIMS), SKIP.reason),
        ),
        (v2_bundle(), replace(BY_ALICE, transparency=SKIP), CERTIFICATE_STEPS, {Step.LOG: "", Step.CLAIMS: ""}),
        (
            v2_bundle(),
            replace(BY_ALICE, signer=SignedByIdentity((ALICE,), RequireTime(), SkipSctUnsafe("nor here"))),
            CERTIFICATE_STEPS,
            {Step.SCT: "nor here"},
        ),
        (
            v1_bundle(),
            BundlePolicy(SignedByIdentity((ALICE,), AssumeTimeUnsafe(MIDDLE, "test"), RequireSct()), SKIP),
            CERTIFICATE_STEPS,
            {Step.LOG: "", Step.CLAIMS: "", Step.TIME: "test"},
        ),
        (
            v2_bundle(),
            BundlePolicy(SignedByIdentity((ALICE,), AssumeTimeUnsafe(MIDDLE, "test"), RequireSct()), SKIP),
            CERTIFICATE_STEPS,
            {Step.LOG: "", Step.CLAIMS: ""},
        ),
    ],
    ids=[
        "certificate",
        "key",
        "key without a log",
        "no log",
        "no SCT",
        "assumed time",
        "time that somebody vouches for",
    ],
)
def test_evidence_has_every_step_and_why_some_were_waived(
    bundle: Bundle, policy: BundlePolicy, plan: tuple[Step, ...], waived: dict[Step, str]
) -> None:
    steps = verify_bundle(bundle, FILE, Trust(ROOT), policy).steps
    assert tuple(each.step for each in steps) == plan
    found = {each.step: each.waived_because for each in steps if each.outcome is Outcome.WAIVED}
    assert found == {step: reason or SKIP.reason for step, reason in waived.items()}
    assert {each.outcome for each in steps if each.step not in waived} == {Outcome.PASSED}


def test_a_time_that_is_outside_fails_the_certificate_and_keeps_the_time() -> None:
    trail = refuse(Signing(log=REKOR_V1, signer=LEAF_KEY, moment=START - timedelta(hours=1)).bundle())
    assert trail.current is Step.CERTIFICATE
    assert [time.moment for time in trail.times] == [START - timedelta(hours=1)]


def test_an_error_of_ours_takes_the_trail_along_and_others_do_not() -> None:
    error = UsageError("test")
    assert trail_of(error) is None
    trail = Trail.of_key_alone("test")
    with pytest.raises(UsageError), trail:
        raise error
    assert trail_of(error) is trail
    with pytest.raises(ZeroDivisionError), trail:
        _ = 1 // 0
    with pytest.raises(SignatureMismatch), trail:
        trail.step(Step.SIGNATURE, refuse_signature, "why")
    untaken = dict.fromkeys(BARE_KEY_STEPS, Outcome.NOT_REACHED)
    taken = {Step.SIGNATURE: Outcome.FAILED, Step.LOG: Outcome.WAIVED}
    assert outcomes(trail.steps_until_refusal()) == untaken | taken


def refuse_signature(why: str) -> None:
    raise SignatureMismatch(why)


def test_what_a_statement_has_to_say_besides_is_the_last_step() -> None:
    policy = replace(BY_ALICE, signer=SignedByIdentity((ALICE,), RequireTime(), SkipSctUnsafe("nor here")))
    found = verify_bundle(v2_bundle(), FILE, Trust(ROOT), policy)
    with pytest.raises(SignatureMismatch) as caught, Trail.after(found) as trail:
        trail.step(Step.ARTIFACT, refuse_signature, "it says something else")
    after = trail_of(caught.value)
    assert after is not None
    assert (after.times, after.entries, after.certificate) == (found.times, found.entries, found.certificate)
    others = {each.step: each for each in found.steps if each.step is not Step.ARTIFACT}
    assert {each.step: each for each in after.steps_until_refusal() if each.step is not Step.ARTIFACT} == others
    assert outcomes(after.steps_until_refusal())[Step.ARTIFACT] is Outcome.FAILED
