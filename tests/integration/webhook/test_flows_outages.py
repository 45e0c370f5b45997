"""What becomes of admissions when replicas of the webhook, its API server or its registry go."""

import signal
import time
from collections.abc import Iterator

import pytest

from tests.interop.cluster.balancer import Balancer
from tests.support.kube_api.contract.checks import pod, unique
from tests.support.kube_api.flows import OTHER, PUBLIC, Load, Registry, denied, serve_team
from tests.support.kube_api.webhook_site import NAMESPACE, SERVICE, WebhookSite, await_that, key_policy, webhook_site


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with serve_team() as made:
        yield made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[WebhookSite]:
    with webhook_site(tmp_path_factory.mktemp("site")) as made:
        made.start(f"--plain-http-registry={registry.address}")
        made.apply_policy("team", **key_policy(PUBLIC, registry.glob))
        yield made


@pytest.fixture(scope="module")
def place(site: WebhookSite) -> str:
    return site.make_namespace(unique("team"))


def test_while_the_webhook_is_down_nothing_is_admitted_where_it_counts(
    site: WebhookSite, place: str, registry: Registry
) -> None:
    port = site.api.services[NAMESPACE, SERVICE]
    site.api.services[NAMESPACE, SERVICE] = 1
    try:
        found = site.admin.try_create(pod(place, "a", registry.pinned))
        free = site.make_namespace(unique("free"), **{"policy.sigstore.dev/include": "false"})
        assert site.admin.try_create(pod(free, "a", registry.unsigned)).code == 201
        assert site.admin.try_create(pod(NAMESPACE, "itself", registry.unsigned)).code == 201
    finally:
        site.api.services[NAMESPACE, SERVICE] = port
    assert (found.code, found.reason) == (500, "InternalError")
    assert (
        'failed calling webhook "policy.sigstore.dev": failed to call webhook: Post "https://webhook.' in found.message
    )
    assert site.admin.try_create(pod(place, "a", registry.pinned)).code == 201


def test_a_lost_api_server_is_found_again(site: WebhookSite, place: str, registry: Registry) -> None:
    site.api.stop()
    site.api.start()
    _changes_are_in_force(site, place, registry)


def test_watches_that_expire_begin_anew(site: WebhookSite, place: str, registry: Registry) -> None:
    for number in range(3):
        site.admin.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": unique(f"other{number}")}})
    site.api.stop()
    site.api.compact()
    site.api.start()
    site.api.compact()
    _changes_are_in_force(site, place, registry)


def _changes_are_in_force(site: WebhookSite, place: str, registry: Registry) -> None:
    for key, code in ((OTHER, 403), (PUBLIC, 201)):
        site.apply_policy("team", **key_policy(key, registry.glob))
        await_that(
            lambda code=code: site.admin.try_create(pod(place, unique("p"), registry.pinned)).code == code, str(code)
        )


def test_what_was_proven_is_asked_about_no_more(site: WebhookSite, place: str, registry: Registry) -> None:
    assert site.admin.try_create(pod(place, unique("p"), registry.pinned)).code == 201
    count = len(registry.requests)
    for _ in range(5):
        assert site.admin.try_create(pod(place, unique("p"), registry.pinned)).code == 201
    assert len(registry.requests) == count


def test_a_registry_that_is_away_refuses_what_was_not_proven(site: WebhookSite, place: str) -> None:
    site.apply_policy("away", **key_policy(PUBLIC, "127.0.0.1:1/**"))
    found = site.admin.try_create(pod(place, "a", f"127.0.0.1:1/app@sha256:{'0' * 64}"))
    said = denied(found)
    site.delete_policy("away")
    assert (found.code >= 500, "127.0.0.1:1" in said) == (True, True)


def test_replicas_come_and_go_under_load(site: WebhookSite, place: str, registry: Registry) -> None:
    """One that is told to stop fails no admission; one that is killed fails at most those that it works on."""
    first, second = site.replicas[-1], site.start(f"--plain-http-registry={registry.address}")
    with Balancer((first.port, second.port)) as balancer:
        site.api.services[NAMESPACE, SERVICE] = balancer.port
        assert site.admin.try_create(pod(place, unique("p"), registry.pinned)).code == 201
        with Load(site.admin, place, registry.pinned) as load:
            time.sleep(1)
            first.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            balancer.ports = (second.port,)
            assert first.process.wait(20) == 0
            time.sleep(0.5)
            assert load.failures() == []
            third = site.start(f"--plain-http-registry={registry.address}")
            site.api.services[NAMESPACE, SERVICE] = balancer.port
            balancer.ports = (second.port, third.port)
            time.sleep(1)
            before = load.failures()
            killed = time.monotonic()
            second.kill()
            time.sleep(3)
        assert before == []
        assert load.failures(killed + 1) == []
        assert load.count(killed + 1) > 5
        assert len(load.failures(killed)) <= 2 * 3
        site.lead_to(third)
    assert site.admin.try_create(pod(place, unique("p"), registry.pinned)).code == 201
    _changes_are_in_force(site, place, registry)
