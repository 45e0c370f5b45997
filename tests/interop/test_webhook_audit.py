"""What runs is judged again when policies change, and reports say so: by the process that leads, on the real server."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus

import pytest

from tests.interop.cluster import manifests
from tests.interop.cluster.fixtures import MakeNamespace
from tests.interop.cluster.our_webhook import INCLUDE, OurWebhook
from tests.interop.cluster.program import await_true
from tests.interop.cluster.signed_site import SignedSite


@pytest.fixture(scope="module")
def auditing(webhook: OurWebhook) -> Iterator[OurWebhook]:
    """The webhook, as one process that audits; as before in the end."""
    for replica in tuple(webhook.replicas):
        webhook.stop_replica(replica)
    auditor = webhook.start_replica("--audit")
    yield webhook
    webhook.start_replica()
    webhook.stop_replica(auditor)


@pytest.fixture
def running(auditing: OurWebhook, site: SignedSite, make_namespace: MakeNamespace) -> str:
    """A namespace that the webhook is asked about since two Pods ran in it."""
    namespace = make_namespace()
    for name in ("signed", "unsigned"):
        auditing.cluster.admin.create(manifests.pod(namespace, name, site.pinned(name)))
    auditing.cluster.admin.patch(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": INCLUDE}})
    return namespace


def results(webhook: OurWebhook, namespace: str) -> Mapping[tuple[str, str], str]:
    """Return the results of the report by policy and by the Pods that they are about."""
    path = f"/apis/wgpolicyk8s.io/v1alpha2/namespaces/{namespace}/policyreports/cosignpy-webhook"
    answer = webhook.cluster.admin.call("GET", path)
    if answer.status != HTTPStatus.OK:
        return {}
    return {
        (each["policy"], resource["name"]): each["result"]
        for each in answer.body["results"]
        for resource in each["resources"]
    }


def test_a_report_says_what_runs_that_may_not(auditing: OurWebhook, running: str) -> None:
    wanted = {("signed", "signed"): "pass", ("unsigned", "unsigned"): "fail"}
    await_true(lambda: results(auditing, running) == wanted, f"a report: {results(auditing, running)}")


def test_a_policy_that_changes_changes_the_report(auditing: OurWebhook, site: SignedSite, running: str) -> None:
    await_true(lambda: results(auditing, running).get(("signed", "signed")) == "pass", "a report")
    auditing.apply_policy(site.key_policy("signed", "signed*", "bob"))
    try:
        await_true(lambda: results(auditing, running).get(("signed", "signed")) == "fail", "another report")
    finally:
        auditing.apply_policy(site.key_policy("signed", "signed*"))
    await_true(lambda: results(auditing, running).get(("signed", "signed")) == "pass", "the report as it was")


def test_a_pod_that_goes_leaves_the_report(auditing: OurWebhook, running: str) -> None:
    await_true(lambda: ("unsigned", "unsigned") in results(auditing, running), "a report")
    path = f"/api/v1/namespaces/{running}/pods/unsigned"
    auditing.cluster.admin.delete(path, {"gracePeriodSeconds": 0})
    await_true(lambda: ("unsigned", "unsigned") not in results(auditing, running), "it is gone")
    assert results(auditing, running) == {("signed", "signed"): "pass"}
