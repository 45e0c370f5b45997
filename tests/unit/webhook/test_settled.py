"""Images that nobody has to be asked about."""

import pytest

from cosignpy.imagepolicy.decision import NoMatch, Outcome
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.ports import CompiledPolicy, PolicySnapshot
from cosignpy.webhook.settled import SettledImages
from cosignpy.webhook.verdicts import Cause, ImageQuestion, ImageVerdict, PullCredentials
from tests.support.admission import DIGEST, PINNED, TAGGED, FakePolicies, request_of
from tests.support.image_policies import BY_KEY, FAIL, PASS, own, parsed


def compiled(document: ImagePolicyDocument, namespace: str = "", problem: str = "") -> CompiledPolicy:
    return CompiledPolicy(document, b"", f"{document.name} {namespace}", namespace=namespace, problem=problem)


def settled(
    image: str, *policies: CompiledPolicy, namespace: str = "shop", settings: LiveSettings | None = None
) -> ImageVerdict | None:
    found = SettledImages(FakePolicies(PolicySnapshot(policies, "1")), lambda: settings or LiveSettings())
    question = ImageQuestion(image, namespace, request_of().workload, PullCredentials(), 0.0)
    return found.settle(question)


@pytest.mark.parametrize(("image", "digest"), [(TAGGED, ""), (PINNED, DIGEST)])
def test_a_policy_that_passes_all_is_enough(image: str, digest: str) -> None:
    found = settled(image, compiled(parsed(PASS)))
    assert found is not None
    assert (found.outcome, found.image, found.digest) == (Outcome.PASSED, image, digest)
    assert [(each.name, each.outcome) for each in found.policies] == [("team", Outcome.PASSED)]


def test_a_policy_that_refuses_all_is_enough() -> None:
    found = settled(TAGGED, compiled(parsed(FAIL)))
    assert found is not None
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.POLICY)
    assert found.policies[0].reasons == ("disallowed by static policy: not here",)


@pytest.mark.parametrize(
    "policies",
    [
        (parsed(BY_KEY),),
        (parsed(PASS), parsed(BY_KEY, name="other")),
        (own(PASS, BY_KEY, require=2),),
        (own(PASS, deny=[{"digest": DIGEST}]),),
        (parsed(PASS, policy={"type": "cue", "data": "a: 1"}),),
        (parsed(PASS, images=[{"glob": "registry.example/**"}]), parsed(BY_KEY, name="o", images=[{"glob": "**@*"}])),
    ],
)
def test_a_policy_that_has_to_look_is_not(policies: tuple[ImagePolicyDocument, ...]) -> None:
    assert settled(TAGGED, *map(compiled, policies)) is None


def test_a_policy_that_passes_whoever_else_is_asked_is_enough() -> None:
    found = settled(TAGGED, compiled(parsed(BY_KEY, PASS)))
    assert found is not None
    assert found.outcome is Outcome.PASSED


def test_policies_about_others_do_not_matter() -> None:
    other = parsed(BY_KEY, name="other", images=[{"glob": "registry.other/**"}])
    found = settled(TAGGED, compiled(parsed(PASS)), compiled(other), compiled(parsed(BY_KEY, name="x"), "elsewhere"))
    assert found is not None
    assert found.outcome is Outcome.PASSED


def test_a_policy_about_digests_may_be_about_a_tag_as_well() -> None:
    about = parsed(BY_KEY, name="digests", images=[{"glob": f"**@{DIGEST}"}])
    other = "registry.example/shop/web@sha256:" + "b" * 64
    assert settled(TAGGED, compiled(parsed(PASS)), compiled(about)) is None
    assert settled(other, compiled(parsed(PASS)), compiled(about)) is not None


@pytest.mark.parametrize("image", [TAGGED, PINNED])
def test_an_image_without_a_policy_is_refused_without_a_look(image: str) -> None:
    found = settled(image)
    assert found is not None
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.UNCOVERED)


def test_an_image_that_runs_without_a_policy_still_gets_its_digest() -> None:
    settings = LiveSettings(no_match_policy=NoMatch.ALLOW)
    assert settled(TAGGED, settings=settings) is None
    found = settled(PINNED, settings=settings)
    assert found is not None
    assert found.outcome is Outcome.PASSED


def test_a_policy_of_a_namespace_is_not_enough_unless_it_is_said_to_be() -> None:
    mine = compiled(parsed(PASS), "shop")
    found = settled(TAGGED, mine)
    assert found is not None
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.UNCOVERED)
    covered = settled(TAGGED, mine, settings=LiveSettings(namespaced_policies_cover=True))
    assert covered is not None
    assert covered.outcome is Outcome.PASSED


def test_a_policy_that_never_could_be_read_refuses_without_a_look() -> None:
    found = settled(TAGGED, compiled(parsed(PASS)), compiled(parsed(BY_KEY, name="broken"), problem="line 1: no"))
    assert found is not None
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.CONFIGURATION)


def test_the_name_of_nothing_is_left_to_others() -> None:
    assert settled("a b", compiled(parsed(PASS))) is None


def test_policies_that_change_are_followed() -> None:
    policies = FakePolicies(PolicySnapshot((compiled(parsed(PASS)),), "1"))
    found = SettledImages(policies, LiveSettings)
    question = ImageQuestion(TAGGED, "shop", request_of().workload, PullCredentials(), 0.0)
    assert found.settle(question) is not None
    policies.snapshot = PolicySnapshot((compiled(parsed(BY_KEY)),), "2")
    assert found.settle(question) is None
