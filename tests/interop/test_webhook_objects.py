"""All ways by which images get into a cluster, and all that happens to objects besides: the real webhook is asked."""

from collections.abc import Callable
from http import HTTPStatus

import pytest

from tests.interop.cluster import manifests
from tests.interop.cluster.admissions import list_images
from tests.interop.cluster.api_client import STRATEGIC, Json
from tests.interop.cluster.fixtures import OWN_GROUP, OWN_KIND, MakeNamespace
from tests.interop.cluster.our_webhook import INCLUDE, OurWebhook
from tests.interop.cluster.program import await_true
from tests.interop.cluster.server import Cluster
from tests.interop.cluster.signed_site import SignedSite

Build = Callable[[str, str, str], Json]
"""Builds an object with a namespace, a name and an image."""

INSIDE = "spec.template.spec.containers[0].image"
WORKLOADS: dict[str, tuple[Build, str]] = {
    "ReplicaSet": (lambda *given: manifests.scaled("ReplicaSet", *given, replicas=0), INSIDE),
    "Deployment": (lambda *given: manifests.scaled("Deployment", *given, replicas=0), INSIDE),
    "StatefulSet": (lambda *given: manifests.scaled("StatefulSet", *given, replicas=0), INSIDE),
    "DaemonSet": (lambda *given: manifests.scaled("DaemonSet", *given), INSIDE),
    "ReplicationController": (manifests.replication_controller, INSIDE),
    "PodTemplate": (manifests.pod_template, "template.spec.containers[0].image"),
    "Job": (manifests.job, INSIDE),
    "CronJob": (manifests.cron_job, "spec.jobTemplate.spec.template.spec.containers[0].image"),
    "Rollout": (
        lambda namespace, name, image: manifests.custom(
            OWN_GROUP, OWN_KIND, namespace, name, {"spec": {"template": manifests.template(name, image)}}
        ),
        INSIDE,
    ),
}


@pytest.fixture
def before(controlled: Cluster, site: SignedSite, webhook: OurWebhook, make_namespace: MakeNamespace) -> str:
    """A namespace that the webhook is asked about since a Deployment `web` of an unsigned image ran in it."""
    assert webhook.replicas
    namespace = make_namespace()
    controlled.admin.create(manifests.scaled("Deployment", namespace, "web", site.pinned("unsigned"), replicas=1))
    await_true(lambda: len(pods_of(controlled, namespace)) == 1, "a Pod of the Deployment")
    controlled.admin.patch(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": INCLUDE}})
    return namespace


def pods_of(cluster: Cluster, namespace: str) -> list[Json]:
    found: list[Json] = cluster.admin.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    return found


def deployment(namespace: str) -> str:
    return f"/apis/apps/v1/namespaces/{namespace}/deployments/web"


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_workload_is_pinned(webhook: OurWebhook, site: SignedSite, guarded: str, kind: str) -> None:
    build, _ = WORKLOADS[kind]
    made = webhook.cluster.admin.create(build(guarded, "made", site.tagged("signed")))
    assert list_images(made) == [f"{site.tagged('signed')}@{site.digests['signed']}"]


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_workload_of_an_unsigned_image_is_refused(
    webhook: OurWebhook, site: SignedSite, guarded: str, kind: str
) -> None:
    build, path = WORKLOADS[kind]
    answer = webhook.cluster.admin.try_create(build(guarded, "made", site.tagged("unsigned")))
    assert answer.status == HTTPStatus.FORBIDDEN
    assert f"failed policy: unsigned: {path}\n" in answer.message


@pytest.mark.parametrize(("repository", "status"), [("signed", 201), ("unsigned", 403)])
def test_images_of_volumes_count(
    webhook: OurWebhook, site: SignedSite, guarded: str, repository: str, status: int
) -> None:
    volume = {"name": "files", "image": {"reference": site.tagged(repository)}}
    answer = webhook.cluster.admin.try_create(manifests.pod(guarded, "p", site.pinned("signed"), volumes=[volume]))
    assert answer.status == status
    if status == HTTPStatus.FORBIDDEN:
        assert "failed policy: unsigned: spec.volumes[0].image.reference\n" in answer.message
    else:
        pinned = f"{site.tagged('signed')}@{site.digests['signed']}"
        assert answer.body["spec"]["volumes"][0]["image"]["reference"] == pinned


def test_a_pod_without_a_name_yet_is_decided_over(webhook: OurWebhook, site: SignedSite, guarded: str) -> None:
    manifest = manifests.pod(guarded, "", site.tagged("signed"))
    manifest["metadata"] = {"namespace": guarded, "generateName": "made-"}
    made = webhook.cluster.admin.create(manifest)
    assert made["metadata"]["name"].startswith("made-")
    assert list_images(made) == [f"{site.tagged('signed')}@{site.digests['signed']}"]


def test_pods_of_controllers_are_decided_over(controlled: Cluster, site: SignedSite, before: str) -> None:
    """A Deployment that was there before makes no more Pods, and says why."""
    (pod,) = pods_of(controlled, before)
    controlled.admin.delete(f"/api/v1/namespaces/{before}/pods/{pod['metadata']['name']}", {"gracePeriodSeconds": 0})

    def conditions() -> dict[str, Json]:
        status = controlled.admin.get(deployment(before))["status"]
        return {condition["type"]: condition for condition in status.get("conditions", ())}

    await_true(lambda: "ReplicaFailure" in conditions(), "the Deployment says that its Pod was refused")
    failure = conditions()["ReplicaFailure"]
    assert failure["reason"] == "FailedCreate"
    assert f"authority alice for {site.pinned('unsigned')}: no signatures found" in failure["message"]
    assert pods_of(controlled, before) == []


def test_what_a_controller_makes_is_pinned(controlled: Cluster, site: SignedSite, guarded: str) -> None:
    controlled.admin.create(manifests.scaled("Deployment", guarded, "web", site.tagged("signed"), replicas=2))
    await_true(lambda: len(pods_of(controlled, guarded)) == 2, "Pods of the Deployment")
    images = {image for pod in pods_of(controlled, guarded) for image in list_images(pod["spec"])}
    assert images == {f"{site.tagged('signed')}@{site.digests['signed']}"}


def test_what_ran_before_can_be_scaled_labelled_and_reported_on(controlled: Cluster, before: str) -> None:
    admin, web = controlled.admin, deployment(before)
    assert admin.patch(f"{web}/scale", {"spec": {"replicas": 0}})["kind"] == "Scale"
    await_true(lambda: pods_of(controlled, before) == [], "no Pods")
    assert admin.patch(web, {"metadata": {"labels": {"tier": "front"}}})["metadata"]["labels"] == {"tier": "front"}
    assert admin.patch(web, {"spec": {"replicas": 3, "paused": True}})["spec"]["replicas"] == 3
    counted = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 0)
    assert admin.patch(f"{web}/status", {"status": counted})["kind"] == "Deployment"


def test_what_ran_before_gets_no_other_unsigned_image(controlled: Cluster, site: SignedSite, before: str) -> None:
    """Not even together with fewer replicas."""
    changed = {"containers": [{"name": "c0", "image": site.pinned("unsigned-too")}]}
    patch = {"spec": {"replicas": 0, "template": {"spec": changed}}}
    answer = controlled.admin.call("PATCH", deployment(before), patch, STRATEGIC)
    assert answer.status == HTTPStatus.FORBIDDEN
    assert f"authority alice for {site.pinned('unsigned-too')}: no signatures found" in answer.message


def test_what_ran_before_can_be_debugged(controlled: Cluster, site: SignedSite, before: str) -> None:
    (pod,) = pods_of(controlled, before)
    path = f"/api/v1/namespaces/{before}/pods/{pod['metadata']['name']}/ephemeralcontainers"

    def debug(repository: str) -> int:
        debugger = {"name": repository, "image": site.tagged(repository)}
        return controlled.admin.call("PATCH", path, {"spec": {"ephemeralContainers": [debugger]}}, STRATEGIC).status

    assert (debug("signed"), debug("unsigned-too")) == (HTTPStatus.OK, HTTPStatus.FORBIDDEN)


@pytest.mark.parametrize("how", ["Background", "Foreground", "Orphan"])
def test_what_ran_before_can_be_deleted(controlled: Cluster, before: str, how: str) -> None:
    """The garbage collector writes into objects with refused images: it removes owners and finalizers."""
    admin = controlled.admin
    admin.delete(deployment(before), {"propagationPolicy": how})
    await_true(lambda: admin.call("GET", deployment(before)).status == HTTPStatus.NOT_FOUND, "the Deployment is gone")
    sets = f"/apis/apps/v1/namespaces/{before}/replicasets"
    if how == "Orphan":
        (left,) = admin.get(sets)["items"]
        await_true(lambda: "ownerReferences" not in admin.get(sets)["items"][0]["metadata"], "nobody owns it")
        admin.delete(f"{sets}/{left['metadata']['name']}")
    await_true(lambda: pods_of(controlled, before) == [], "the Pods are gone")
    assert admin.get(sets)["items"] == []


def test_finalizers_can_be_removed(controlled: Cluster, before: str) -> None:
    (pod,) = pods_of(controlled, before)
    path = f"/api/v1/namespaces/{before}/pods/{pod['metadata']['name']}"
    controlled.admin.patch(path, {"metadata": {"finalizers": ["example.com/later"]}})
    controlled.admin.delete(path, {"gracePeriodSeconds": 0})
    controlled.admin.patch(path, {"metadata": {"finalizers": None}})
    assert controlled.admin.call("GET", path).status == HTTPStatus.NOT_FOUND


def test_pods_can_be_evicted(controlled: Cluster, before: str) -> None:
    (pod,) = pods_of(controlled, before)
    name = pod["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    answer = controlled.admin.call("POST", f"/api/v1/namespaces/{before}/pods/{name}/eviction", eviction)
    assert answer.status == HTTPStatus.CREATED


def test_the_job_of_a_cron_job_is_decided_over(
    controlled: Cluster, site: SignedSite, webhook: OurWebhook, guarded: str
) -> None:
    """What its controller makes at the full minute is a Job whose image is pinned already."""
    assert webhook.replicas
    controlled.admin.create(manifests.cron_job(guarded, "minutely", site.tagged("signed")))
    jobs = f"/apis/batch/v1/namespaces/{guarded}/jobs"
    await_true(lambda: bool(controlled.admin.get(jobs)["items"]), "a Job", 150.0)
    (job,) = controlled.admin.get(jobs)["items"]
    assert job["metadata"]["ownerReferences"][0]["kind"] == "CronJob"
    assert list_images(job) == [f"{site.tagged('signed')}@{site.digests['signed']}"]
    annotations = controlled.audit.annotations(guarded, job["metadata"]["name"])
    assert annotations["policy.sigstore.dev/verdict"] == "admitted"


def test_other_namespaces_are_left_alone(webhook: OurWebhook, site: SignedSite, make_namespace: MakeNamespace) -> None:
    namespace = make_namespace()
    made = webhook.cluster.admin.create(manifests.pod(namespace, "p", site.tagged("unsigned")))
    assert list_images(made["spec"]) == [site.tagged("unsigned")]
