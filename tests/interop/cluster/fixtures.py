"""The fixtures of tests that need the API server: one server for the whole run, a namespace for each test."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.interop.cluster import manifests
from tests.interop.cluster.our_webhook import INCLUDE, OurWebhook, run_our_webhook
from tests.interop.cluster.server import Cluster
from tests.interop.cluster.signed_site import SignedSite, run_signed_site

MakeNamespace = Callable[..., str]
"""Makes a namespace with labels and a new name, and returns that."""

OWN_GROUP = "example.com"
OWN_KIND = "Rollout"
"""A type of the cluster's own, which makes Pods from `spec.template`."""

_VALUES: dict[str, Any] = {
    "podSpecs[0].group": OWN_GROUP,
    "podSpecs[0].versions": "{v1}",
    "podSpecs[0].resource": "rollouts",
    "podSpecs[0].kind": OWN_KIND,
    "podSpecs[0].path": "spec.template.spec",
    "audit.enabled": "true",
    "crds.policyReports": "true",
}


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API server without controllers, at first."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="session")
def controlled(cluster: Cluster) -> Cluster:
    """The same API server, with controllers from then on."""
    cluster.start_controllers()
    return cluster


@pytest.fixture(scope="session")
def make_namespace(cluster: Cluster) -> MakeNamespace:
    numbers = itertools.count(1)

    def make(**labels: str) -> str:
        return cluster.make_namespace(f"test-{next(numbers)}", **labels)

    return make


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedSite]:
    """A registry with images, signed and unsigned."""
    with run_signed_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="session")
def webhook(cluster: Cluster, site: SignedSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OurWebhook]:
    """Our webhook with one process, and a policy for each repository; whoever stops the process starts another."""
    cluster.admin.create(manifests.custom_type(OWN_GROUP, OWN_KIND))
    with run_our_webhook(cluster, tmp_path_factory.mktemp("webhook"), site.registry, **_VALUES) as running:
        for policy in site.policies():
            running.apply_policy(policy)
        yield running


@pytest.fixture
def guarded(webhook: OurWebhook, make_namespace: MakeNamespace) -> str:
    """A namespace that the webhook is asked about."""
    assert webhook.replicas
    return make_namespace(**INCLUDE)
