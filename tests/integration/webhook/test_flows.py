"""What users see of the webhook: its process, the manifests of `deploy/`, an API server, a registry, signed images."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.cluster import manifests
from tests.support.kube_api.client import Answered, path_of
from tests.support.kube_api.contract.checks import config_map, deployment, pod, unique
from tests.support.kube_api.flows import OTHER, PUBLIC, Registry, denied, serve_team
from tests.support.kube_api.webhook_site import WebhookSite, await_that, image_of, key_policy, webhook_site

STRATEGIC = "application/strategic-merge-patch+json"


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with serve_team() as made:
        yield made


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[WebhookSite]:
    with webhook_site(tmp_path_factory.mktemp("site")) as site:
        site.start(f"--plain-http-registry={registry.address}")
        yield site


@pytest.fixture
def site(running: WebhookSite, registry: Registry) -> Iterator[WebhookSite]:
    running.apply_policy("team", **key_policy(PUBLIC, registry.glob))
    yield running
    running.admin.delete("policy.sigstore.dev/v1beta1", "ClusterImagePolicy", "", "team")


@pytest.fixture
def place(site: WebhookSite) -> str:
    return site.make_namespace(unique("team"))


def test_a_signed_image_is_admitted_with_its_digest(site: WebhookSite, place: str, registry: Registry) -> None:
    found = site.admin.try_create(pod(place, "a", registry.signed))
    assert (found.code, image_of(found)) == (201, registry.pinned)
    dry = site.admin.try_create(pod(place, "b", registry.signed), dryRun="All")
    assert (dry.code, image_of(dry)) == (201, registry.pinned)
    assert site.admin.get("v1", "Pod", place, "b") is None


def test_an_unsigned_image_is_refused_with_the_reason(site: WebhookSite, place: str, registry: Registry) -> None:
    found = site.admin.try_create(pod(place, "a", registry.unsigned))
    said = denied(found)
    assert (found.code, found.reason) == (403, "Forbidden")
    assert said.startswith("validation failed: failed policy: team: spec.containers[0].image")
    assert "no signatures found" in said
    assert site.admin.get("v1", "Pod", place, "a") is None
    audited = next(line for line in reversed(site.api.audited) if line.code == 403)
    assert audited.annotations["policy.sigstore.dev/verdict"] == "refused"


def test_a_namespace_that_did_not_opt_in_is_left_alone(site: WebhookSite, registry: Registry) -> None:
    name = unique("free")
    site.admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    found = site.admin.try_create(pod(name, "a", registry.unsigned))
    assert (found.code, image_of(found)) == (201, registry.unsigned)


def test_every_slot_of_a_pod_counts(site: WebhookSite, place: str, registry: Registry) -> None:
    volume = {"name": "files", "image": {"reference": registry.unsigned}}
    for wrong, path in (
        ({"initContainers": [{"name": "i", "image": registry.unsigned}]}, "spec.initContainers[0].image"),
        ({"volumes": [volume]}, "spec.volumes[0].image.reference"),
    ):
        found = site.admin.try_create(pod(place, "a", registry.signed, **wrong))
        assert path in denied(found)
    whole = pod(place, "b", registry.signed, initContainers=[{"name": "i", "image": registry.signed}])
    assert site.admin.try_create(whole).code == 201


def test_workloads_are_looked_at_like_their_pods(site: WebhookSite, place: str, registry: Registry) -> None:
    found = site.admin.try_create(deployment(place, "bad", registry.unsigned))
    assert "spec.template.spec.containers[0].image" in denied(found)
    made = site.admin.create(deployment(place, "good", registry.signed))
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == registry.pinned
    job = {"restartPolicy": "Never", "containers": [{"name": "c0", "image": registry.unsigned}]}
    schedule = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": job}}}}
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c", "namespace": place}}
    found = site.admin.try_create(cron | {"spec": schedule})
    assert "spec.jobTemplate.spec.template.spec.containers[0].image" in denied(found)
    job["containers"] = [{"name": "c0", "image": registry.signed}]
    assert site.admin.try_create(cron | {"spec": schedule}).code == 201


def _every_kind(place: str, image: str) -> list[dict[str, Any]]:
    """Return a workload of each kind that has a template."""
    return [
        manifests.scaled("ReplicaSet", place, "r", image, replicas=1),
        manifests.scaled("StatefulSet", place, "s", image, serviceName="s"),
        manifests.scaled("DaemonSet", place, "d", image),
        manifests.replication_controller(place, "rc", image),
        manifests.pod_template(place, "t", image),
        manifests.job(place, "j", image),
        manifests.cron_job(place, "c", image),
    ]


def test_every_kind_with_a_template_is_looked_at(site: WebhookSite, place: str, registry: Registry) -> None:
    for bad, good in zip(_every_kind(place, registry.unsigned), _every_kind(place, registry.signed), strict=True):
        assert "no signatures found" in denied(site.admin.try_create(bad)), bad["kind"]
        made = site.admin.create(good)
        assert registry.pinned in json.dumps(made), good["kind"]


def test_custom_kinds_are_looked_at_where_it_is_said_where_their_pods_are(
    site: WebhookSite, place: str, registry: Registry
) -> None:
    site.admin.create(manifests.custom_type("example.com", "Rollout"))
    name = "policy.sigstore.dev"
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        found = site.admin.get("admissionregistration.k8s.io/v1", kind, "", name)
        rule = {"apiGroups": ["example.com"], "apiVersions": ["*"], "operations": ["CREATE"], "resources": ["rollouts"]}
        found["webhooks"][0]["rules"].append(rule)
        site.admin.replace(found)
    site.set_settings(pod_specs="example.com/Rollout: spec.template.spec")

    def rollout(image: str) -> Answered:
        fields = {"spec": {"template": manifests.template("custom", image)}}
        return site.admin.try_create(manifests.custom("example.com", "Rollout", place, unique("r"), fields))

    found = await_that(lambda: _with_code(rollout(registry.unsigned), 403), "refused", 10)
    assert "spec.template.spec.containers[0].image" in denied(found)
    assert registry.pinned in json.dumps(rollout(registry.signed).document)


def _with_code(found: Answered, code: int) -> Answered | None:
    return found if found.code == code else None


def test_controllers_make_pods_of_what_was_admitted(site: WebhookSite, place: str, registry: Registry) -> None:
    controllers = site.api.start_controllers()
    site.admin.create(deployment(place, "web", registry.signed))
    job = {"restartPolicy": "Never", "containers": [{"name": "c0", "image": registry.signed}]}
    schedule = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": job}}}}
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c", "namespace": place}}
    site.admin.create(cron | {"spec": schedule})
    controllers.run_cron_job(place, "c")
    pods = await_that(lambda: _pods(site, place, 2), "two Pods")
    assert {each["spec"]["containers"][0]["image"] for each in pods} == {registry.pinned}


def _pods(site: WebhookSite, place: str, count: int) -> Any:
    found = site.admin.list("v1", "Pod", place)["items"]
    return found if len(found) == count else None


def test_updates_of_images_are_looked_at(site: WebhookSite, place: str, registry: Registry) -> None:
    made = site.admin.create(pod(place, "a", registry.signed))
    path = path_of("v1", "Pod", place, "a")
    change = {"spec": {"containers": [{"name": "c0", "image": registry.unsigned}]}}
    denied(site.admin.ask("PATCH", path, change, content_type=STRATEGIC))
    assert site.admin.merge(made, {"metadata": {"labels": {"a": "b"}}}).code == 200


def test_ephemeral_containers_are_pinned_and_looked_at(site: WebhookSite, place: str, registry: Registry) -> None:
    site.admin.create(pod(place, "a", registry.signed))
    path = path_of("v1", "Pod", place, "a", "ephemeralcontainers")

    def debug(image: str) -> Answered:
        container = {"name": "debugger", "image": image, "targetContainerName": "c0"}
        return site.admin.ask("PATCH", path, {"spec": {"ephemeralContainers": [container]}}, content_type=STRATEGIC)

    assert "spec.ephemeralContainers[0].image" in denied(debug(registry.unsigned))
    found = debug(registry.signed)
    assert found.code == 200
    assert found.document["spec"]["ephemeralContainers"][0]["image"] == registry.pinned


def test_a_policy_may_only_warn(site: WebhookSite, place: str, registry: Registry) -> None:
    site.apply_policy("team", **key_policy(PUBLIC, registry.glob, mode="warn"))
    found = site.admin.try_create(pod(place, "a", registry.unsigned))
    assert found.code == 201
    assert found.warnings[0] == "failed policy: team: spec.containers[0].image"
    assert "signature key validation failed for authority team" in found.warnings[1]


@pytest.mark.parametrize(
    ("setting", "code", "warns"), [("deny", 403, False), ("warn", 201, True), ("allow", 201, False)]
)
def test_what_no_policy_is_about(
    site: WebhookSite, place: str, registry: Registry, setting: str, code: int, warns: bool
) -> None:
    site.apply_policy("team", **key_policy(PUBLIC, "registry.example.com/**"))
    site.set_settings(no_match_policy=setting)
    try:
        found = await_that(lambda: _creates(site, place, registry.unsigned, code), setting)
    finally:
        site.set_settings(no_match_policy="deny")
    assert any("no matching policies" in warning for warning in found.warnings) is warns


def _creates(site: WebhookSite, place: str, image: str, code: int) -> Answered | None:
    found = site.admin.try_create(pod(place, unique("p"), image), dryRun="All")
    return found if found.code == code else None


def test_a_change_of_policy_is_in_force_at_once(site: WebhookSite, place: str, registry: Registry) -> None:
    assert site.admin.try_create(pod(place, "a", registry.signed)).code == 201
    document = {"apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy", "metadata": {"name": "team"}}
    other = key_policy(OTHER, registry.glob)
    site.admin.apply({**document, "spec": other})
    began = time.monotonic()
    await_that(lambda: _creates(site, place, registry.signed, 403), "refused by the new key", 5)
    assert time.monotonic() - began < 2
    site.admin.apply({**document, "spec": key_policy(PUBLIC, registry.glob)})
    await_that(lambda: _creates(site, place, registry.signed, 201), "admitted by the old key", 5)


def test_a_key_in_a_secret_is_followed(site: WebhookSite, place: str, registry: Registry) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "team-key", "namespace": "cosign-system"}}
    site.admin.apply({**secret, "stringData": {"cosign.pub": OTHER}})
    authority = {"name": "team", "key": {"secretRef": {"name": "team-key"}}}
    spec = {"images": [{"glob": registry.glob}], "authorities": [authority]}
    site.apply_policy("team", **spec)
    await_that(lambda: _creates(site, place, registry.signed, 403), "refused by the wrong key")
    site.admin.apply({**secret, "stringData": {"cosign.pub": PUBLIC}})
    await_that(lambda: _creates(site, place, registry.signed, 201), "admitted by the right key", 5)
    site.admin.delete("v1", "Secret", "cosign-system", "team-key")


def test_a_policy_text_in_a_config_map_is_followed(site: WebhookSite, place: str, registry: Registry) -> None:
    def text(answer: str) -> dict[str, Any]:
        return config_map("cosign-system", "rules", rego=f"package sigstore\nisCompliant = {answer}\n")

    site.admin.apply(text("false"))
    more = {"type": "rego", "configMapRef": {"name": "rules", "key": "rego"}}
    site.apply_policy("team", **key_policy(PUBLIC, registry.glob, policy=more))
    await_that(lambda: _creates(site, place, registry.signed, 403), "refused by the text")
    site.admin.apply(text("true"))
    await_that(lambda: _creates(site, place, registry.signed, 201), "admitted by the text", 5)
    site.admin.delete("v1", "ConfigMap", "cosign-system", "rules")


def test_a_missing_secret_is_said_in_the_status_and_denies(site: WebhookSite, place: str, registry: Registry) -> None:
    authority = {"name": "team", "key": {"secretRef": {"name": "nobody"}}}
    spec = {"images": [{"glob": registry.glob}], "authorities": [authority]}
    found = site.apply_policy("team", **spec)
    conditions = {each["type"]: each for each in found["status"]["conditions"]}
    assert (conditions["Ready"]["status"], conditions["KeysInlined"]["status"]) == ("False", "False")
    assert "nobody" in conditions["KeysInlined"]["message"]
    assert site.admin.try_create(pod(place, "a", registry.unsigned)).code == 403


def test_policies_are_completed_and_checked(site: WebhookSite) -> None:
    document = {"apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy"}
    spec = {"images": [{"glob": "registry.example.com/**"}], "authorities": [{"static": {"action": "pass"}}]}
    made = site.admin.create({**document, "metadata": {"name": "filled"}, "spec": spec})
    assert (made["spec"]["mode"], made["spec"]["authorities"][0]["name"]) == ("enforce", "authority-0")
    other = site.admin.get("policy.sigstore.dev/v1alpha1", "ClusterImagePolicy", "", "filled")
    assert other["spec"] == made["spec"]
    spec = {"images": [{"glob": "a[b"}], "authorities": [{"static": {"action": "pass"}}]}
    found = site.admin.try_create({**document, "metadata": {"name": "wrong"}, "spec": spec})
    assert found.code in {400, 422}
    assert "spec.images[0].glob" in found.message
    site.delete_policy("filled")


BELT = "images-by-digest.cosignpy.dev"


def _loosen(site: WebhookSite) -> None:
    site.admin.delete("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "", BELT)


def _fasten(site: WebhookSite) -> None:
    kind, spec = "ValidatingAdmissionPolicyBinding", {"policyName": BELT, "validationActions": ["Deny"]}
    site.admin.apply(
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": BELT}, "spec": spec}
    )


def test_images_that_are_no_names_are_refused(site: WebhookSite, place: str) -> None:
    _loosen(site)
    try:
        found = site.admin.try_create(pod(place, "a", "http://registry.example.com/A B"))
        assert found.code in {400, 403}
        assert "http://registry.example.com/A B" in denied(found)
    finally:
        _fasten(site)


def test_all_that_the_webhook_did_it_may(running: WebhookSite) -> None:
    """Nothing in all these tests was forbidden to the webhook: its roles are enough."""
    user = "system:serviceaccount:cosign-system:webhook"
    forbidden = [(line.path, line.code) for line in running.api.audited if line.user == user and line.code == 403]
    assert forbidden == []
    assert "Traceback" not in running.logs()
