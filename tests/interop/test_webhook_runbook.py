"""docs/operations/webhook.md on a real API server: each incident is produced, and what the page says helps."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cosignpy.core.encoding import encode_b64
from cosignpy.core.trust.trusted_root import TrustedRoot, encode_trusted_root
from cosignpy.webhook.certificates.issuing import create_authority, issue_server
from cosignpy.webhook.certificates.keeper import service_names
from cosignpy.webhook.certificates.kept import Kept
from tests.interop import peers
from tests.interop.cluster import manifests
from tests.interop.cluster.api_client import JSON_PATCH, Answer, Json
from tests.interop.cluster.balancer import Balancer
from tests.interop.cluster.our_webhook import CONFIGURATIONS, INCLUDE, SYSTEM, OurWebhook
from tests.interop.cluster.program import await_true
from tests.interop.cluster.server import Cluster
from tests.interop.cluster.signed_site import SignedSite, run_signed_site
from tests.support.deployment import CHART
from tests.support.runbook import PAGES, Operator, steps
from tests.support.trust_archives import packed
from tests.support.trust_repository import TrustRepository

PAGE: Final = PAGES / "webhook.md"
ROOT: Final = PAGES.parents[1]
NAMESPACE: Final = "shop"
SETTINGS: Final = f"/api/v1/namespaces/{SYSTEM}/configmaps/config-policy-controller"
SECRET: Final = f"/api/v1/namespaces/{SYSTEM}/secrets/webhook-certs"
FAILED: Final = 'failed calling webhook "policy.sigstore.dev"'
VALUES: Final = {
    "namespace": {"create": True},
    "audit": {"enabled": True},
    "crds": {"policyReports": True},
    "settings": {"break-glass": "true", "no-match-policy": "deny"},
}
UNCOVERED: Final = ("webhook",)
"""What no test of this page needs."""


class Installed(OurWebhook):
    """The webhook as the page installs it; what is a pod in a cluster are processes beside the API server here."""

    def lead_here(self) -> None:
        """Have its Service lead to the processes: after each install, as helm sets what the chart says."""
        admin = self.cluster.admin
        service = {"metadata": {"name": "webhook"}, "spec": {"type": "ExternalName", "externalName": "localhost"}}
        admin.patch(f"/api/v1/namespaces/{SYSTEM}/services/webhook", service)
        port = {"op": "replace", "path": "/webhooks/0/clientConfig/service/port", "value": self.balancer.port}
        for path in CONFIGURATIONS:
            admin.patch(path, [port], JSON_PATCH)


@dataclass
class World:
    """A cluster with the webhook, a registry behind a balancer that can be closed, and somebody who has the page."""

    cluster: Cluster
    site: SignedSite
    webhook: Installed
    operator: Operator
    registry: Balancer

    def run(self, step: str, **more: str) -> str:
        """Execute a step of the page."""
        return self.operator.run(step, **more)

    def start_pod(self, name: str, image: str, namespace: str = NAMESPACE) -> Answer:
        """Have a Pod made."""
        return self.cluster.admin.try_create(manifests.pod(namespace, name, image))

    def is_admitted(self, image: str) -> bool:
        """Tell whether a Pod could be made, without making one."""
        pod = manifests.pod(NAMESPACE, "tried", image)
        return self.cluster.admin.try_create(pod, dryRun="All").status == HTTPStatus.CREATED

    def restart(self) -> None:
        """Do what the Deployment would: exchange the process."""
        for replica in tuple(self.webhook.replicas):
            self.webhook.stop_replica(replica)
        self.webhook.start_replica("--audit")

    def set(self, **settings: str) -> None:
        """Change settings."""
        self.cluster.admin.patch(SETTINGS, {"data": {name.replace("_", "-"): text for name, text in settings.items()}})

    def policy_by_secret(self) -> Json:
        """Build a policy about signed images whose key is in a Secret that may be there or not."""
        key = {"secretRef": {"name": "team-key"}}
        return self.site.policy("by-secret", "signed*", {"name": "team", "key": key})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("runbook")
    with (
        Cluster(folder / "cluster") as cluster,
        run_signed_site(folder / "site") as site,
        Balancer((int(site.registry.rpartition(":")[2]),)) as registry,
        Balancer() as balancer,
    ):
        site = replace(site, registry=f"127.0.0.1:{registry.port}")
        webhook = Installed(cluster, folder / "webhook", site.registry, balancer=balancer)
        (folder / "webhook").mkdir()
        (folder / "values.yaml").write_text(yaml.safe_dump(VALUES))
        programs = [str(peers.path(name).parent) for name in ("kubectl", "helm")]
        known = {
            "PATH": os.pathsep.join([*programs, str(Path(os.sys.executable).parent), os.environ["PATH"]]),
            "KUBECONFIG": str(cluster.kubeconfig(folder / "admin.kubeconfig")),
            "HOME": str(folder),
            "COSIGN_PASSWORD": "",
            "N": NAMESPACE,
            "V": str(folder / "values.yaml"),
        }
        operator = Operator(folder, folder, 0, PAGE, known)
        os.chdir(ROOT)
        operator.run("install")
        webhook.lead_here()
        webhook.start_replica("--audit")
        webhook.await_filled()
        cluster.make_namespace(NAMESPACE, **INCLUDE)
        webhook.apply_policy(site.key_policy("unsigned", "unsigned*"))
        try:
            yield World(cluster, site, webhook, operator, registry)
        finally:
            webhook.stop()


def ready(world: World, policy: str) -> bool:
    return f"{policy}\t" in world.run("faults") and f"{policy}\tConfigMapUpdated=True" in world.run("faults")


def test_it_runs_as_the_page_installs_it_and_a_second_time_changes_nothing(world: World) -> None:
    shown = world.run("healthy")
    assert "deployment.apps/webhook" in shown
    assert "lease.coordination.k8s.io/cosignpy-webhook" in shown
    assert shown.count("policy.sigstore.dev ") >= 2
    assert "has been upgraded" in world.run("install")
    world.webhook.lead_here()
    assert all(world.webhook._is_filled(path) for path in CONFIGURATIONS)
