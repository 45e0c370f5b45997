"""What goes wrong around the webhook: it stops, is killed, the API server goes, watches expire, everything is new."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import pytest

from tests.interop.cluster import manifests
from tests.interop.cluster.api_client import JSON_PATCH, Json
from tests.interop.cluster.fixtures import MakeNamespace
from tests.interop.cluster.load import Load
from tests.interop.cluster.our_webhook import CONFIGURATIONS, INCLUDE, SYSTEM, OurWebhook, Replica
from tests.interop.cluster.program import await_true
from tests.interop.cluster.signed_site import SignedSite

CLIENTS: Final = 8
IN_FORCE_SECONDS: Final = 10.0


@pytest.fixture
def second(webhook: OurWebhook) -> Iterator[Replica]:
    """Another process of the webhook; there is one as before in the end."""
    replica = webhook.start_replica()
    yield replica
    if replica in webhook.replicas:
        webhook.stop_replica(replica)


@pytest.fixture
def pod(site: SignedSite, guarded: str) -> Json:
    """A Pod that is admitted."""
    return manifests.pod(guarded, "p", site.tagged("signed"))


@contextmanager
def stopped(webhook: OurWebhook) -> Iterator[None]:
    """Stop all processes of the webhook, and start one in the end."""
    for replica in tuple(webhook.replicas):
        webhook.stop_replica(replica)
    try:
        yield
    finally:
        webhook.start_replica()


def is_admitted(webhook: OurWebhook, manifest: Json) -> Callable[[], bool]:
    return lambda: webhook.cluster.admin.try_create(manifest, dryRun="All").status == HTTPStatus.CREATED


def test_one_of_two_that_is_told_to_stop_fails_nobody(webhook: OurWebhook, second: Replica, pod: Json) -> None:
    with Load(webhook.cluster.admin, pod, CLIENTS) as load:
        await_true(lambda: len(load.attempts) > 20 * CLIENTS, "load")
        began = time.monotonic()
        webhook.stop_replica(second)
        took = time.monotonic() - began
        stopped_after = len(load.attempts)
        await_true(lambda: len(load.attempts) > stopped_after + 20 * CLIENTS, "load on the other one")
    assert [attempt.answer.message for attempt in load.failures()] == []
    assert took < 5.0


def test_one_of_two_that_is_killed_fails_only_what_it_had(webhook: OurWebhook, second: Replica, pod: Json) -> None:
    with Load(webhook.cluster.admin, pod, CLIENTS) as load:
        await_true(lambda: len(load.attempts) > 20 * CLIENTS, "load")
        killed = time.monotonic()
        second.program.kill()
        await_true(lambda: time.monotonic() > killed + 2.0, "two seconds")
    webhook.stop_replica(second)
    failures = load.failures()
    assert len(failures) <= CLIENTS
    assert [attempt.answer.message for attempt in failures if attempt.began > killed + 1.0] == []
    assert [attempt for attempt in load.attempts if attempt.began > killed + 1.0] != []


def test_both_can_be_replaced_one_after_the_other(webhook: OurWebhook, pod: Json) -> None:
    """As a Deployment does it: a new one is ready before an old one is stopped."""
    (old,) = webhook.replicas
    with Load(webhook.cluster.admin, pod, CLIENTS) as load:
        await_true(lambda: len(load.attempts) > 10 * CLIENTS, "load")
        webhook.start_replica()
        webhook.stop_replica(old)
        replaced_after = len(load.attempts)
        await_true(lambda: len(load.attempts) > replaced_after + 10 * CLIENTS, "load on the new one")
    assert [attempt.answer.message for attempt in load.failures()] == []


def test_it_starts_again_when_all_of_it_was_away(webhook: OurWebhook, pod: Json) -> None:
    """Its configurations are there and nobody answers them: neither its own Pods nor the chart wait for it."""
    admin = webhook.cluster.admin
    own = manifests.pod(SYSTEM, "webhook-pod", "registry.example.com/cosignpy:1")
    own["spec"]["serviceAccountName"] = "webhook"
    with stopped(webhook):
        assert admin.try_create(pod, dryRun="All").status == HTTPStatus.INTERNAL_SERVER_ERROR
        admin.patch(f"/api/v1/namespaces/{SYSTEM}", {"metadata": {"labels": INCLUDE}})
        assert admin.try_create(own, dryRun="All").status == HTTPStatus.CREATED
        for manifest in webhook.manifests():
            admin.apply(manifest)
        assert admin.try_create(own, dryRun="All").status == HTTPStatus.CREATED
    webhook.await_filled()
    admin.patch(f"/api/v1/namespaces/{SYSTEM}", {"metadata": {"labels": dict.fromkeys(INCLUDE)}})
    await_true(is_admitted(webhook, pod), "Pods are admitted again")


@pytest.mark.parametrize("path", CONFIGURATIONS)
def test_an_authority_that_somebody_removed_is_there_again(webhook: OurWebhook, pod: Json, path: str) -> None:
    admin = webhook.cluster.admin
    (hook,) = admin.get(path)["webhooks"]
    removal = [{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]
    admin.patch(path, removal, JSON_PATCH)
    await_true(lambda: admin.get(path)["webhooks"][0]["clientConfig"].get("caBundle") is not None, "an authority")
    assert admin.get(path)["webhooks"][0]["clientConfig"]["caBundle"] == hook["clientConfig"]["caBundle"]
    await_true(is_admitted(webhook, pod), "Pods are admitted again")


def test_it_goes_on_when_the_api_server_comes_back(webhook: OurWebhook, site: SignedSite, pod: Json) -> None:
    webhook.cluster.restart_api_server()
    await_true(is_admitted(webhook, pod), "Pods are admitted again")
    expect_next_policy_in_force(webhook, site, pod)


def test_it_sees_what_changed_when_its_watches_expired(
    webhook: OurWebhook, site: SignedSite, pod: Json, make_namespace: MakeNamespace
) -> None:
    """It sleeps while a policy changes, and all versions that it knows are forgotten: the API server answers 410."""
    (replica,) = webhook.replicas
    assert replica.program.process is not None
    process, name = replica.program.process, make_namespace()
    refusing = site.policy("expired", "signed*", {"name": "a", "static": {"action": "fail", "message": "expired"}})
    process.send_signal(signal.SIGSTOP)
    try:
        without_webhook(webhook, refusing)
        webhook.cluster.make_namespace(f"{name}-more")
        webhook.cluster.forget_history()
    finally:
        process.send_signal(signal.SIGCONT)
    admin = webhook.cluster.admin
    await_true(lambda: "expired" in admin.try_create(pod, dryRun="All").message, "the policy is in force")
    admin.delete(admin.path(refusing))
    await_true(is_admitted(webhook, pod), "the policy is gone")


def without_webhook(webhook: OurWebhook, policy: Json) -> None:
    """Write a policy while nobody checks policies."""
    admin = webhook.cluster.admin
    checks = [admin.get(path) for path in CONFIGURATIONS[2:]]
    for path in CONFIGURATIONS[2:]:
        admin.delete(path)
    await_true(lambda: admin.call("POST", admin.collection(policy), policy).status in {201, 409}, "the policy")
    for check in checks:
        check["metadata"] = {"name": check["metadata"]["name"]}
        admin.create(check)


def expect_next_policy_in_force(webhook: OurWebhook, site: SignedSite, pod: Json) -> None:
    """Change what is in force, and see it change."""
    admin = webhook.cluster.admin
    refusing = site.policy("next", "signed*", {"name": "a", "static": {"action": "fail", "message": "not any more"}})
    await_true(lambda: admin.call("POST", admin.collection(refusing), refusing).status in {201, 409}, "the policy")
    await_true(
        lambda: "not any more" in admin.try_create(pod, dryRun="All").message, "it is in force", IN_FORCE_SECONDS
    )
    admin.delete(admin.path(refusing))
    await_true(is_admitted(webhook, pod), "it is gone", IN_FORCE_SECONDS)
