"""What is in deploy/, by real helm and a real API server: rendered, accepted, and as strict as it says."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest

from cosignpy.cli.app import build_command
from cosignpy.cli.command_table import COMMANDS, Group
from cosignpy.webhook.live_settings import CONFIG_MAP, LiveSettings
from cosignpy.webhook.settings_map import read_settings
from tests.interop import peers
from tests.interop.cluster import manifests
from tests.interop.cluster.api_client import MERGE, Answer, ApiClient
from tests.interop.cluster.program import Program, await_true
from tests.interop.cluster.server import Cluster
from tests.support.cel.expression import Expression
from tests.support.deployment import CHART, DEPLOY, NAMESPACE, PLAIN, RENDER, find, plain, read_all
from tests.support.registries import free_port

Json = dict[str, Any]
PINNED: Final = f"registry.example/app@sha256:{'a1' * 32}"
INCLUDE: Final = "policy.sigstore.dev/include"
OPTED_IN: Final = {INCLUDE: "true"}
ROLLOUT: Final = (
    "podSpecs[0].group=argoproj.io",
    "podSpecs[0].versions={v1}",
    "podSpecs[0].resource=rollouts",
    "podSpecs[0].kind=Rollout",
    "podSpecs[0].path=spec.template.spec",
)
ASKING: Final = tuple(
    f"/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations/policy.sigstore.dev"
    for kind in ("mutating", "validating")
)
TWO_PODS: Final = (
    *ROLLOUT,
    *[each.replace("[0]", "[1]") for each in ROLLOUT[:-1]],
    "podSpecs[1].path=spec.canary.spec",
)
VARIANTS: Final[dict[str, Sequence[str]]] = {
    "defaults": (),
    "all namespaces": ("namespaces.mode=opt-out", "namespaces.excluded={kube-system,monitoring}"),
    "fails open": ("webhook.failurePolicy=Ignore",),
    "sends all": ("webhook.sendUnchanged=true", "webhook.sendMirrorPods=true"),
    "sends few": ("webhook.sendPinnedPods=false",),
    "more conditions": ("webhook.matchConditions[0].name=a", "webhook.matchConditions[0].expression=has(request.name)"),
    "own types": ROLLOUT,
    "own types with two pods": TWO_PODS,
    "own types in lists": (*ROLLOUT[:-1], "podSpecs[0].path=spec.tasks[].template.spec"),
    "cert-manager": ("certificates.mode=cert-manager",),
    "an issuer": ("certificates.mode=cert-manager", "certificates.issuerRef.name=ours"),
    "monitoring": ("monitoring.serviceMonitor=true", "monitoring.alerts=true", "monitoring.dashboard=true"),
    "audit": (
        "audit.enabled=true",
        "crds.policyReports=true",
        "settings.exempt-controllers=kube-system:replicaset-controller",
    ),
    "registries": (
        "registry.caBundle.name=ca",
        "registry.cloudCredentials=true",
        "networkPolicy.allowCloudMetadata=true",
        "networkPolicy.metricsFrom.team=monitoring",
        "networkPolicy.webhookFrom={10.0.0.0/28,fd00::/64}",
    ),
    "least": (
        "registry.pullSecrets=false",
        "networkPolicy.enabled=false",
        "belt.requireDigests=false",
        "belt.guardLabels=false",
        "trust.disabled=true",
        "priorityClassName=",
    ),
    "the pod": (
        f"image.digest=sha256:{'a1' * 32}",
        "image.pullSecrets={one}",
        "nodeSelector.disk=ssd",
        "tolerations[0].operator=Exists",
        "podAnnotations.a=b",
        "podLabels.c=d",
        "serviceAccountAnnotations.e=f",
        "clusterName=prod",
        "extraEnv[0].name=HTTPS_PROXY",
        "extraEnv[0].value=http://proxy:3128",
        "extraArgs={--workers=2}",
    ),
}


def helm(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([peers.path("helm"), *arguments], capture_output=True, text=True, check=False)


def render(*sets: str) -> list[Any]:
    flags = [part for each in sets for part in ("--set", each)]
    made = helm("template", "webhook", str(CHART), "--kube-version", "1.37.0", *flags)
    assert made.returncode == 0, made.stderr
    return read_all(made.stdout)


def test_plain_manifests_are_what_the_chart_makes() -> None:
    path = os.pathsep.join([str(peers.path("helm").parent), os.environ["PATH"]])
    made = subprocess.run([RENDER], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True)
    assert made.stdout == PLAIN.read_text()


def test_a_type_with_several_pods_is_sent_whichever_of_them_changes() -> None:
    webhooks = find(render(*TWO_PODS), "ValidatingWebhookConfiguration", "policy.sigstore.dev")["webhooks"]
    (changed,) = [each for each in webhooks[0]["matchConditions"] if each["name"] == "pods-changed"]
    old = {"spec": {"template": {"spec": {"a": "1"}}, "canary": {"spec": {"a": "1"}}}}
    new = {"spec": {**old["spec"], "canary": {"spec": {"a": "2"}}}}
    request = {"operation": "UPDATE", "resource": {"group": "argoproj.io", "resource": "rollouts"}}
    for found, is_sent in ((new, True), (old, False)):
        names = {"object": found, "oldObject": old, "request": request}
        assert Expression(changed["expression"]).evaluate(names) is is_sent


@pytest.mark.parametrize(
    ("spec", "is_sent"),
    [
        ({"containers": [{"image": PINNED}]}, False),
        ({"containers": [{"image": PINNED}, {"image": "registry.example/app:1"}]}, True),
        ({"containers": [{"image": PINNED}], "initContainers": [{"image": "app"}]}, True),
        ({"containers": [{"image": PINNED}], "ephemeralContainers": [{"image": "app"}]}, True),
        ({"containers": [{"image": PINNED}], "volumes": [{"image": {"reference": "app"}}, {"emptyDir": {}}]}, True),
        ({"containers": [{"image": f"{PINNED}0"}]}, True),
        ({"containers": [{}]}, True),
    ],
)
def test_pods_with_digests_alone_need_not_be_sent(spec: Mapping[str, object], is_sent: bool) -> None:
    (webhook,) = find(render("webhook.sendPinnedPods=false"), "MutatingWebhookConfiguration", "policy.sigstore.dev")[
        "webhooks"
    ]
    (tagged,) = [each for each in webhook["matchConditions"] if each["name"] == "tags-in-pods"]
    request = {"operation": "CREATE", "resource": {"group": "", "resource": "pods"}}
    names = {"object": {"spec": spec}, "oldObject": None, "request": request}
    assert Expression(tagged["expression"]).evaluate(names) is is_sent


def test_networks_of_the_api_server_alone_may_ask() -> None:
    policy = find(render("networkPolicy.webhookFrom={10.0.0.0/28}"), "NetworkPolicy")
    (https,) = [each for each in policy["spec"]["ingress"] if each["ports"][0]["port"] == "https"]
    assert https["from"] == [{"ipBlock": {"cidr": "10.0.0.0/28"}}]


def test_helm_finds_nothing_wrong() -> None:
    assert helm("lint", "--strict", str(CHART)).returncode == 0


@pytest.mark.parametrize("wrong", ["replicas=many", "namespace.create=maybe", "new=field", "belt.action=Shout"])
def test_helm_refuses_mistakes(wrong: str) -> None:
    made = helm("template", "webhook", str(CHART), "--kube-version", "1.37.0", "--set", wrong)
    assert made.returncode != 0
    assert "values.schema" in made.stderr or "schema(s)" in made.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API server of our own, since what is deployed is about all of it, with types of cert-manager and others."""
    with Cluster(tmp_path_factory.mktemp("deploy")) as running:
        for group, kind in (
            ("cert-manager.io", "Issuer"),
            ("cert-manager.io", "Certificate"),
            ("monitoring.coreos.com", "ServiceMonitor"),
            ("monitoring.coreos.com", "PrometheusRule"),
            ("argoproj.io", "Rollout"),
        ):
            running.admin.create(manifests.custom_type(group, kind))
        made = install(running, "install")
        assert f"kubectl label namespace NAME {INCLUDE}=true" in made.stdout, made.stderr
        for document in plain():
            running.admin.apply(document)
        yield running


def install(site: Cluster, verb: str) -> "subprocess.CompletedProcess[str]":
    """Install the chart, or upgrade to the same."""
    kubeconfig = str(site.kubeconfig(site.folder / "helm.kubeconfig"))
    made = helm(verb, "webhook", str(CHART), "--kubeconfig", kubeconfig, "--set", "namespace.create=true")
    assert made.returncode == 0, made.stderr
    return made


def test_a_namespace_that_is_missing_is_told_before_anything_is_made(site: Cluster) -> None:
    """Else half of the chart would be there, and its name taken."""
    kubeconfig = str(site.kubeconfig(site.folder / "helm.kubeconfig"))
    made = helm("install", "other", str(CHART), "--kubeconfig", kubeconfig, "--set", "namespace.name=nowhere")
    assert "there is no namespace nowhere" in made.stderr
    assert "--set namespace.create=true" in made.stderr
    assert "other" not in helm("list", "--all", "--all-namespaces", "--short", "--kubeconfig", kubeconfig).stdout


def try_apply(client: ApiClient, document: Json) -> Answer:
    """Apply strictly, without keeping anything: a field that nobody knows is refused."""
    query = "fieldManager=tests&force=true&dryRun=All&fieldValidation=Strict"
    return client.call("PATCH", f"{client.path(document)}?{query}", document, "application/apply-patch+yaml")


@pytest.mark.parametrize("name", VARIANTS)
def test_the_api_server_takes_all_variants(site: Cluster, name: str) -> None:
    """Strictly, and with all expressions compiled."""
    for document in render(*VARIANTS[name]):
        if document["metadata"]["name"] == CONFIG_MAP:
            assert read_settings(document["data"], LiveSettings()).problems == ()
        if document["kind"] == "Deployment":
            expect_flags(document["spec"]["template"]["spec"]["containers"][0]["args"])
        answer = try_apply(site.admin, document)
        assert answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}, (document["kind"], answer.message)
        assert answer.warnings == (), document["kind"]


def expect_flags(arguments: list[str]) -> None:
    """Check that the program has the flags that a Deployment starts it with."""
    group = COMMANDS[arguments[0]]
    assert isinstance(group, Group)
    known = {name for each in build_command(arguments[1], group.commands[arguments[1]]).params for name in each.opts}
    assert {each.partition("=")[0] for each in arguments[2:]} <= known


def test_expressions_of_policies_have_the_right_types(site: Cluster) -> None:
    """The API server's controller would say so in their status; the types of what is built in are known."""
    for name in ("images-by-digest.cosignpy.dev", "namespace-labels.cosignpy.dev"):
        path = f"/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/{name}"
        found = site.admin.get(path)
        assert found["status"].get("typeChecking", {}).get("expressionWarnings", []) == []


def test_the_pod_is_within_the_restricted_profile(site: Cluster) -> None:
    """Its namespace enforces that."""
    template = find(plain(), "Deployment")["spec"]["template"]
    document = {**template, "apiVersion": "v1", "kind": "Pod"}
    document["metadata"] = {**template["metadata"], "name": "webhook-1", "namespace": NAMESPACE}
    assert site.admin.try_create(document, dryRun="All").status == HTTPStatus.CREATED
    document["spec"]["containers"][0]["securityContext"].pop("capabilities")
    assert "restricted" in site.admin.try_create(document, dryRun="All").message


@pytest.fixture
def opted_in(site: Cluster, request: pytest.FixtureRequest) -> str:
    number = abs(hash(request.node.name)) % 10**8
    return site.make_namespace(f"team-{number}", **OPTED_IN)


@pytest.fixture
def failing_open(site: Cluster) -> Iterator[None]:
    """Who asked for that, and the webhook is down: only the API server itself is left."""
    for path in ASKING:
        change(site.admin, path, "Ignore")
    yield
    for path in ASKING:
        change(site.admin, path, "Fail")


def change(client: ApiClient, path: str, failure_policy: str) -> None:
    webhooks = client.get(path)["webhooks"]
    client.patch(path, {"webhooks": [{**each, "failurePolicy": failure_policy} for each in webhooks]}, MERGE)


def settles(site: Cluster, document: Json, status: int) -> Answer:
    """Try until the API server has seen what was changed before; a second is usual."""
    last: list[Answer] = []

    def ask() -> bool:
        last.append(site.admin.try_create(document, dryRun="All"))
        return last[-1].status == status

    await_true(ask, f"{status} is answered", 15.0, lambda: None)
    return last[-1]


def test_while_the_webhook_is_down_nothing_new_runs(site: Cluster, opted_in: str) -> None:
    answer = settles(site, manifests.pod(opted_in, "a", manifests.PINNED), HTTPStatus.INTERNAL_SERVER_ERROR)
    assert 'failed calling webhook "policy.sigstore.dev"' in answer.message


def test_while_it_is_down_other_namespaces_are_free(site: Cluster) -> None:
    """Above all its own, where it has to start again."""
    free = site.make_namespace("free")
    assert site.admin.try_create(manifests.pod(free, "a", manifests.TAGGED), dryRun="All").status == HTTPStatus.CREATED
    site.admin.patch(f"/api/v1/namespaces/{NAMESPACE}", {"metadata": {"labels": OPTED_IN}})
    template = find(plain(), "Deployment")
    assert try_apply(site.admin, template).status == HTTPStatus.OK
    site.admin.patch(f"/api/v1/namespaces/{NAMESPACE}", {"metadata": {"labels": {INCLUDE: "false"}}})


@pytest.mark.usefixtures("failing_open")
def test_while_it_is_down_tags_are_refused(site: Cluster, opted_in: str) -> None:
    pinned = manifests.pod(opted_in, "a", manifests.PINNED)
    settles(site, pinned, HTTPStatus.CREATED)
    answer = settles(site, manifests.pod(opted_in, "a", manifests.TAGGED), HTTPStatus.FORBIDDEN)
    assert manifests.TAGGED in answer.message
    assert "need a digest" in answer.message


@pytest.mark.usefixtures("failing_open")
@pytest.mark.parametrize(
    "spec",
    [
        {"initContainers": [{"name": "i", "image": manifests.TAGGED}]},
        {"volumes": [{"name": "v", "image": {"reference": manifests.TAGGED}}]},
        {"containers": [{"name": "c", "image": f"{manifests.PINNED}a"}]},
        {"containers": [{"name": "c", "image": "nginx@sha256:1"}]},
    ],
)
def test_tags_are_found_wherever_images_are(site: Cluster, opted_in: str, spec: Json) -> None:
    document = manifests.pod(opted_in, "a", manifests.PINNED)
    settles(site, document, HTTPStatus.CREATED)
    document["spec"] = {**document["spec"], **spec}
    assert site.admin.try_create(document, dryRun="All").status in {HTTPStatus.FORBIDDEN, 422}


@pytest.mark.usefixtures("failing_open")
def test_ephemeral_containers_need_digests(site: Cluster, opted_in: str) -> None:
    settles(site, manifests.pod(opted_in, "b", manifests.PINNED), HTTPStatus.CREATED)
    made = site.admin.create(manifests.pod(opted_in, "a", manifests.PINNED))
    path = f"/api/v1/namespaces/{opted_in}/pods/a/ephemeralcontainers"
    for image, status in ((manifests.TAGGED, HTTPStatus.FORBIDDEN), (manifests.PINNED, HTTPStatus.OK)):
        made["spec"]["ephemeralContainers"] = [{"name": "debug", "image": image}]
        assert site.admin.call("PUT", path, made).status == status


@pytest.mark.usefixtures("failing_open")
@pytest.mark.parametrize("enforcement", ["warn", "audit"])
def test_where_refusals_do_not_count_tags_are_let_in(site: Cluster, opted_in: str, enforcement: str) -> None:
    labels = {"metadata": {"labels": {"policy.cosignpy.dev/enforcement": enforcement}}}
    site.admin.patch(f"/api/v1/namespaces/{opted_in}", labels)
    settles(site, manifests.pod(opted_in, "a", manifests.TAGGED), HTTPStatus.CREATED)


KINDS: Final[dict[str, Callable[..., Json]]] = {
    "Pod": manifests.pod,
    "PodTemplate": manifests.pod_template,
    "ReplicationController": manifests.replication_controller,
    "Job": manifests.job,
    "CronJob": manifests.cron_job,
    **{
        kind: lambda namespace, name, *images, kind=kind: manifests.scaled(kind, namespace, name, *images)
        for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
    },
}
IMAGES: Final = {"Pod": "/spec", "PodTemplate": "/template/spec", "CronJob": "/spec/jobTemplate/spec/template/spec"}


def test_what_does_not_change_images_needs_no_webhook(site: Cluster, opted_in: str) -> None:
    """Scaling, labels and finalizers go on while it is down; another image of any kind does not."""
    made = {}
    first, *others = [build(opted_in, kind.lower(), manifests.PINNED) for kind, build in KINDS.items()]
    for path in ASKING:
        change(site.admin, path, "Ignore")
    settles(site, first, HTTPStatus.CREATED)
    for document in (first, *others):
        made[document["kind"]] = site.admin.create(document)
    for path in ASKING:
        change(site.admin, path, "Fail")
    settles(site, manifests.pod(opted_in, "probe", manifests.PINNED), HTTPStatus.INTERNAL_SERVER_ERROR)
    for kind, document in made.items():
        path = site.admin.path(document)
        patch = {"metadata": {"labels": {"a": "b"}, "finalizers": ["example.com/later"]}}
        assert site.admin.call("PATCH", path, patch, MERGE).status == HTTPStatus.OK, kind
        image = [
            {"op": "replace", "path": f"{IMAGES.get(kind, '/spec/template/spec')}/containers/0/image", "value": "a/b:1"}
        ]
        answer = site.admin.call("PATCH", path, image, "application/json-patch+json")
        if answer.status != 422:  # a Job's and a PodTemplate's checks come first, or it may never change
            assert answer.status == HTTPStatus.INTERNAL_SERVER_ERROR, (kind, answer.message)
            assert "failed calling webhook" in answer.message
        assert site.admin.call("PATCH", path, {"metadata": {"finalizers": None}}, MERGE).status == HTTPStatus.OK, kind
    scale = site.admin.path(made["Deployment"]) + "/scale"
    assert site.admin.call("PATCH", scale, {"spec": {"replicas": 0}}, MERGE).status == HTTPStatus.OK


@pytest.fixture(scope="module")
def tenant(site: Cluster) -> ApiClient:
    """Somebody who may change namespaces, and nothing else."""
    site.make_namespace("tenants")
    head: Json = {"apiVersion": "rbac.authorization.k8s.io/v1"}
    rule = {"apiGroups": [""], "resources": ["namespaces", "namespaces/status", "namespaces/finalize"], "verbs": ["*"]}
    site.admin.create({**head, "kind": "ClusterRole", "metadata": {"name": "tenant"}, "rules": [rule]})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "tenant"}
    account = {"kind": "ServiceAccount", "name": "default", "namespace": "tenants"}
    binding = {
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "tenant"},
        "roleRef": reference,
        "subjects": [account],
    }
    site.admin.create({**head, **binding})
    return site.client(site.token_of("tenants", "default"))


@pytest.mark.parametrize(
    "labels",
    [{INCLUDE: None}, {INCLUDE: "false"}, {INCLUDE: "True"}, {"policy.cosignpy.dev/enforcement": "audit"}],
)
@pytest.mark.parametrize("sub", ["", "/status"])
def test_labels_that_weaken_are_guarded(
    site: Cluster, tenant: ApiClient, opted_in: str, labels: Json, sub: str
) -> None:
    path = f"/api/v1/namespaces/{opted_in}{sub}"
    answer = tenant.call("PATCH", path, {"metadata": {"labels": labels}}, MERGE)
    assert answer.status == HTTPStatus.FORBIDDEN
    assert "the verb exclude on namespaces of policy.sigstore.dev" in answer.message
    assert site.admin.call("PATCH", path, {"metadata": {"labels": labels}}, MERGE).status == HTTPStatus.OK


def test_labels_that_do_not_weaken_are_free(site: Cluster, tenant: ApiClient) -> None:
    namespace = site.make_namespace("not-yet")
    path = f"/api/v1/namespaces/{namespace}"
    for labels in (OPTED_IN, {"team": "a"}):
        assert tenant.call("PATCH", path, {"metadata": {"labels": labels}}, MERGE).status == HTTPStatus.OK
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new", "labels": OPTED_IN}}
    assert tenant.try_create(made).status == HTTPStatus.CREATED
    made["metadata"] = {"name": "newer", "labels": {"policy.cosignpy.dev/enforcement": "audit"}}
    assert tenant.try_create(made).status == HTTPStatus.FORBIDDEN


def test_the_webhook_has_all_rights_that_it_needs_and_keeps_its_certificate(site: Cluster, tmp_path: Path) -> None:
    """It runs as its service account, by RBAC; whatever is forbidden would stand in its log."""
    audited = render("audit.enabled=true", "crds.policyReports=true")
    for name in ("policyreports.wgpolicyk8s.io", "cosignpy-webhook"):
        site.admin.apply(next(each for each in audited if each["metadata"]["name"] == name))
    token = site.token_of(NAMESPACE, "webhook")
    port, metrics = free_port(), free_port()
    command = [
        str(Path(sys.executable).with_name("cosignpy")), "webhook", "serve", "--host=127.0.0.1",
        f"--secure-port={port}", f"--metrics-port={metrics}",
        f"--kubeconfig={site.kubeconfig(tmp_path / 'webhook.kubeconfig', token)}", f"--namespace={NAMESPACE}",
        "--disable-tuf", "--audit", "--workers=1", "--quiet-seconds=0",
    ]  # fmt: skip
    program = Program(
        command, tmp_path / "webhook.log", {**os.environ, "HOME": str(tmp_path), "TUF_ROOT": str(tmp_path)}
    )
    try:
        program.start(lambda: is_ready(metrics))
        await_true(lambda: all(bundles(site)), "all have the bundle", 20.0, lambda: None)
        with urlopen(f"http://127.0.0.1:{metrics}/metrics") as answer:
            measured = answer.read().decode()
        said = program.messages.read_text()
    finally:
        program.stop()
    assert "forbidden" not in said.lower()
    families = set(re.findall(r"^# TYPE (\w+) ", measured, re.MULTILINE))
    watched = set(re.findall(r"cosignpy_\w+", (CHART / "files" / "alerts.yaml").read_text()))
    assert {re.sub(r"_(bucket|total)$", "", name) for name in watched} <= {re.sub(r"_total$", "", f) for f in families}
    install(site, "upgrade")
    assert all(bundles(site))
    secret = site.admin.get(f"/api/v1/namespaces/{NAMESPACE}/secrets/webhook-certs")
    assert {"server-cert.pem", "server-key.pem", "ca-cert.pem"} <= secret["data"].keys()


def is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1.0) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def bundles(site: Cluster) -> list[bool]:
    found = [document for document in plain() if document["kind"].endswith("WebhookConfiguration")]
    return [
        "caBundle" in each["clientConfig"] for one in found for each in site.admin.get(site.admin.path(one))["webhooks"]
    ]


def test_the_page_about_moving(tmp_path: Path) -> None:
    """Its commands, in their order, on an API server where nobody answers for the webhook."""
    root = DEPLOY.parent
    page = (root / "docs" / "migrating-to-webhook.md").read_text()
    shown = [line for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    commands = [line.removeprefix("$ ") for line in shown if line.startswith(("$ helm", "$ kubectl"))]
    places = [str(peers.path(name).parent) for name in ("helm", "kubectl")]
    with Cluster(tmp_path / "site") as site:
        env = {**os.environ, "KUBECONFIG": str(site.kubeconfig(tmp_path / "admin.kubeconfig"))}
        env["PATH"] = os.pathsep.join([*places, env["PATH"]])

        def run(command: str) -> None:
            command = command.replace("policies.yaml", str(tmp_path / "policies.yaml"))
            made = subprocess.run(command, shell=True, cwd=root, env=env, capture_output=True, text=True, check=False)
            assert made.returncode == 0, f"{command}: {made.stderr}"

        site.make_namespace("team")
        for command in commands:
            if command == commands[0].partition(" --set image")[0]:
                run("helm uninstall webhook")  # what was installed before
            run(command)
            if command.startswith("helm install"):
                for kind, name in (("mutating", "defaulting"), ("validating", "validating")):
                    run(f"kubectl delete {kind}webhookconfiguration {name}.clusterimagepolicy.sigstore.dev")
            if command.startswith("kubectl apply --server-side"):
                run("kubectl delete mutatingwebhookconfiguration,validatingwebhookconfiguration --all")
                site.admin.create(policy("kept"))
        assert site.admin.get("/apis/policy.sigstore.dev/v1beta1/clusterimagepolicies/kept")


def policy(name: str) -> Json:
    spec = {"images": [{"glob": "**"}], "authorities": [{"static": {"action": "pass"}}]}
    return {
        "apiVersion": "policy.sigstore.dev/v1beta1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": name},
        "spec": spec,
    }
