"""Which images of an object need a look."""

import copy
from typing import Any

import pytest

from cosignpy.imagepolicy.pod_images import PodImage
from cosignpy.values import replace
from cosignpy.webhook.answer import Skip
from cosignpy.webhook.images import Regard, ToDecide, UnknownKind, list_images
from cosignpy.webhook.live_settings import PodSpecPath
from cosignpy.webhook.ports import CompiledPolicy
from cosignpy.webhook.request import AdmissionRequest
from tests.support.admission import DIGEST, OTHER, REPOSITORY, pod, pod_spec, request_of, update, workload
from tests.support.image_policies import BY_KEY, parsed

OLD = f"{REPOSITORY}@{DIGEST}"
NEW = f"{REPOSITORY}@{OTHER}"
ROLLOUT = PodSpecPath("argoproj.io", "Rollout", ("spec", "template", "spec"))


def listed(request: AdmissionRequest, *paths: PodSpecPath, regard: Regard | None = None) -> ToDecide:
    return list_images(request, paths, regard or Regard())


def texts(found: ToDecide) -> list[tuple[str, str | None]]:
    return [("/".join(map(str, each.path)), each.image) for each in found.images]


@pytest.mark.parametrize(
    ("kind", "api_version", "path"),
    [
        ("ReplicaSet", "apps/v1", "spec/template/spec"),
        ("Deployment", "apps/v1", "spec/template/spec"),
        ("StatefulSet", "apps/v1", "spec/template/spec"),
        ("DaemonSet", "apps/v1", "spec/template/spec"),
        ("Job", "batch/v1", "spec/template/spec"),
        ("CronJob", "batch/v1", "spec/jobTemplate/spec/template/spec"),
        ("CronJob", "batch/v1beta1", "spec/jobTemplate/spec/template/spec"),
        ("ReplicationController", "v1", "spec/template/spec"),
        ("PodTemplate", "v1", "template/spec"),
    ],
)
def test_all_kinds_of_kubernetes_have_their_images_looked_at(kind: str, api_version: str, path: str) -> None:
    found = listed(request_of(workload(kind, OLD, NEW, api_version=api_version)))
    assert texts(found) == [(f"{path}/containers/0/image", OLD), (f"{path}/containers/1/image", NEW)]
    assert found.pods[0].spec == pod_spec(OLD, NEW)


def test_every_place_for_an_image_is_looked_at() -> None:
    many = pod(
        "a",
        initContainers=[{"name": "i", "image": "b", "restartPolicy": "Always"}],
        ephemeralContainers=[{"name": "e", "image": "c"}],
        volumes=[{"name": "v", "image": {"reference": "d"}}, {"name": "w", "emptyDir": {}}],
    )
    assert texts(listed(request_of(many))) == [
        ("spec/initContainers/0/image", "b"),
        ("spec/containers/0/image", "a"),
        ("spec/ephemeralContainers/0/image", "c"),
        ("spec/volumes/0/image/reference", "d"),
    ]


@pytest.mark.parametrize("image", [None, "", 5, {}, []])
def test_what_is_no_image_is_one_that_nobody_can_decide_over(image: object) -> None:
    assert texts(listed(request_of(pod(image)))) == [("spec/containers/0/image", None)]


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (request_of(pod(OLD), operation="DELETE", object=None, oldObject=pod(OLD)), Skip.DELETION),
        (request_of(pod(OLD), operation="CONNECT"), Skip.SUBRESOURCE),
        (request_of(pod(OLD), operation="UPDATE", subResource="status"), Skip.SUBRESOURCE),
        (request_of(workload("Scale", api_version="autoscaling/v1"), subResource="scale"), Skip.SUBRESOURCE),
        (request_of(pod()), Skip.NO_IMAGES),
        (request_of(pod() | {"spec": None}), Skip.NO_IMAGES),
        (update(pod(OLD), pod(OLD)), Skip.UNCHANGED),
    ],
)
def test_there_may_be_nothing_to_decide(request_: AdmissionRequest, why: Skip) -> None:
    assert listed(request_) == ToDecide(skip=why)


def test_a_subresource_that_nobody_knows_is_looked_at() -> None:
    assert listed(request_of(pod(OLD), subResource="resize")).images


def test_only_new_ephemeral_containers_are_looked_at() -> None:
    old = pod(OLD, ephemeralContainers=[{"name": "e", "image": "busybox:1"}])
    new = pod(OLD, ephemeralContainers=[{"name": "e", "image": "busybox:1"}, {"name": "f", "image": NEW}])
    found = listed(update(old, new, subResource="ephemeralcontainers"))
    assert texts(found) == [("spec/ephemeralContainers/1/image", NEW)]


def test_an_image_in_another_sort_of_place_has_changed() -> None:
    new = pod(OLD, ephemeralContainers=[{"name": "e", "image": OLD}])
    assert texts(listed(update(pod(OLD), new))) == [("spec/ephemeralContainers/0/image", OLD)]


def test_an_image_with_another_digest_has_changed() -> None:
    assert texts(listed(update(pod(OLD, OLD), pod(OLD, NEW)))) == [("spec/containers/1/image", NEW)]


def test_containers_that_moved_have_not_changed() -> None:
    assert listed(update(pod(OLD, NEW), pod(NEW, OLD))).skip is Skip.UNCHANGED


def test_an_update_without_a_former_object_is_looked_at() -> None:
    assert listed(request_of(pod(OLD), operation="UPDATE")).images


def deleted(found: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(found)
    changed["metadata"]["deletionTimestamp"] = "2026-11-30T00:00:00Z"
    return changed


def test_an_object_that_is_being_deleted_is_let_go() -> None:
    assert listed(update(deleted(pod(OLD)), deleted(pod(NEW)))).skip is Skip.BEING_DELETED


def test_who_says_so_himself_does_not_get_an_image_in() -> None:
    assert listed(update(pod(OLD), deleted(pod(NEW)))).images
    assert listed(request_of(deleted(pod(NEW)))).images
    assert listed(request_of(pod(NEW), oldObject=deleted(pod(OLD)))).images


def test_a_kind_that_is_not_known_is_no_reason_to_admit() -> None:
    with pytest.raises(UnknownKind, match=r"Rollout of argoproj\.io"):
        listed(request_of(workload("Rollout", OLD, api_version="argoproj.io/v1alpha1")))
    with pytest.raises(UnknownKind, match="Service of the core group"):
        listed(request_of(workload("Service", OLD, api_version="v1")))


def test_a_kind_that_is_configured_is_looked_at() -> None:
    found = request_of(workload("Rollout", OLD, api_version="argoproj.io/v1alpha1"))
    assert texts(listed(found, ROLLOUT)) == [("spec/template/spec/containers/0/image", OLD)]
    without = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {}, "spec": {"workloadRef": {}}}
    assert listed(request_of(without), ROLLOUT).skip is Skip.NO_IMAGES


def test_a_path_may_lead_into_each_element_of_a_list() -> None:
    path = PodSpecPath("ray.io", "RayCluster", ("spec", "groups", "*", "template", "spec"))
    groups = [{"template": {"spec": pod_spec(OLD)}}, {"other": {}}, {"template": {"spec": pod_spec(NEW)}}]
    found = request_of({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {}, "spec": {"groups": groups}})
    listed_ = listed(found, path)
    assert texts(listed_) == [
        ("spec/groups/0/template/spec/containers/0/image", OLD),
        ("spec/groups/2/template/spec/containers/0/image", NEW),
    ]
    assert [pod.spec for pod in listed_.pods] == [pod_spec(OLD), pod_spec(NEW)]
    assert listed(found, PodSpecPath("ray.io", "RayCluster", ("spec", "*"))).skip is Skip.NO_IMAGES


def test_a_kind_of_kubernetes_keeps_its_own_path_whatever_is_configured() -> None:
    elsewhere = PodSpecPath("", "Pod", ("elsewhere",))
    found = listed(request_of(pod(OLD) | {"elsewhere": pod_spec(NEW)}), elsewhere)
    assert [image for _, image in texts(found)] == [OLD, NEW]
    assert len(listed(request_of(pod(OLD)), PodSpecPath("", "Pod", ("spec",))).images) == 1


LABELS, SPECIFICATION, METADATA = Regard(labels=True), Regard(specification=True), Regard(metadata=True)


def changed(*steps: str, to: object) -> AdmissionRequest:
    old = workload("Deployment", OLD)
    new = copy.deepcopy(old)
    owner = new
    for step in steps[:-1]:
        owner = owner.setdefault(step, {})
    owner[steps[-1]] = to
    return update(old, new)


@pytest.mark.parametrize(
    ("request_", "regard", "is_looked_at"),
    [
        (changed("metadata", "labels", "team", to="a"), Regard(), False),
        (changed("metadata", "labels", "team", to="a"), LABELS, True),
        (changed("metadata", "labels", "team", to="a"), SPECIFICATION, False),
        (changed("metadata", "labels", "team", to="a"), METADATA, True),
        (changed("metadata", "annotations", "team", to="a"), LABELS, False),
        (changed("metadata", "annotations", "team", to="a"), METADATA, True),
        (changed("metadata", "annotations", to={}), METADATA, False),
        (changed("metadata", "finalizers", to=["a"]), METADATA, False),
        (changed("metadata", "ownerReferences", to=[{"name": "a"}]), METADATA, False),
        (changed("spec", "paused", to=True), Regard(), False),
        (changed("spec", "paused", to=True), SPECIFICATION, True),
        (changed("spec", "replicas", to=0), SPECIFICATION, False),
        (changed("spec", to="text"), SPECIFICATION, False),
        (changed("metadata", to=None), LABELS, True),
    ],
)
def test_what_policies_look_at_makes_an_old_image_a_new_question(
    request_: AdmissionRequest, regard: Regard, is_looked_at: bool
) -> None:
    assert bool(listed(request_, regard=regard).images) is is_looked_at


def test_images_are_named_as_they_are_found() -> None:
    assert listed(request_of(pod(OLD))).images == (PodImage(("spec", "containers", 0, "image"), OLD),)


def test_what_conditions_of_attestations_are_given_counts_as_well() -> None:
    attestation = {"name": "a", "predicateType": "custom", "policy": {"type": "cue", "data": "a: 1"}}
    policy = parsed({**BY_KEY, "attestations": [attestation]})
    (authority,) = policy.authorities
    (attested,) = authority.attestations
    assert attested.policy is not None
    text = replace(attested.policy, include_spec=True, include_object_meta=True)
    asking = replace(policy, authorities=(replace(authority, attestations=(replace(attested, policy=text),)),))
    assert Regard.of([CompiledPolicy(policy, b"", "1")]) == Regard()
    assert Regard.of([CompiledPolicy(asking, b"", "1")]) == Regard(specification=True, metadata=True, kinds=True)
