"""What becomes of a request: who is asked, once, in time, and what is made of the answers."""

import asyncio
import time
from typing import Any

import pytest

from cosignpy.errors import AccessDenied, CosignError, NoSuchTag, Unreachable, UsageError
from cosignpy.imagepolicy.decision import NoMatch, Outcome
from cosignpy.values import replace
from cosignpy.webhook import handle
from cosignpy.webhook.answer import Denial, LeftToValidation, NothingToDecide, PatchOperation, Skip
from cosignpy.webhook.handle import NOT_PINNED, Handled
from cosignpy.webhook.images import MAX_IMAGES
from cosignpy.webhook.live_settings import Enforcement, PinDigests, PodSpecPath
from cosignpy.webhook.ports import CompiledPolicy, PolicySnapshot
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.verdicts import Cause, ImageQuestion, ImageVerdict
from tests.support.admission import (
    DIGEST,
    OTHER,
    PINNED,
    REPOSITORY,
    TAGGED,
    Site,
    passed,
    pod,
    pod_spec,
    refused,
    request_of,
    update,
    workload,
)
from tests.support.image_policies import BY_KEY, parsed

REGO = "package sigstore\nisCompliant { true }"
AWAY = Unreachable("registry.example", "https://registry.example/v2/", None, "connection refused")


def validate(site: Site, request: AdmissionRequest | None = None) -> Handled:
    return asyncio.run(site.handler.validate(request or request_of()))


def mutate(site: Site, request: AdmissionRequest) -> Handled:
    return asyncio.run(site.handler.mutate(request))


def denial(handled: Handled) -> Denial:
    assert isinstance(handled.answer.outcome, Denial)
    return handled.answer.outcome


def pins(handled: Handled) -> list[object]:
    assert handled.answer.outcome == LeftToValidation()
    return [each.content for each in handled.answer.patch if each.operation == "replace"]


def test_an_image_by_its_digest_is_asked_about_with_what_the_pod_is_fetched_by() -> None:
    site = Site()
    handled = validate(site)
    assert handled.answer.allowed
    (question,) = site.decider.asked
    assert (question.image, question.namespace, question.credentials.identity) == (PINNED, "shop", "shop")
    assert (question.workload.resource, question.workload.labels) == ("pods", {"app": "web"})
    assert site.secrets.asked == [("shop", pod_spec(PINNED))]
    assert site.decider.resolved == []


def test_an_image_that_is_named_twice_is_asked_about_once_and_told_of_twice() -> None:
    site = Site()
    site.decider.verdicts[PINNED] = refused()
    handled = validate(site, request_of(pod(PINNED, PINNED)))
    assert len(site.decider.asked) == 1
    assert "spec.containers[0].image, spec.containers[1].image" in denial(handled).message
    assert len(handled.findings) == 2


def test_different_images_are_asked_about_at_once() -> None:
    site = Site()
    site.decider.wait = 0.1
    images = [f"{REPOSITORY}-{number}@{DIGEST}" for number in range(10)]
    started = time.monotonic()
    assert validate(site, request_of(pod(*images))).answer.allowed
    assert time.monotonic() - started < 0.5
    assert [each.image for each in site.decider.asked] == images


def test_each_pod_of_an_object_has_its_own_credentials() -> None:
    site = Site()
    site.change(pod_specs=(PodSpecPath("ray.io", "RayCluster", ("spec", "groups", "*")),))
    groups = [pod_spec(PINNED, imagePullSecrets=[{"name": "a"}]), pod_spec(f"{REPOSITORY}@{OTHER}")]
    found = {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "r"}, "spec": {"groups": groups}}
    assert validate(site, request_of(found)).answer.allowed
    assert [spec for _, spec in site.secrets.asked] == groups


def test_where_there_is_nothing_to_decide_nobody_is_asked() -> None:
    site = Site()
    handled = validate(site, update(pod(TAGGED), pod(TAGGED)))
    assert handled.answer.outcome == NothingToDecide(Skip.UNCHANGED)
    assert (site.decider.asked, site.secrets.asked) == ([], [])


def test_an_object_of_a_kind_that_nobody_knows_is_refused_and_it_is_said_what_to_do() -> None:
    found = denial(validate(Site(), request_of(workload("Service", PINNED, api_version="v1"))))
    assert found.code == 400
    assert found.message == (
        "nobody knows where a Service (core/v1) has images: name its pods in pod-specs of the ConfigMap "
        "config-policy-controller, or leave it out of the rules of the webhook"
    )
    assert pins(mutate(Site(), request_of(workload("Service", TAGGED, api_version="v1")))) == []


def test_an_object_with_too_many_images_is_refused() -> None:
    site = Site()
    many = request_of(pod(*[f"{REPOSITORY}-{number}" for number in range(MAX_IMAGES + 1)]))
    assert denial(validate(site, many)).code == 400
    assert pins(mutate(site, many)) == []
    assert (site.decider.asked, site.decider.resolved) == ([], [])


@pytest.mark.parametrize("image", ["a b", "UPPER", "", None, "a" * 2000])
def test_the_name_of_nothing_is_refused_without_asking_anybody(image: object) -> None:
    site = Site()
    handled = validate(site, request_of(pod(image)))
    assert denial(handled).code == 400
    assert handled.findings[0].verdict.cause is Cause.IMAGE_NAME
    assert mutate(site, request_of(pod(image))).answer == handled.answer
    assert (site.decider.asked, site.decider.resolved, site.secrets.asked) == ([], [], [])


def test_a_tag_becomes_a_digest_in_every_place() -> None:
    site = Site()
    site.decider.every_tag = DIGEST
    found = pod(
        "app", initContainers=[{"name": "i", "image": TAGGED}], volumes=[{"name": "v", "image": {"reference": "bb:2"}}]
    )
    assert mutate(site, request_of(found)).answer.patch == (
        PatchOperation("test", "/spec/initContainers/0/image", TAGGED),
        PatchOperation("replace", "/spec/initContainers/0/image", f"{TAGGED}@{DIGEST}"),
        PatchOperation("test", "/spec/containers/0/image", "app"),
        PatchOperation("replace", "/spec/containers/0/image", f"index.docker.io/library/app:latest@{DIGEST}"),
        PatchOperation("test", "/spec/volumes/0/image/reference", "bb:2"),
        PatchOperation("replace", "/spec/volumes/0/image/reference", f"index.docker.io/library/bb:2@{DIGEST}"),
    )


def test_a_digest_stays_as_it_is_written() -> None:
    site = Site()
    assert pins(mutate(site, request_of(pod(PINNED, f"{TAGGED}@{DIGEST}")))) == []
    assert site.decider.resolved == []


def test_a_tag_that_names_nothing_is_left_for_the_validating_webhook_where_refusals_do_not_count() -> None:
    site = Site()
    site.change(enforcement=Enforcement.WARN)
    site.decider.tags[TAGGED] = DIGEST
    assert pins(mutate(site, request_of(pod("app", TAGGED)))) == [f"{TAGGED}@{DIGEST}"]


def settled_site() -> Site:
    site = Site()
    site.settled.verdicts[TAGGED] = passed(TAGGED, "")
    return site


def test_an_image_that_nobody_has_to_look_at_gets_its_digest_too() -> None:
    site = settled_site()
    site.decider.tags[TAGGED] = DIGEST
    assert pins(mutate(site, request_of(pod(TAGGED)))) == [f"{TAGGED}@{DIGEST}"]


def test_an_image_that_nobody_has_to_look_at_keeps_its_tag_where_its_registry_is_away() -> None:
    site = settled_site()
    assert pins(mutate(site, request_of(pod(TAGGED)))) == []
    assert validate(site, request_of(pod(TAGGED))).answer.allowed
    assert site.decider.asked == []


@pytest.mark.parametrize(("is_settled", "is_pinned"), [(True, False), (False, True)])
def test_nobody_waits_long_for_a_digest_that_no_policy_asks_for(
    is_settled: bool, is_pinned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handle, "SETTLED_SECONDS", 0.02)
    site = settled_site() if is_settled else Site()
    site.decider.tags[TAGGED] = DIGEST
    site.decider.wait = 0.2
    assert bool(pins(mutate(site, request_of(pod(TAGGED))))) is is_pinned


@pytest.mark.parametrize(
    ("choice", "kind", "is_pinned"),
    [
        (PinDigests.ALWAYS, "Deployment", True),
        (PinDigests.PODS, "Deployment", False),
        (PinDigests.PODS, "Pod", True),
        (PinDigests.NEVER, "Pod", False),
    ],
)
def test_which_objects_have_their_tags_replaced_is_a_setting(choice: PinDigests, kind: str, is_pinned: bool) -> None:
    site = Site()
    site.change(pin_digests=choice)
    site.decider.tags[TAGGED] = DIGEST
    request = request_of(pod(TAGGED) if kind == "Pod" else workload(kind, TAGGED))
    assert bool(pins(mutate(site, request))) is is_pinned
    handled = validate(site, request)
    assert handled.answer.allowed is not is_pinned
    (finding,) = handled.findings
    assert finding.verdict.image == finding.image == TAGGED
    if is_pinned:
        assert (finding.verdict.cause, finding.verdict.problem) == (Cause.IMAGE_NAME, NOT_PINNED)
    else:
        assert [each.image for each in site.decider.asked] == [f"{TAGGED}@{DIGEST}"]
        assert finding.verdict.digest == DIGEST


@pytest.mark.parametrize(
    ("error", "cause", "code"),
    [
        (AWAY, Cause.UNREACHABLE, 503),
        (AccessDenied("registry.example", "https://registry.example/v2/", 401, "no"), Cause.CREDENTIALS, 403),
        (UsageError("registry.example is no registry that may be asked"), Cause.CONFIGURATION, 500),
    ],
)
def test_why_a_tag_has_no_digest_is_told(error: CosignError, cause: Cause, code: int) -> None:
    site = Site()
    site.decider.error = error
    handled = validate(site, request_of(pod(TAGGED)))
    found = denial(handled)
    assert (found.code, handled.findings[0].verdict.cause) == (code, cause)
    lines = found.message.split("\n")
    assert lines[0] == f"validation failed: invalid value: {TAGGED} must be an image digest: spec.containers[0].image"
    assert lines[1] == str(error)


def test_what_is_missing_to_fetch_an_image_with_is_told_where_it_cannot_be_fetched() -> None:
    site = Site()
    site.secrets.warnings = ("there is no Secret shop/regcred",)
    site.decider.error = AccessDenied("registry.example", "https://registry.example/v2/", 401, "no")
    assert "there is no Secret shop/regcred" in denial(validate(site, request_of(pod(TAGGED)))).message
    site.decider.error = None
    site.decider.verdicts[PINNED] = refused()
    assert "regcred" not in denial(validate(site)).message
    site.decider.verdicts[PINNED] = ImageVerdict(
        PINNED, DIGEST, Outcome.REFUSED, cause=Cause.CREDENTIALS, problem="denied"
    )
    assert "denied; there is no Secret shop/regcred" in denial(validate(site)).message


def test_a_cluster_that_does_not_say_what_to_fetch_with_is_a_refusal() -> None:
    site = Site()
    site.secrets.error = AWAY
    handled = validate(site)
    assert denial(handled).code == 503
    assert str(AWAY) in denial(handled).message
    assert str(AWAY) in denial(mutate(site, request_of(pod(TAGGED)))).message
    assert (site.decider.asked, site.decider.resolved) == ([], [])


def test_who_does_not_answer_in_time_is_not_waited_for() -> None:
    site = Site()
    site.decider.wait = 30.0
    images = [PINNED, f"{REPOSITORY}@{OTHER}"]
    started = time.monotonic()
    handled = asyncio.run(site.handler.validate(short(request_of(pod(*images)))))
    assert time.monotonic() - started < 2.0
    assert denial(handled).code == 503
    assert [each.verdict.cause for each in handled.findings] == [Cause.TIMEOUT, Cause.TIMEOUT]
    assert denial(asyncio.run(site.handler.mutate(short(request_of(pod(TAGGED)))))).code == 503


def short(request: AdmissionRequest) -> AdmissionRequest:
    return replace(request, timeout=0.2)


def test_no_time_at_all_is_a_refusal() -> None:
    site = Site()
    site.decider.wait = 0.01
    handled = validate(site, replace(request_of(), timeout=-1.0))
    assert denial(handled).code == 503


def test_what_refusals_mean_is_a_setting_and_a_label_of_the_namespace() -> None:
    site = Site()
    site.decider.verdicts[PINNED] = refused()
    site.change(enforcement=Enforcement.WARN)
    assert validate(site).answer.allowed
    site.labels["shop"] = "deny"
    assert not validate(site).answer.allowed
    site.labels["shop"] = "audit"
    assert (validate(site).answer.allowed, validate(site).answer.warnings) == (True, ())
    site.labels["shop"] = "warm"
    assert not validate(site).answer.allowed


def test_a_controller_that_is_believed_needs_no_look_where_that_is_switched_on() -> None:
    site = Site()
    site.decider.verdicts[PINNED] = refused()
    site.owners.answer = True
    assert not validate(site).answer.allowed
    site.change(exempt_controllers=("kube-system:replicaset-controller",))
    assert validate(site).answer.outcome == NothingToDecide(Skip.OWNER)
    site.owners.error = AWAY
    assert not validate(site).answer.allowed


@pytest.mark.parametrize(
    "spec",
    [
        {"match": [{"resource": "pods", "version": "v1"}]},
        {"policy": {"type": "rego", "data": REGO, "includeSpec": True}},
        {"policy": {"type": "rego", "data": REGO, "includeObjectMeta": True}},
        {"policy": {"type": "rego", "data": REGO, "includeTypeMeta": True}},
    ],
)
def test_an_owner_says_nothing_of_a_pod_where_policies_tell_them_apart(spec: dict[str, Any]) -> None:
    site = Site()
    site.decider.verdicts[PINNED] = refused()
    site.owners.answer = True
    site.change(exempt_controllers=("kube-system:replicaset-controller",))
    site.policies.snapshot = PolicySnapshot((CompiledPolicy(parsed(BY_KEY), b"", "1"),), "1")
    assert validate(site).answer.allowed
    site.policies.snapshot = PolicySnapshot((CompiledPolicy(parsed(BY_KEY, **spec), b"", "2"),), "2")
    assert not validate(site).answer.allowed


def test_labels_matter_as_soon_as_a_policy_looks_at_them() -> None:
    site = Site()
    old, new = pod(PINNED), pod(PINNED, labels={"app": "other"})
    handler = site.handler
    for _ in range(2):
        assert asyncio.run(handler.validate(update(old, new))).answer.outcome == NothingToDecide(Skip.UNCHANGED)
    selector = {"group": "", "version": "v1", "resource": "pods", "selector": {"matchLabels": {"app": "other"}}}
    site.policies.snapshot = PolicySnapshot((compiled(match=[selector]),), "2")
    assert asyncio.run(handler.validate(update(old, new))).findings
    conditions: list[dict[str, Any]] = [{"includeSpec": True}, {"includeObjectMeta": True}]
    for number, condition in enumerate(conditions):
        text = {"type": "cue", "data": "a: 1", **condition}
        site.policies.snapshot = PolicySnapshot((compiled(policy=text),), str(number + 3))
        found = asyncio.run(handler.validate(update(old, new)))
        assert bool(found.findings) is ("includeObjectMeta" in condition)


def compiled(**spec: Any) -> CompiledPolicy:
    return CompiledPolicy(parsed(BY_KEY, **spec), b"", "1")


def test_a_mistake_of_ours_is_not_swallowed() -> None:
    site = Site()
    site.decider.error = RuntimeError("a mistake")
    for images in ((PINNED,), (PINNED, f"{REPOSITORY}@{OTHER}")):
        with pytest.raises(RuntimeError):
            validate(site, request_of(pod(*images)))


def test_no_match_policy_is_for_others_to_apply() -> None:
    site = Site()
    site.change(no_match_policy=NoMatch.ALLOW)
    site.settled.verdicts[PINNED] = ImageVerdict(PINNED, DIGEST, Outcome.PASSED)
    assert validate(site).answer.allowed


def test_the_registry_of_an_image_that_is_refused_anyway_is_not_asked() -> None:
    site = Site()
    site.settled.verdicts[TAGGED] = refused(TAGGED, "")
    site.decider.tags[TAGGED] = DIGEST
    assert denial(mutate(site, request_of(pod(TAGGED)))).code == 403
    assert denial(validate(site, request_of(pod(TAGGED)))).code == 403
    assert (site.decider.resolved, site.decider.asked, site.secrets.asked) == ([], [], [])


@pytest.mark.parametrize("enforcement", [Enforcement.WARN, Enforcement.AUDIT])
def test_an_image_without_a_digest_is_left_to_the_validating_webhook_where_refusals_do_not_count(
    enforcement: Enforcement,
) -> None:
    site = Site()
    site.change(enforcement=enforcement)
    site.settled.verdicts[TAGGED] = refused(TAGGED, "")
    assert pins(mutate(site, request_of(pod(TAGGED)))) == []


def test_a_digest_that_is_had_the_second_time_is_no_refusal() -> None:
    site = Site()
    resolve, failures = site.decider.resolve, [NoSuchTag(TAGGED, "v1")]

    async def fail_once(question: ImageQuestion) -> str:
        if failures:
            raise failures.pop()
        return await resolve(question)

    site.decider.tags[TAGGED] = DIGEST
    site.decider.resolve = fail_once  # type: ignore[method-assign]
    assert pins(mutate(site, request_of(pod(TAGGED)))) == []


def test_what_has_no_digest_is_told_of_also_beside_what_has_one() -> None:
    site, stray = Site(), "registry.example/other/tool:1.0"
    site.decider.tags[TAGGED] = DIGEST
    site.settled.verdicts[stray] = refused(stray, "")
    said = denial(mutate(site, request_of(pod(TAGGED, stray)))).message
    assert stray in said
    assert TAGGED not in said
