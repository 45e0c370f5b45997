"""How and when the API server asks: failure policies, timeouts, conditions, other webhooks, dry runs."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.interop.cluster import manifests
from tests.interop.cluster.admissions import list_images
from tests.interop.cluster.api_client import JSON_PATCH, STRATEGIC, Json
from tests.interop.cluster.fixtures import MakeNamespace
from tests.interop.cluster.our_webhook import CONFIGURATIONS, INCLUDE, OurWebhook
from tests.interop.cluster.program import await_true
from tests.interop.cluster.signed_site import SignedSite
from tests.interop.cluster.tiny_webhook import TinyWebhook, configuration, install

MUTATING, VALIDATING = CONFIGURATIONS[:2]
MESSAGE = 'failed calling webhook "policy.sigstore.dev"'


@contextmanager
def changed(webhook: OurWebhook, path: str, fields: Mapping[str, object]) -> Iterator[None]:
    """Change fields of a webhook configuration, and change them back in the end."""
    (hook,) = webhook.cluster.admin.get(path)["webhooks"]

    def set_to(given: Mapping[str, object]) -> None:
        operations = [{"op": "replace", "path": f"/webhooks/0/{name}", "value": value} for name, value in given.items()]
        webhook.cluster.admin.patch(path, operations, JSON_PATCH)

    set_to(fields)
    try:
        yield
    finally:
        set_to({name: hook[name] for name in fields})


@contextmanager
def nobody_answers(webhook: OurWebhook) -> Iterator[None]:
    """Leave the API server with a Service that has no endpoints."""
    ports, webhook.balancer.ports = webhook.balancer.ports, ()
    webhook.balancer.drop()
    try:
        yield
    finally:
        webhook.balancer.ports = ports


def test_while_nobody_answers_no_image_gets_in(webhook: OurWebhook, site: SignedSite, guarded: str) -> None:
    with nobody_answers(webhook):
        answer = webhook.cluster.admin.try_create(manifests.pod(guarded, "p", site.pinned("signed")))
    assert answer.status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert MESSAGE in answer.message


def test_while_nobody_answers_all_else_goes_on(webhook: OurWebhook, site: SignedSite, guarded: str) -> None:
    """The API server does not ask about objects that run what they ran before."""
    admin = webhook.cluster.admin
    admin.create(manifests.scaled("Deployment", guarded, "web", site.tagged("signed"), replicas=0))
    admin.create(manifests.pod(guarded, "p", site.tagged("signed")))
    web, pod = f"/apis/apps/v1/namespaces/{guarded}/deployments/web", f"/api/v1/namespaces/{guarded}/pods/p"
    with nobody_answers(webhook):
        answers = [
            admin.call("PATCH", f"{web}/scale", {"spec": {"replicas": 2}}, STRATEGIC),
            admin.call("PATCH", web, {"metadata": {"labels": {"tier": "front"}}, "spec": {"replicas": 1}}, STRATEGIC),
            admin.call("PATCH", f"{web}/status", {"status": {"replicas": 1}}, STRATEGIC),
            admin.call("PATCH", pod, {"metadata": {"labels": {"tier": "front"}}}, STRATEGIC),
            admin.call("PATCH", f"{pod}/status", {"status": {"phase": "Running"}}, STRATEGIC),
            admin.call("DELETE", pod),
            admin.call("DELETE", web),
        ]
    assert [answer.message for answer in answers if answer.status != HTTPStatus.OK] == []


def test_where_failures_are_ignored_the_belt_still_wants_digests(
    webhook: OurWebhook, site: SignedSite, guarded: str
) -> None:
    admin = webhook.cluster.admin
    ignore = {"failurePolicy": "Ignore"}
    by_tag, by_digest = site.tagged("unsigned"), site.pinned("unsigned")
    with changed(webhook, MUTATING, ignore), changed(webhook, VALIDATING, ignore), nobody_answers(webhook):
        pinned = manifests.pod(guarded, "by-digest", by_digest)
        await_true(lambda: admin.try_create(pinned).status in {201, 409}, "the webhooks are ignored")
        answer = admin.try_create(manifests.pod(guarded, "by-tag", by_tag))
    assert answer.status == HTTPStatus.FORBIDDEN
    assert "images need a digest" in answer.message


def test_a_registry_that_stalls_is_told_of_before_the_api_server_gives_up(
    webhook: OurWebhook, site: SignedSite, guarded: str
) -> None:
    """The API server would say only that its deadline was exceeded. Connections are taken, and nothing comes back."""
    with socket.create_server(("127.0.0.1", 0)) as registry, changed(webhook, VALIDATING, {"timeoutSeconds": 2}):
        address = f"127.0.0.1:{registry.getsockname()[1]}"
        policy = site.policy("stalled", "unused", {"name": "a", "key": {"data": site.public_key("alice")}})
        policy["spec"]["images"] = [{"glob": f"{address}/**"}]
        webhook.apply_policy(policy)
        image = f"{address}/stalled@{site.digests['signed']}"
        time.sleep(1)
        began = time.monotonic()
        answer = webhook.cluster.admin.try_create(manifests.pod(guarded, "p", image))
        took = time.monotonic() - began
        webhook.cluster.admin.delete(webhook.cluster.admin.path(policy))
    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "failed policy: stalled: spec.containers[0].image" in answer.message
    assert "What to do: try again" in answer.message
    assert 1.0 < took < 2.5


@pytest.mark.parametrize("place", ["-", "0"], ids=["last", "first"])
def test_what_another_webhook_adds_later_is_pinned_too(
    webhook: OurWebhook, site: SignedSite, make_namespace: MakeNamespace, tmp_path: Path, place: str
) -> None:
    """The injector stands behind ours in the order of names: the API server asks ours again, wherever it was put."""
    namespace = make_namespace(test="zz-inject", **INCLUDE)
    with injecting(webhook, site.tagged("signed"), namespace, tmp_path, place):
        made = webhook.cluster.admin.create(manifests.pod(namespace, "p", site.tagged("warned")))
    pinned = [f"{site.tagged(name)}@{site.digests[name]}" for name in ("signed", "warned")]
    assert sorted(list_images(made["spec"])) == pinned


def test_what_another_webhook_adds_later_is_decided_over(
    webhook: OurWebhook, site: SignedSite, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    namespace = make_namespace(test="zz-inject", **INCLUDE)
    with injecting(webhook, site.tagged("unsigned"), namespace, tmp_path):
        answer = webhook.cluster.admin.try_create(manifests.pod(namespace, "p", site.pinned("signed")))
    assert answer.status == HTTPStatus.FORBIDDEN
    assert "failed policy: unsigned: spec.containers[1].image" in answer.message


@contextmanager
def injecting(webhook: OurWebhook, image: str, namespace: str, folder: Path, place: str = "-") -> Iterator[None]:
    """Put a container with an image at a place of every Pod of a namespace, after our webhook."""
    admin = webhook.cluster.admin
    with TinyWebhook(folder, lambda request: _inject(request, image, place)) as injector:
        manifest = configuration("Mutating", "zz-inject", injector)
        install(admin, injector, manifest, namespace)
        try:
            yield
        finally:
            admin.delete(admin.path(manifest))


def _inject(request: Json, image: str, place: str) -> Json:
    if request["kind"]["kind"] != "Pod":
        return {"allowed": True}
    sidecar = {"name": "sidecar", "image": image}
    return TinyWebhook.patched([{"op": "add", "path": f"/spec/containers/{place}", "value": sidecar}])


@pytest.mark.parametrize("dry_run", [{"dryRun": "All"}, {}], ids=["dry run", "create"])
def test_events_tell_of_refusals_but_not_of_dry_runs(
    webhook: OurWebhook, site: SignedSite, guarded: str, dry_run: dict[str, str]
) -> None:
    admin = webhook.cluster.admin
    events = f"/apis/events.k8s.io/v1/namespaces/{guarded}/events"
    admin.try_create(manifests.pod(guarded, "first", site.tagged("unsigned")), **dry_run)
    admin.try_create(manifests.pod(guarded, "last", site.tagged("unsigned")))
    await_true(lambda: "last" in str(admin.get(events)["items"]), "an event about the last Pod")
    told = {event["regarding"]["name"] for event in admin.get(events)["items"]}
    assert told == ({"last"} if dry_run else {"first", "last"})


def test_one_new_image_in_many_pods_is_looked_at_once(webhook: OurWebhook, site: SignedSite, guarded: str) -> None:
    """All Pods of a burst wait for the same answer."""
    admin = webhook.cluster.admin
    image = site.add_signed("burst")
    before = len(site.requests("burst"))
    webhook.apply_policy(site.key_policy("burst", "burst*"))
    statuses: list[int] = []

    def create(number: int) -> None:
        statuses.append(admin.try_create(manifests.pod(guarded, f"p{number}", image)).status)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    admin.delete(admin.path(site.key_policy("burst", "burst*")))
    assert statuses == [HTTPStatus.CREATED] * 20
    asked = site.requests("burst")[before:]
    assert len([request for request in asked if request.endswith(".sig")]) == 1
