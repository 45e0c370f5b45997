"""The plain manifests: what runs, as whom, who asks it, and that all of it is what the code expects."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from cosignpy.cli.app import build_command
from cosignpy.cli.command_table import COMMANDS, Group
from cosignpy.version import VERSION
from cosignpy.webhook import kinds
from cosignpy.webhook.certificates.bundles import Bundles
from cosignpy.webhook.live_settings import CONFIG_MAP, LiveSettings
from cosignpy.webhook.parts import EXCEPTIONS, LEASE, OWN_POLICIES, REPORTS
from cosignpy.webhook.ports import ResourceType
from cosignpy.webhook.serve import CertificateOptions, Listen
from cosignpy.webhook.settings_map import read_settings
from tests.support.deployment import NAMESPACE, find, plain

Rule = tuple[str, str, str, str]
"""A group, a resource, its name or nothing, and a verb."""

FOLLOW: Final = ("list", "watch")
OBJECTS: Final = plain()
BUNDLES: Final = Bundles()
SECRET: Final = CertificateOptions().secret


def rules(kind: ResourceType, *verbs: str, names: tuple[str, ...] = ("",), sub: str = "") -> Iterator[Rule]:
    for verb in verbs:
        for name in names:
            yield kind.group, f"{kind.plural}{sub}", name, verb


CLUSTER: Final = frozenset(
    [
        *rules(kinds.CLUSTER_IMAGE_POLICY, *FOLLOW),
        *rules(kinds.CLUSTER_IMAGE_POLICY, "update", sub="/status"),
        *rules(kinds.TRUST_ROOT, *FOLLOW),
        *rules(kinds.TRUST_ROOT, "update", sub="/status"),
        *rules(kinds.IMAGE_POLICY, *FOLLOW),
        *rules(kinds.IMAGE_POLICY, "update", sub="/status"),
        *rules(kinds.BREAK_GLASS, *FOLLOW),
        *rules(kinds.BREAK_GLASS, "update", sub="/status"),
        *rules(kinds.NAMESPACE, "get", *FOLLOW),
        *rules(kinds.SERVICE_ACCOUNT, "get", *FOLLOW),
        *rules(kinds.SECRET, "get"),
        *rules(kinds.EVENT, "create"),
        *rules(kinds.MUTATING_WEBHOOKS, "get", *FOLLOW, "update", names=BUNDLES.mutating),
        *rules(kinds.VALIDATING_WEBHOOKS, "get", *FOLLOW, "update", names=BUNDLES.validating),
        *rules(kinds.CUSTOM_RESOURCE_DEFINITION, "get", *FOLLOW, "update", names=BUNDLES.definitions),
        *rules(kinds.CUSTOM_RESOURCE_DEFINITION, "get", names=(OWN_POLICIES, REPORTS, EXCEPTIONS)),
    ]
)
"""What the webhook does in the cluster: follows policies, writes their statuses, and looks for pull secrets."""
OWN_NAMESPACE: Final = frozenset(
    [
        *rules(kinds.SECRET, "get", *FOLLOW, "create"),
        *rules(kinds.SECRET, "update", names=(SECRET,)),
        *rules(kinds.CONFIG_MAP, "get", *FOLLOW),
        *rules(kinds.LEASE, "create"),
        *rules(kinds.LEASE, "get", *FOLLOW, "update", names=(LEASE,)),
    ]
)
"""And in its own namespace: certificates, and who leads."""


def granted(role: Any) -> frozenset[Rule]:
    return frozenset(
        (group, resource, name, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames", [""])
        for verb in rule["verbs"]
    )


@pytest.mark.parametrize(("kind", "wanted"), [("ClusterRole", CLUSTER), ("Role", OWN_NAMESPACE)])
def test_roles_have_what_the_code_does_and_nothing_else(kind: str, wanted: frozenset[Rule]) -> None:
    assert granted(find(OBJECTS, kind)) == wanted


@pytest.mark.parametrize("kind", ["ClusterRoleBinding", "RoleBinding"])
def test_roles_are_those_of_the_pod(kind: str) -> None:
    binding = find(OBJECTS, kind)
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "webhook", "namespace": NAMESPACE}]
    role = find(OBJECTS, binding["roleRef"]["kind"])
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert find(OBJECTS, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == "webhook"


def container() -> Any:
    (found,) = find(OBJECTS, "Deployment")["spec"]["template"]["spec"]["containers"]
    return found


def test_the_pod_may_do_nothing_that_it_need_not() -> None:
    """What the restricted profile of pod security demands, which its namespace has, and a root that nobody writes."""
    pod = find(OBJECTS, "Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert [list(each)[1] for each in pod["volumes"]] == ["emptyDir", "emptyDir"]
    labels = find(OBJECTS, "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["policy.sigstore.dev/include"] == "false"


def test_what_is_written_lies_where_it_may_be_written() -> None:
    mounts = [each["mountPath"] for each in container()["volumeMounts"]]
    paths = [each["value"] for each in container()["env"] if each.get("value", "").startswith("/")]
    assert paths
    assert all(any(path.startswith(mount) for mount in mounts) for path in paths)


def test_the_command_is_one() -> None:
    command, *arguments = container()["command"] + container()["args"]
    assert command == "cosignpy"
    flags = {name for option in options_of(*arguments[:2]) for name in option}
    assert {each.partition("=")[0] for each in arguments[2:]} <= flags


def options_of(group: str, command: str) -> list[list[str]]:
    found = COMMANDS[group]
    assert isinstance(found, Group)
    return [list(each.opts) for each in build_command(command, found.commands[command]).params]


def test_ports_are_those_of_the_program() -> None:
    ports = {each["name"]: each["containerPort"] for each in container()["ports"]}
    assert ports == {"https": Listen().port, "metrics": Listen().metrics_port}
    service = find(OBJECTS, "Service")["spec"]["ports"]
    assert [(each["port"], each["targetPort"]) for each in service] == [(443, "https"), (9090, "metrics")]


@pytest.mark.parametrize(
    ("probe", "path"), [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]
)
def test_probes(probe: str, path: str) -> None:
    assert container()[probe]["httpGet"] == {"path": path, "port": "https", "scheme": "HTTPS"}


def test_one_may_be_away() -> None:
    deployment, budget = find(OBJECTS, "Deployment"), find(OBJECTS, "PodDisruptionBudget")
    assert deployment["spec"]["replicas"] == 3
    assert budget["spec"]["maxUnavailable"] == 1
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        deployment["spec"]["selector"]["matchLabels"],
        budget["spec"]["selector"]["matchLabels"],
        find(OBJECTS, "Service")["spec"]["selector"],
        find(OBJECTS, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        *[
            each["labelSelector"]["matchLabels"]
            for each in deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        ],
    ]
    assert all(selector and selector.items() <= labels for selector in selectors)
    assert all(
        each["whenUnsatisfiable"] == "ScheduleAnyway"
        for each in deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
    )


CONFIGURATIONS: Final = [
    ("MutatingWebhookConfiguration", "policy.sigstore.dev", "/mutations"),
    ("ValidatingWebhookConfiguration", "policy.sigstore.dev", "/validations"),
    ("MutatingWebhookConfiguration", "defaulting.clusterimagepolicy.sigstore.dev", "/defaulting"),
    ("ValidatingWebhookConfiguration", "validating.clusterimagepolicy.sigstore.dev", "/validating"),
]


def webhook(kind: str, name: str) -> Any:
    (found,) = find(OBJECTS, kind, name)["webhooks"]
    assert found["name"] == name
    return found


@pytest.mark.parametrize(("kind", "name", "path"), CONFIGURATIONS)
def test_who_asks_fails_closed(kind: str, name: str, path: str) -> None:
    found = webhook(kind, name)
    service = {"name": "webhook", "namespace": NAMESPACE, "port": 443, "path": path}
    assert found["clientConfig"] == {"service": service}
    assert found["failurePolicy"] == "Fail"
    assert found["admissionReviewVersions"] == ["v1"]
    assert 1 <= found["timeoutSeconds"] <= 30


def test_bundles_are_filled_into_all_that_asks() -> None:
    names = [(kind, name) for kind, name, _ in CONFIGURATIONS]
    assert sorted(names) == sorted([(kind.kind, name) for kind, name in BUNDLES.places if "Webhook" in kind.kind])


@pytest.mark.parametrize("kind", ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"])
def test_all_that_runs_images_is_asked_about(kind: str) -> None:
    """Ephemeral containers on both: else `kubectl debug` by a tag is never pinned, or never looked at."""
    asked = {
        (rule["apiGroups"][0], version, resource)
        for rule in webhook(kind, "policy.sigstore.dev")["rules"]
        for version in rule["apiVersions"]
        for resource in rule["resources"]
        if rule["operations"] == ["CREATE", "UPDATE"]
    }
    assert asked == {("", "v1", "pods/ephemeralcontainers")} | {(w.group, w.version, w.plural) for w in kinds.WORKLOADS}


@pytest.mark.parametrize("kind", ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"])
def test_the_webhook_never_keeps_itself_from_starting(kind: str) -> None:
    """By the name that the API server sets, which nobody can change."""
    included, excluded = webhook(kind, "policy.sigstore.dev")["namespaceSelector"]["matchExpressions"]
    assert included == {"key": "policy.sigstore.dev/include", "operator": "In", "values": ["true"]}
    assert excluded == {
        "key": "kubernetes.io/metadata.name",
        "operator": "NotIn",
        "values": [NAMESPACE, "kube-system"],
    }


def test_settings_are_those_of_the_webhook() -> None:
    found = find(OBJECTS, "ConfigMap", CONFIG_MAP)
    settings = read_settings(found["data"], LiveSettings())
    assert settings == LiveSettings()


def test_versions_are_ours() -> None:
    assert container()["image"].endswith(f":{VERSION}")
    labels = find(OBJECTS, "Deployment")["metadata"]["labels"]
    assert labels["app.kubernetes.io/version"] == VERSION
