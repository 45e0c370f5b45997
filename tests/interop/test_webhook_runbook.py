"""docs/operations/webhook.md on a real API server: each incident is produced, and what the page says helps."""

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

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
from tests.interop.images import push_image
from tests.interop.programs import PASSWORD
from tests.support.deployment import CHART
from tests.support.runbook import PAGES, Operator, steps
from tests.support.trust_archives import packed
from tests.support.trust_repository import TrustRepository

PAGE: Final = PAGES / "webhook.md"
ROOT: Final = PAGES.parents[1]
KUBERNETES: Final = ROOT / "docs" / "kubernetes.md"
NAMESPACE: Final = "shop"
SETTINGS: Final = f"/api/v1/namespaces/{SYSTEM}/configmaps/config-policy-controller"
SECRET: Final = f"/api/v1/namespaces/{SYSTEM}/secrets/webhook-certs"
SOON: Final = timedelta(seconds=8)
FRESH: Final = "cosignpy.dev/Fresh"
FAILED: Final = 'failed calling webhook "policy.sigstore.dev"'
VALUES: Final = {
    "namespace": {"create": True},
    "audit": {"enabled": True},
    "crds": {"policyReports": True},
    "settings": {"break-glass": "true", "no-match-policy": "deny"},
}


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
        run_signed_site(folder / "site") as direct,
        Balancer((int(direct.registry.rpartition(":")[2]),)) as registry,
        Balancer() as balancer,
        pytest.MonkeyPatch.context() as place,
    ):
        site = replace(direct, registry=f"127.0.0.1:{registry.port}")
        webhook = Installed(cluster, folder / "webhook", site.registry, balancer=balancer)
        (folder / "webhook").mkdir()
        (folder / "values.yaml").write_text(yaml.safe_dump(VALUES))
        programs = [str(peers.path(name).parent) for name in ("kubectl", "helm")]
        known = {
            "PATH": os.pathsep.join([*programs, str(Path(sys.executable).parent), os.environ["PATH"]]),
            "KUBECONFIG": str(cluster.kubeconfig(folder / "admin.kubeconfig")),
            "HOME": str(folder),
            "N": NAMESPACE,
            "V": str(folder / "values.yaml"),
        }
        operator = Operator(folder, folder, 0, PAGE, known)
        place.chdir(ROOT)
        operator.run("install")
        webhook.lead_here()
        webhook.start_replica("--audit")
        webhook.await_filled()
        cluster.make_namespace(NAMESPACE, **INCLUDE)
        for name in ("unsigned", "signed"):
            webhook.apply_policy(site.key_policy(name, f"{name}*"))
        try:
            yield World(cluster, site, webhook, operator, registry)
        finally:
            webhook.stop()


@pytest.fixture(autouse=True)
def _answering(world: World) -> None:
    """Have somebody answer, whatever became of it in a former test."""
    if not world.webhook.replicas:
        world.webhook.start_replica("--audit")


@pytest.fixture
def by_secret(world: World) -> Iterator[None]:
    """Have the key for signed images in a Secret, that nobody wrote yet."""
    admin, direct = world.cluster.admin, world.site.key_policy("signed", "signed*")
    admin.delete(admin.path(direct))
    admin.apply(world.policy_by_secret())
    yield
    admin.delete(admin.path(world.policy_by_secret()))
    admin.call("DELETE", f"/api/v1/namespaces/{SYSTEM}/secrets/team-key")
    world.webhook.apply_policy(direct)


def condition(world: World, policy: Json, kind: str = "Ready") -> Json:
    """Return what a status says of a policy or a trust root; nothing where it does not say that yet."""
    admin = world.cluster.admin
    said = {each["type"]: each for each in admin.get(admin.path(policy)).get("status", {}).get("conditions", ())}
    found: Json = said.get(kind, {})
    return found


def test_every_step_of_the_page_is_executed() -> None:
    code = Path(__file__).read_text()
    assert [name for name in steps(PAGE) if f'"{name}"' not in code] == []


def test_alerts_lead_to_headings_of_the_page() -> None:
    found = re.findall(r"^#+ (.+)$", PAGE.read_text(), re.MULTILINE)
    headings = {re.sub(r"[^a-z0-9]+", "-", each.lower()) for each in found}
    alerts = yaml.safe_load((CHART / "files" / "alerts.yaml").read_text())
    named = {rule["annotations"]["runbook"] for group in alerts["groups"] for rule in group["rules"]}
    assert named <= headings


def test_it_runs_as_the_page_installs_it_and_a_second_time_changes_nothing(world: World) -> None:
    shown = world.run("healthy")
    assert "deployment.apps/webhook" in shown
    assert "lease.coordination.k8s.io/cosignpy-webhook" in shown
    assert shown.count("policy.sigstore.dev ") >= 2
    assert "has been upgraded" in world.run("install")
    world.webhook.lead_here()
    world.webhook.await_filled()
    assert world.is_admitted(world.site.tagged("signed"))


def test_webhook_down(world: World) -> None:
    site = world.site
    world.webhook.stop_replica(world.webhook.replicas[0])
    assert FAILED in world.start_pod("down", site.pinned("signed")).message
    assert "restarted" in world.run("restart")
    world.run("open")
    await_true(lambda: world.is_admitted(site.pinned("unsigned")), "what is open lets everything in")
    assert "images need a digest" in world.start_pod("tagged", site.tagged("unsigned")).message
    world.webhook.start_replica("--audit")
    world.run("close")
    await_true(lambda: not world.is_admitted(site.pinned("unsigned")), "it is closed again")
    await_true(lambda: world.is_admitted(site.pinned("signed")), "and answers")


def test_locked_out(world: World) -> None:
    """Somebody has the webhook asked about its own namespace; nobody answers, and so nobody can be started."""
    own = manifests.pod(SYSTEM, "webhook-pod", f"registry.example.com/cosignpy@sha256:{'a1' * 32}")
    own["spec"]["securityContext"] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    least = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    own["spec"]["containers"][0]["securityContext"] = least
    admin = world.cluster.admin
    admin.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": SYSTEM}})
    world.webhook.stop_replica(world.webhook.replicas[0])
    assert SYSTEM in world.run("selector")
    assert admin.try_create(own, dryRun="All").status == HTTPStatus.CREATED
    everywhere = [{"op": "replace", "path": "/webhooks/0/namespaceSelector", "value": {}}]
    for path in CONFIGURATIONS[:2]:
        admin.patch(path, everywhere, JSON_PATCH)
    await_true(lambda: FAILED in admin.try_create(own, dryRun="All").message, "locked out")
    world.run("unlock")
    await_true(lambda: admin.try_create(own, dryRun="All").status == HTTPStatus.CREATED, "not locked out any more")
    world.webhook.start_replica("--audit")
    world.run("lock")
    world.webhook.lead_here()
    world.webhook.await_filled()
    await_true(lambda: not world.is_admitted(world.site.pinned("unsigned")), "it is asked again")
    assert admin.try_create(own, dryRun="All").status == HTTPStatus.CREATED


def test_one_image_has_to_run_now(world: World, tmp_path: Path) -> None:
    site = world.site
    site.shop.make_key("oncall")
    world.cluster.admin.apply(exceptions(site.public_key("oncall")))
    assert not world.is_admitted(site.pinned("unsigned"))
    given = {"E": str(tmp_path / "exception.yaml"), "R": f"{site.registry}/unsigned"}
    given |= {"O": str(site.shop.folder / "oncall.key"), "COSIGN_PASSWORD": PASSWORD}
    world.run("except", **given)
    answer = world.start_pod("hotfix", site.pinned("unsigned"))
    assert answer.status == HTTPStatus.CREATED
    assert "admitted by break-glass inc-4711 of on-call" in " ".join(answer.warnings)
    assert "INC-4711" in world.cluster.audit.annotations(NAMESPACE, "hotfix")["policy.sigstore.dev/break-glass"]
    assert "inc-4711" in world.run("exceptions")
    world.run("take-back")
    await_true(lambda: not world.is_admitted(site.pinned("unsigned")), "it counts no more")


def exceptions(key: str) -> Json:
    """Return the policy that says who may sign exceptions."""
    return {
        "apiVersion": "cosignpy.dev/v1alpha1",
        "kind": "ImagePolicy",
        "metadata": {"name": "exceptions", "namespace": SYSTEM},
        "spec": {"files": [{"glob": "break-glass.yaml"}], "authorities": [{"name": "on-call", "key": {"data": key}}]},
    }


def test_registry_down(world: World) -> None:
    site = world.site
    world.set(verdict_lifetime="1s", grace_period="0")
    assert world.is_admitted(site.pinned("signed"))
    with closed(world.registry):
        await_true(lambda: not world.is_admitted(site.pinned("signed")), "its time is over")
        answer = world.start_pod("refused", site.pinned("signed"))
        assert (answer.status, "What to do: try again" in answer.message) == (HTTPStatus.SERVICE_UNAVAILABLE, True)
        world.run("grace")
        time.sleep(0.5)
        assert not world.is_admitted(site.pinned("signed")), "it is too late for that"
    await_true(lambda: world.is_admitted(site.pinned("signed")), "the registry is there again")
    time.sleep(1.5)
    with closed(world.registry):
        assert world.start_pod("in-grace", site.pinned("signed")).status == HTTPStatus.CREATED
        assert not world.is_admitted(site.tagged("signed"))
    assert world.cluster.audit.annotations(NAMESPACE, "in-grace")["policy.sigstore.dev/decided"] == "grace"
    world.set(verdict_lifetime="1h", grace_period="0")


@contextmanager
def closed(balancer: Balancer) -> Iterator[None]:
    """Leave nobody behind a balancer."""
    ports, balancer.ports = balancer.ports, ()
    balancer.drop()
    try:
        yield
    finally:
        balancer.ports = ports


def test_certificate_expired(world: World) -> None:
    """It was away for long: what it finds in its Secret has expired, and is what the API server was told to believe."""
    now = datetime.now(UTC)
    names = service_names("webhook", SYSTEM)
    authority = create_authority(now - timedelta(days=50))
    kept = Kept(issue_server(authority, names, now - timedelta(days=40)), authority.certificate, authority.key)
    admin, site = world.cluster.admin, world.site
    world.webhook.stop_replica(world.webhook.replicas[0])
    admin.patch(SECRET, {"data": dict.fromkeys(admin.get(SECRET)["data"])})
    admin.patch(SECRET, {"data": kept.encode()})
    for path in CONFIGURATIONS:
        bundle = {"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": encode_b64(kept.bundle)}
        admin.patch(path, [bundle], JSON_PATCH)
    assert end_of(world.run("certificate")) < now
    files = [world.webhook.folder / name for name in ("expired.pem", "expired.key")]
    for file, content in zip(files, (kept.server.certificate_pem, kept.server.key_pem), strict=True):
        file.write_bytes(content)
    replica = world.webhook.start_replica(f"--tls-certificate={files[0]}", f"--tls-key={files[1]}")
    assert "x509: certificate has expired or is not yet valid" in world.start_pod("late", site.pinned("signed")).message
    world.webhook.stop_replica(replica)
    world.webhook.start_replica("--audit")
    await_true(lambda: world.is_admitted(site.pinned("signed")), "another certificate")
    assert end_of(world.run("certificate")) > now + timedelta(days=14)


def end_of(shown: str) -> datetime:
    """Return when a certificate ends, as OpenSSL shows it."""
    text = shown.strip().removeprefix("notAfter=").removesuffix(" GMT")
    return datetime.strptime(text, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)


def test_all_of_the_certificates_are_exchanged_and_no_admission_fails(world: World) -> None:
    admin, site = world.cluster.admin, world.site
    before = admin.get(SECRET)["data"]["ca-cert.pem"]
    world.run("new-certificate")
    until = time.monotonic() + 5
    while time.monotonic() < until:
        assert world.is_admitted(site.pinned("signed"))
    data = admin.get(SECRET)["data"]
    assert data["ca-cert.pem"] == before
    assert data["next-ca-cert.pem"] != before


@pytest.mark.usefixtures("by_secret")
def test_policies_with_faults(world: World) -> None:
    site = world.site
    await_true(lambda: condition(world, world.policy_by_secret()).get("status") == "False", "its status")
    shown = world.run("faults")
    assert "by-secret\tConfigMapUpdated=Unknown" in shown
    assert "team-key" in shown
    assert not world.is_admitted(site.pinned("signed"))
    world.run("key", K=str(site.shop.folder / "alice.pub"))
    assert world.is_admitted(site.pinned("signed"))
    world.set(no_match_policy="allow")
    await_true(lambda: world.is_admitted(site.pinned("other-key")), "a setting counts")
    world.run("setting")
    await_true(lambda: not world.is_admitted(site.pinned("other-key")), "and another one")


def test_trust_root_expired(world: World, tmp_path: Path) -> None:
    file = tmp_path / "root.yaml"
    repository = TrustRepository(
        now=datetime.now(UTC),
        contents={"trusted_root.json": encode_trusted_root(TrustedRoot())},
        lifetimes=dict.fromkeys(("root", "targets", "snapshot"), timedelta(days=1)) | {"timestamp": SOON},
    )
    made = trust_root(repository)
    world.cluster.admin.create(made)
    await_true(lambda: condition(world, made, FRESH).get("status") == "False", "expired")
    assert condition(world, made, FRESH)["reason"] == "Expired"
    repository.lifetimes["timestamp"] = timedelta(days=1)
    repository.publish()
    file.write_text(json.dumps(trust_root(repository)))
    assert "cosignpy.dev/Fresh=False" in world.run("trust", T=str(file))
    await_true(lambda: condition(world, made, FRESH).get("status") == "True", "fresh")


def trust_root(repository: TrustRepository) -> Json:
    """Return the repository as a TrustRoot has it."""
    held = {"root": encode_b64(repository.root), "mirrorFS": encode_b64(packed(repository.files)), "targets": "targets"}
    head = {"apiVersion": "policy.sigstore.dev/v1alpha1", "kind": "TrustRoot", "metadata": {"name": "own"}}
    return {**head, "spec": {"repository": held}}


@pytest.mark.usefixtures("by_secret")
def test_a_key_leaked(world: World) -> None:
    """What it signed runs no more, is refused by digest too, and the report names the Pods."""
    site = world.site
    world.run("key", K=str(site.shop.folder / "alice.pub"))
    assert world.start_pod("running", site.pinned("signed")).status == HTTPStatus.CREATED
    assert "by-secret" not in world.run("reports")
    world.run("other-key", K=str(site.shop.folder / "bob.pub"))
    await_true(lambda: not world.is_admitted(site.pinned("signed")), "what the key signed is refused")
    line = re.compile(rf"^{NAMESPACE}\t{site.pinned('signed')}\tby-secret\t.*\brunning\b", re.MULTILINE)
    await_true(lambda: line.search(world.run("reports")) is not None, "the report")
    world.run("other-key", K=str(site.shop.folder / "alice.pub"))
    await_true(lambda: world.is_admitted(site.pinned("signed")), "the key counts again")
    world.run("deny", D=site.pinned("signed"))
    await_true(lambda: "a key that leaked" in world.start_pod("p", site.pinned("signed")).message, "it is denied")
    world.cluster.admin.delete("/apis/policy.sigstore.dev/v1beta1/clusterimagepolicies/never-again")


def test_a_decision_is_explained(world: World) -> None:
    site = world.site
    assert world.start_pod("asked-about", site.tagged("unsigned")).status == HTTPStatus.FORBIDDEN
    given = {
        "P": "asked-about",
        "L": str(world.webhook.replicas[0].program.messages),
        "A": str(world.cluster.audit.file),
    }
    await_true(lambda: world.cluster.audit.events(NAMESPACE, "asked-about") != [], "an audit event")
    await_true(lambda: "asked-about" in world.run("events"), "an Event")
    shown = world.run("explain", **given)
    assert '"policies":[{"policy":"unsigned","outcome":"refused"' in shown
    assert f'"digest":"{site.digests["unsigned"]}"' in shown
    assert '"policy.sigstore.dev/verdict":"refused"' in shown


@pytest.mark.parametrize("page", [KUBERNETES, ROOT / "README.md"], ids=lambda page: page.name)
def test_what_developers_see_is_what_is_shown(world: World, page: Path) -> None:
    site = world.site
    push_image(site.shop, f"{site.registry}/team/app", "2.0")
    tool = push_image(site.shop, f"{site.registry}/other/tool", "1.0")
    authority = {"name": "release", "key": {"data": site.public_key("alice")}}
    world.webhook.apply_policy(site.policy("team", "team/**", authority))
    shown = [refusal(world, image) for image in (f"{site.registry}/team/app:2.0", tool)]
    text = page.read_text()
    assert [line for message in shown for line in message.splitlines() if line not in text] == []


def refusal(world: World, image: str) -> str:
    """Return what is said of an image, with another registry's name and without digests."""
    said = world.start_pod("p", image).message.replace(world.site.registry, "registry.example")
    return re.sub(r"sha256:[0-9a-f]{64}", "sha256:...", said)


def test_it_goes_and_policies_stay(world: World) -> None:
    assert "kind: ClusterImagePolicy" in world.run("back-up")
    for replica in tuple(world.webhook.replicas):
        world.webhook.stop_replica(replica)
    world.run("uninstall")
    admin = world.cluster.admin
    await_true(lambda: world.is_admitted(world.site.tagged("unsigned")), "nobody is asked")
    names = {each["metadata"]["name"] for each in admin.get(admin.collection(world.policy_by_secret()))["items"]}
    assert "signed" in names
    world.run("remove-all")
    assert admin.call("GET", "/apis/policy.sigstore.dev/v1beta1").status == HTTPStatus.NOT_FOUND
