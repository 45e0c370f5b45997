"""What is settled without looking at an image, and what is made of answers."""

from datetime import UTC, datetime, timedelta

import pytest

from cosignpy.imagepolicy.conduct import POLICY_CONTROLLER
from cosignpy.imagepolicy.decision import NoMatch, Outcome
from cosignpy.values import replace
from cosignpy.webhook.engine.matching import Group, Matcher
from cosignpy.webhook.engine.messages import Decided, Said
from cosignpy.webhook.engine.names import read_name
from cosignpy.webhook.engine.settle import add_preface, in_grace, preface, read_decided, settle
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.ports import CompiledPolicy, PolicySnapshot
from cosignpy.webhook.verdicts import Cause, ImageVerdict, Kept
from tests.support.image_policies import BY_KEY, FAIL, PASS, document, own_document
from tests.support.webhook_engine import POD, compiled

DIGEST = f"sha256:{'a' * 64}"
IMAGE = f"registry.example/app@{DIGEST}"
LIVE = LiveSettings()
MANAGED = compiled(own_document(PASS), namespace="team")
BROKEN = compiled(document(PASS, name="broken"), problem="secret k not found")


def group_of(*policies: CompiledPolicy) -> Group:
    return Matcher(PolicySnapshot(policies)).find(read_name(IMAGE, "cosignpy"), "team", POD)


def settled(*policies: CompiledPolicy, live: LiveSettings = LIVE, image: str = IMAGE) -> ImageVerdict | None:
    group = group_of(*policies)
    return settle(group, read_name(image, "cosignpy"), image, preface(group, image, live))


@pytest.mark.parametrize(
    ("no_match", "outcome", "cause"),
    [
        (NoMatch.DENY, Outcome.REFUSED, Cause.UNCOVERED),
        (NoMatch.WARN, Outcome.WARNED, Cause.UNCOVERED),
        (NoMatch.ALLOW, Outcome.PASSED, None),
    ],
)
@pytest.mark.parametrize("policies", [(), (MANAGED,)], ids=["none", "only the namespace's"])
def test_what_no_policy_of_the_cluster_is_about(
    policies: tuple[CompiledPolicy, ...], no_match: NoMatch, outcome: Outcome, cause: Cause | None
) -> None:
    found = settled(*policies, live=LiveSettings(no_match_policy=no_match))
    assert found is not None
    assert (found.outcome, found.cause, found.digest) == (outcome, cause, DIGEST)
    assert (f"no policy is about {IMAGE}" in found.problem) == (cause is not None)
    assert len(found.policies) == (len(policies) if outcome is not Outcome.REFUSED else 0)


def test_policies_of_a_namespace_are_enough_where_that_is_set() -> None:
    found = settled(MANAGED, live=LiveSettings(namespaced_policies_cover=True))
    assert found is not None
    assert (found.outcome, [each.namespace for each in found.policies]) == (Outcome.PASSED, ["team"])


def test_where_that_is_set_an_image_without_any_policy_is_refused_all_the_same() -> None:
    found = settled(live=LiveSettings(namespaced_policies_cover=True))
    assert found is not None
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.UNCOVERED)


def test_a_policy_that_has_to_be_asked_is_refused_where_nobody_is() -> None:
    """Though somebody took it for one that says the same of every image."""
    group = replace(group_of(compiled(document(BY_KEY))), is_static=True)
    found = settle(group, read_name(IMAGE, "cosignpy"), IMAGE, preface(group, IMAGE, LIVE))
    assert found is not None
    assert found.outcome is Outcome.REFUSED


@pytest.mark.parametrize("image", [IMAGE, "registry.example/app:v1"])
def test_what_every_image_passes_needs_no_digest(image: str) -> None:
    found = settled(compiled(document(PASS)), image=image)
    assert found is not None
    assert (found.outcome, found.image, found.policies[0].authority) == (Outcome.PASSED, image, "authority-0")


def test_a_registry_that_is_spelled_to_get_around_a_policy_is_looked_at() -> None:
    policy, image = compiled(document(PASS, images=[{"glob": "registry.example/**"}])), f"Registry.Example/app@{DIGEST}"
    group = Matcher(PolicySnapshot((policy,))).find(read_name(image, "cosignpy"), "team", POD)
    assert group.policies == (policy,)
    assert settle(group, read_name(image, "cosignpy"), image, preface(group, image, LIVE)) is None
    everywhere = compiled(document(PASS))
    group = Matcher(PolicySnapshot((everywhere,))).find(read_name(image, "cosignpy"), "team", POD)
    assert settle(group, read_name(image, "cosignpy"), image, preface(group, image, LIVE)) is not None


def test_what_no_image_passes_is_refused_with_the_message_of_the_policy() -> None:
    found = settled(compiled(document(FAIL)))
    assert found is not None
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.POLICY)
    assert found.policies[0].reasons == ("disallowed by static policy: not here",)


def test_a_policy_that_cannot_be_shown_refuses() -> None:
    key = {"key": {**BY_KEY["key"], "hashAlgorithm": "sha512"}}
    found = settled(compiled(document(PASS, key)))
    assert found is not None
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.CONFIGURATION)


def test_signatures_are_about_digests() -> None:
    found = settled(compiled(document(BY_KEY)), image="registry.example/app:v1")
    assert found is not None
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.IMAGE_NAME)
    assert "must be an image digest" in found.problem
    assert settled(compiled(document(BY_KEY))) is None


def test_a_policy_that_could_never_be_read_refuses_what_it_is_about() -> None:
    found = settled(BROKEN, compiled(document(PASS)))
    assert found is not None
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.CONFIGURATION)
    assert "secret k not found" in found.problem


def test_one_that_only_warns_warns() -> None:
    broken = compiled(document(PASS, name="broken", mode="warn"), POLICY_CONTROLLER, problem="secret k not found")
    found = settled(broken, compiled(document(PASS)))
    assert found is not None
    assert (found.outcome, found.cause) == (Outcome.WARNED, Cause.CONFIGURATION)
    assert [each.outcome for each in found.policies] == [Outcome.WARNED, Outcome.PASSED]


def test_a_refusal_is_told_before_a_warning() -> None:
    before = preface(group_of(), IMAGE, LiveSettings(no_match_policy=NoMatch.WARN))
    refused = ImageVerdict(IMAGE, DIGEST, Outcome.REFUSED, (), Cause.POLICY, "why")
    assert add_preface(before, refused) == refused
    passed = ImageVerdict(IMAGE, DIGEST, Outcome.PASSED)
    assert add_preface(before, passed).cause is Cause.UNCOVERED


def test_the_answer_of_a_worker_is_read() -> None:
    group = group_of(compiled(document(BY_KEY)))
    said = (Said(0, "passed", "alice", (), ("sha256:bb",)),)
    found = read_decided(Decided(1, "passed", said, moment=1000.0), group, IMAGE, DIGEST)
    assert (found.outcome, found.policies[0].name, found.cause) == (Outcome.PASSED, "team", None)
    assert found.decided_at == datetime.fromtimestamp(1000, UTC)
    refused = read_decided(Decided(1, "refused", (), "timeout", "slow"), group, IMAGE, DIGEST)
    assert (refused.cause, refused.problem) == (Cause.TIMEOUT, "slow")
    assert refused.decided_at is not None
    assert datetime.now(UTC) - refused.decided_at < timedelta(minutes=1)


def test_grace_says_why() -> None:
    verdict = ImageVerdict(IMAGE, DIGEST, Outcome.PASSED, decided_at=datetime(2026, 1, 1, tzinfo=UTC))
    found = in_grace(verdict, "another", "away")
    assert (found.kept, found.image) == (Kept.GRACE, "another")
    assert found.problem == "decided 2026-01-01T00:00:00+00:00 and not anew: away"
    assert "before" in in_grace(ImageVerdict(IMAGE, DIGEST, Outcome.PASSED), IMAGE, "away").problem
