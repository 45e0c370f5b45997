"""What statuses say of policies and trust roots."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cosignpy.imagepolicy.conduct import OURS, POLICY_CONTROLLER, Conduct
from cosignpy.webhook.policies.conditions import (
    Condition,
    Truth,
    conditions_of_policy,
    conditions_of_root,
    merge_status,
)
from cosignpy.webhook.policies.faults import Fault, Stage
from cosignpy.webhook.policies.fetching import Supply
from cosignpy.webhook.policies.gathering import Gathered
from cosignpy.webhook.policies.roots import read_root, settle_root
from cosignpy.webhook.policies.settling import Reading, ReadingRules, SettledPolicy, Unsettled, read_policy, settle
from tests.support.crd_examples import ROOTS
from tests.support.image_policies import BY_KEY, PASS, document

NOW: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
BY_SECRET: Final = {"key": {"secretRef": {"name": "nope"}}}


def read(found: dict[str, Any], generation: int = 1, conduct: Conduct = POLICY_CONTROLLER) -> Reading:
    found["metadata"] |= {"uid": "u", "generation": generation}
    return read_policy(found, ReadingRules(conduct))


def shown(conditions: tuple[Condition, ...]) -> dict[str, tuple[str, str, str]]:
    return {each.type: (each.status.value, each.reason, each.message) for each in conditions}


def settled(found: dict[str, Any], *faults: Fault, before: SettledPolicy | None = None) -> SettledPolicy:
    base, good = (None, None) if before is None else (before.base, before.good)
    return settle(Unsettled(read(found, 2 if before else 1), Gathered(faults=faults), base, Gathered(), good))


def test_a_policy_in_force_is_ready() -> None:
    assert shown(conditions_of_policy(settled(document(BY_KEY)))) == {
        "KeysInlined": ("True", "", ""),
        "PoliciesInlined": ("True", "", ""),
        "ConfigMapUpdated": ("True", "", ""),
        "Ready": ("True", "", ""),
        "cosignpy.dev/InForce": ("True", "Current", ""),
    }


def test_a_key_that_is_not_there_is_told_as_the_policy_controller_does() -> None:
    why = 'secret "nope" not found'
    assert shown(conditions_of_policy(settled(document(BY_SECRET), Fault(Stage.KEYS, why, is_gone=True)))) == {
        "KeysInlined": ("False", "InliningKeysFailed", why),
        "PoliciesInlined": ("Unknown", "", ""),
        "ConfigMapUpdated": ("Unknown", "", ""),
        "Ready": ("False", "InliningKeysFailed", why),
        "cosignpy.dev/InForce": ("False", "Refusing", "all images that it is about are refused"),
    }


def test_a_text_that_is_not_there_comes_after_the_keys() -> None:
    found = shown(conditions_of_policy(settled(document(PASS), Fault(Stage.TEXTS, "no text"))))
    assert found["KeysInlined"] == ("True", "", "")
    assert found["PoliciesInlined"] == found["Ready"] == ("False", "InliningPoliciesFailed", "no text")


def test_a_mistake_says_which_version_is_in_force() -> None:
    good = settled(document(BY_KEY))
    found = shown(conditions_of_policy(settled(document(BY_KEY, mode="zzz"), before=good)))
    assert found["Ready"][:2] == ("False", "Invalid")
    assert found["KeysInlined"] == ("Unknown", "", "")
    what = "generation 1 is in force until the newest has no faults"
    assert found["cosignpy.dev/InForce"] == ("True", "LastGood", what)


def test_trust_roots_that_are_not_there_are_named() -> None:
    identity = {"issuer": "i", "subject": "s"}
    found = document({"keyless": {"identities": [identity], "trustRootRef": "mine"}})
    ready = []
    for conduct in (POLICY_CONTROLLER, OURS):
        missing = settle(Unsettled(read(found, conduct=conduct), Gathered(absent_roots=("mine",))))
        told = shown(conditions_of_policy(missing))
        assert told["cosignpy.dev/TrustRootsFound"] == ("False", "TrustRootMissing", "trustRootRef mine not found")
        ready.append(told["Ready"][0])
    assert ready == ["True", "False"]


def test_a_trust_root_is_ready_fresh_or_expired() -> None:
    reading = read_root(ROOTS["a mirror"])
    expires = NOW + timedelta(hours=1)
    waiting = shown(conditions_of_root(settle_root(reading, None, Supply())))
    assert waiting["KeysInlined"] == waiting["Ready"]
    assert waiting["Ready"][:2] == ("False", "InliningKeysFailed")
    fresh = settle_root(reading, None, Supply("{}", expires=expires))
    assert shown(conditions_of_root(fresh)) == {
        "KeysInlined": ("True", "", ""),
        "ConfigMapUpdated": ("True", "", ""),
        "Ready": ("True", "", ""),
        "cosignpy.dev/Fresh": ("True", "Current", "valid until 2026-11-30T13:00:00Z"),
    }
    failed = settle_root(reading, fresh, Supply("{}", "away", expires=expires))
    assert shown(conditions_of_root(failed))["cosignpy.dev/Fresh"][:2] == ("False", "RefreshFailed")
    expired = settle_root(reading, fresh, Supply("{}", "away", expires=expires, is_expired=True))
    assert shown(conditions_of_root(expired))["cosignpy.dev/Fresh"] == (
        "False",
        "Expired",
        "expired 2026-11-30T13:00:00Z, and is used until there is newer: away",
    )


def test_a_status_keeps_the_times_of_what_did_not_change_and_what_others_wrote() -> None:
    ready, force = Condition("Ready", Truth.TRUE), Condition("cosignpy.dev/InForce", Truth.TRUE, "Current")
    first = merge_status({"annotations": {"a": "b"}}, (force, ready), 1, NOW)
    assert first == {
        "annotations": {"a": "b"},
        "observedGeneration": 1,
        "conditions": [
            {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-30T12:00:00Z"},
            {
                "type": "cosignpy.dev/InForce",
                "status": "True",
                "reason": "Current",
                "lastTransitionTime": "2026-11-30T12:00:00Z",
            },
        ],
    }
    foreign = {"type": "Other", "status": "True"}
    before = first | {"conditions": [*first["conditions"], foreign, 7]}
    failed = Condition("Ready", Truth.FALSE, "Invalid", "why")
    later = merge_status(before, (failed, force), 2, NOW + timedelta(hours=1))
    assert [each["type"] for each in later["conditions"]] == ["Other", "Ready", "cosignpy.dev/InForce"]
    assert [each.get("lastTransitionTime") for each in later["conditions"]] == [
        None,
        "2026-11-30T13:00:00Z",
        "2026-11-30T12:00:00Z",
    ]
    assert merge_status(first, (force, ready), 1, NOW + timedelta(hours=1)) == first
    assert merge_status("text", (ready,), 1, NOW)["observedGeneration"] == 1
