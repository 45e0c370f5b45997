"""The webhook as a process in front of an API server: what is admitted, refused, told, and how it ends."""

import json
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.values import field, record
from tests.support.admission import pod, workload
from tests.support.image_policies import BY_KEY
from tests.support.kube_api.client import Answered
from tests.support.kube_api.server import KubeApi
from tests.support.signed_images import LEGACY
from tests.support.tls_files import Authority
from tests.support.webhook_images import Images, serve_images
from tests.support.webhook_process import NAMESPACE, SYSTEM, WebhookProcess, install, policy, running

PASS: Final = {"static": {"action": "pass"}}
FAIL: Final = {"static": {"action": "fail", "message": "not here"}}
GOOD: Final = "registry.example/good/web:1"
PATIENCE: Final = 60.0
END: Final = 10.0
"""Seconds that an end may take besides the quiet time; on an idle machine it is half a second."""


@pytest.fixture(scope="module")
def images() -> Iterator[Images]:
    with serve_images() as served:
        yield served


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, images: Images) -> Iterator[KubeApi]:
    with KubeApi(tmp_path_factory.mktemp("cluster")) as api:
        install(api)
        api.admin.create(policy("good", "registry.example/good/**", PASS))
        api.admin.create(policy("bad", "registry.example/bad/**", FAIL))
        api.admin.create(policy("signed", f"{images.address}/**", dict(BY_KEY)))
        yield api


@pytest.fixture(scope="module")
def webhook(cluster: KubeApi, images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebhookProcess]:
    flags = ("--disable-tuf", "--audit", "--allow-local-registries", f"--plain-http-registry={images.address}")
    with running(cluster, tmp_path_factory.mktemp("webhook"), *flags) as made:
        await_admission(cluster)
        yield made


def await_admission(cluster: KubeApi) -> None:
    """Wait until the API server believes the webhook: its leader tells which authority to."""
    deadline = time.monotonic() + PATIENCE
    while "x509" in (found := create(cluster, pod(GOOD), dryRun="All")).message:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def await_that(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def create(cluster: KubeApi, found: dict[str, Any], name: str = "web", **query: str) -> Answered:
    found["metadata"] = {**found["metadata"], "name": name, "namespace": NAMESPACE}
    return cluster.admin.try_create(found, **query)


def decisions(webhook: WebhookProcess) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in webhook.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"] == "decision"]


@pytest.mark.usefixtures("webhook")
def test_an_image_that_may_run_runs(cluster: KubeApi) -> None:
    found = create(cluster, pod(GOOD), "good")
    assert found.code == 201, found
    assert found.document["spec"]["containers"][0]["image"] == GOOD
    audited = cluster.audited[-1]
    assert audited.annotations["policy.sigstore.dev/verdict"] == "admitted"
    assert audited.annotations["policy.sigstore.dev/policies"] == "good=passed"


@pytest.mark.usefixtures("webhook")
def test_an_image_that_may_not_is_refused_and_it_is_said_why(cluster: KubeApi) -> None:
    found = create(cluster, pod("registry.example/bad/web:1"), "bad")
    assert (found.code, found.reason) == (403, "Forbidden")
    assert found.message.startswith(
        'admission webhook "policy.sigstore.dev" denied the request: validation failed: failed policy: bad: '
        "spec.containers[0].image\nregistry.example/bad/web:1 disallowed by static policy: not here\nWhat to do: "
    )


@pytest.mark.usefixtures("webhook")
def test_an_image_without_a_policy_is_refused(cluster: KubeApi) -> None:
    deployment = workload("Deployment", "registry.example/else/web:1")
    deployment["spec"]["selector"] = {"matchLabels": {"app": "web"}}
    found = create(cluster, deployment, "else")
    assert found.code == 403, found
    assert "no matching policies: spec.template.spec.containers[0].image" in found.message


@pytest.mark.usefixtures("webhook")
def test_a_signed_image_runs_by_its_digest_and_an_unsigned_one_does_not(cluster: KubeApi, images: Images) -> None:
    repository = images.name.partition("@")[0]
    refused = create(cluster, pod(f"{repository}:v1"), "unsigned")
    assert refused.code == 403, refused
    assert f"failed policy: signed: spec.containers[0].image\n{repository}:v1@{images.image.digest} " in refused.message
    images.sign(*LEGACY)
    deadline = time.monotonic() + PATIENCE
    while (found := create(cluster, pod(f"{repository}:v1"), "signed")).code != 201:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)  # a refusal is remembered for ten seconds
    assert found.document["spec"]["containers"][0]["image"] == f"{repository}:v1@{images.image.digest}"


def test_a_refusal_is_an_event_unless_it_is_a_dry_run(cluster: KubeApi, webhook: WebhookProcess) -> None:
    dry = create(cluster, pod("registry.example/bad/other:1"), "dry", dryRun="All")
    assert dry.code == 403
    assert create(cluster, pod("registry.example/bad/other:1"), "event").code == 403
    deadline = time.monotonic() + PATIENCE
    while not (found := events(cluster, "event")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert found[0]["reason"] == "ImageRefused"
    assert events(cluster, "dry") == []
    assert [each["dry_run"] for each in decisions(webhook) if each["name"] in {"dry", "event"}] == [True, False]


def events(cluster: KubeApi, name: str) -> list[dict[str, Any]]:
    found = cluster.admin.list("events.k8s.io/v1", "Event", NAMESPACE)["items"]
    return [each for each in found if each["regarding"]["name"] == name]


@pytest.mark.usefixtures("webhook")
def test_what_refusals_mean_may_be_changed_while_it_runs(cluster: KubeApi) -> None:
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config-policy-controller"}}
    settings["metadata"] = {"name": "config-policy-controller", "namespace": SYSTEM}
    cluster.admin.apply({**settings, "data": {"enforcement": "warn"}})
    deadline = time.monotonic() + PATIENCE
    while (found := create(cluster, pod("registry.example/bad/web:1"), "warned", dryRun="All")).code != 201:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    assert found.warnings[0] == "failed policy: bad: spec.containers[0].image"
    cluster.admin.apply({**settings, "data": {"enforcement": "deny"}})
    while create(cluster, pod("registry.example/bad/web:1"), "warned", dryRun="All").code != 403:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.usefixtures("webhook")
def test_a_policy_counts_as_soon_as_it_is_there(cluster: KubeApi) -> None:
    assert create(cluster, pod("registry.example/new/web:1"), "new").code == 403
    cluster.admin.create(policy("new", "registry.example/new/**", PASS))
    deadline = time.monotonic() + PATIENCE
    while create(cluster, pod("registry.example/new/web:1"), "new").code != 201:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_probes_and_metrics_are_there_without_tls(webhook: WebhookProcess, cluster: KubeApi) -> None:
    create(cluster, pod(GOOD), "counted", dryRun="All")
    for path, text in (
        ("healthz", b"SERVING"),
        ("readyz", b"READY"),
        ("metrics", b"cosignpy_admission_reviews_total{"),
    ):
        with urllib.request.urlopen(f"http://127.0.0.1:{webhook.metrics_port}/{path}", timeout=5.0) as answer:
            assert text in answer.read()
    assert webhook.probe("/healthz") == 200
    assert webhook.probe("/nothing") == 404


@record
class Load:
    """Somebody who creates pods without a pause; `codes` are the answers."""

    cluster: KubeApi
    codes: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Create them until it is over."""
        while not self.over.is_set():
            self.codes.append(create(self.cluster, pod(GOOD), f"load-{len(self.codes)}", dryRun="All").code)


def test_who_is_told_to_stop_serves_all_who_come_and_ends_in_time(cluster: KubeApi, tmp_path: Path) -> None:
    """Two replicas, one of which ends while pods are created; whoever balances learns of it a moment later."""
    with running(cluster, tmp_path, "--disable-tuf", "--quiet-seconds=5") as first:
        await_admission(cluster)
        second, load = WebhookProcess(cluster, tmp_path, ("--disable-tuf",)), Load(cluster)
        second.start()
        client = threading.Thread(target=load.run)
        client.start()
        try:
            first.terminate()
            await_that(lambda: first.probe("/readyz") != 200)
            before = len(load.codes)
            await_that(lambda: len(load.codes) > before)
            assert first.runs
            cluster.services[SYSTEM, "webhook"] = second.port
            assert first.wait() < 5.0 + END
            before = len(load.codes)
            await_that(lambda: len(load.codes) > before)
        finally:
            load.over.set()
            client.join(10.0)
            second.kill()
        assert set(load.codes) == {201}


def test_who_is_told_to_stop_while_waiting_for_a_certificate_ends(tmp_path: Path) -> None:
    """Somebody else leads, and has made none yet."""
    with KubeApi(tmp_path) as api:
        install(api)
        spec = {"holderIdentity": "other", "leaseDurationSeconds": 600, "renewTime": "2026-11-30T00:00:00.000000Z"}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": spec}
        api.admin.create({**lease, "metadata": {"name": "cosignpy-webhook", "namespace": SYSTEM}})
        webhook = WebhookProcess(api, tmp_path, ("--disable-tuf",))
        webhook.launch()
        try:
            await_that(lambda: "metrics are at" in webhook.log.read_text())
            webhook.terminate()
            assert webhook.wait() < END
        finally:
            webhook.kill()


def test_without_the_packages_for_clusters_one_line_says_which() -> None:
    """The extra is left out of a plain installation."""
    program = (
        "import sys; sys.modules['lightkube'] = None; "
        "from cosignpy.cli.app import run; sys.exit(run(['webhook', 'serve']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    error, hint = done.stderr.splitlines()
    assert (done.returncode, error) == (2, "Error: the webhook's packages are not installed")
    assert hint.strip() == "hint: pip install 'cosignpy[kubernetes]'"


def test_a_cluster_that_does_not_answer_is_one_line(tmp_path: Path, cluster: KubeApi) -> None:
    config = cluster.write_kubeconfig(tmp_path / "kubeconfig", "nobody", SYSTEM)
    config.write_text(config.read_text().replace(str(cluster.port), "1"))
    command = [str(Path(sys.executable).with_name("cosignpy")), "webhook", "serve", f"--kubeconfig={config}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("Error: ")


def test_a_certificate_that_somebody_else_keeps_is_served_with(cluster: KubeApi, tmp_path: Path) -> None:
    files = Authority(tmp_path, "other").issue("webhook.cosign-system.svc")
    flags = (f"--tls-certificate={files.certificate}", f"--tls-key={files.key}", "--metrics-port=-1", "--disable-tuf")
    with running(cluster, tmp_path, *flags) as webhook:
        assert webhook.probe("/metrics") == 200
        assert "metrics are at" not in webhook.log.read_text()
        shown = ssl.get_server_certificate(("127.0.0.1", webhook.port))
    assert shown.split() == files.certificate.read_text().split()


def test_an_audit_without_a_place_for_reports_is_one_line(tmp_path: Path) -> None:
    with KubeApi(tmp_path) as api:
        install(api)
        api.admin.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "policyreports.wgpolicyk8s.io")
        webhook = WebhookProcess(api, tmp_path, ("--audit", "--disable-tuf"))
        webhook.launch()
        try:
            assert webhook.process is not None
            assert webhook.process.wait(PATIENCE) == 2
        finally:
            webhook.kill()
    said = [line for line in webhook.log.read_text().splitlines() if not line.startswith("{")]
    assert said[0].startswith("Error: the cluster has no definition policyreports.wgpolicyk8s.io")
    assert len(said) == 2
