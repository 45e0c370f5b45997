"""Images of a registry that wants credentials: the Pod's, its service account's, and nobody else's."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cosignpy.localregistry.auth.accounts import Account
from tests.support.kube_api.contract.checks import pod, unique
from tests.support.kube_api.flows import PUBLIC, Registry, denied, serve_team
from tests.support.kube_api.webhook_site import WebhookSite, await_that, key_policy, webhook_site

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with serve_team(Account("puller", PASSWORD)) as made:
        yield made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[WebhookSite]:
    with webhook_site(tmp_path_factory.mktemp("site")) as made:
        made.start(f"--plain-http-registry={registry.address}")
        made.apply_policy("team", **key_policy(PUBLIC, registry.glob))
        yield made


@pytest.fixture
def place(site: WebhookSite, registry: Registry) -> str:
    name = site.make_namespace(unique("team"))
    for secret, password in (("pull", PASSWORD), ("wrong", "wrong")):
        auths = {"auths": {registry.address: {"username": "puller", "password": password}}}
        document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret, "namespace": name}}
        encoded = base64.b64encode(json.dumps(auths).encode()).decode()
        site.admin.create(
            {**document, "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": encoded}}
        )
    return name


def pulling(place: str, image: str, *secrets: str) -> dict[str, Any]:
    return pod(place, unique("p"), image, imagePullSecrets=[{"name": secret} for secret in secrets])


def test_the_secrets_of_a_pod_count(site: WebhookSite, place: str, registry: Registry) -> None:
    found = site.admin.try_create(pulling(place, registry.pinned, "wrong"))
    assert found.code >= 400
    assert registry.address in denied(found)
    assert site.admin.try_create(pulling(place, registry.pinned, "pull")).code == 201
    assert site.admin.try_create(pulling(place, registry.signed, "pull")).code == 201
    assert site.admin.try_create(pulling(place, registry.pinned, "wrong", "pull")).code == 201


def test_a_secret_that_is_missing_is_named(site: WebhookSite, place: str, registry: Registry) -> None:
    said = denied(site.admin.try_create(pulling(place, registry.unsigned_pinned, "nowhere")))
    assert "nowhere" in said
    assert "no signatures found" not in said
    assert "no signatures found" in denied(site.admin.try_create(pulling(place, registry.unsigned_pinned, "pull")))


def test_the_secrets_of_a_service_account_count(site: WebhookSite, place: str, registry: Registry) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": place}}
    site.admin.apply({**account, "imagePullSecrets": [{"name": "pull"}]})
    await_that(lambda: site.admin.try_create(pulling(place, registry.pinned)).code == 201, "admitted", 5)
