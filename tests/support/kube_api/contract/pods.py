"""Pods and what makes them."""

from typing import Any

from tests.support.kube_api.client import path_of
from tests.support.kube_api.contract.checks import ApiServer, check, deployment, pod, refusal, unique

_STRATEGIC = "application/strategic-merge-patch+json"
_IMMUTABLE = "Forbidden: pod updates may not change fields other than"


@check
def pods_are_completed(server: ApiServer) -> None:
    """What a Pod leaves out is filled in, also by its service account."""
    api, place = server.client(), server.make_namespace(unique())
    api.apply(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": place},
            "imagePullSecrets": [{"name": "pull"}],
        }
    )
    made = api.create(pod(place, "a", initContainers=[{"name": "i", "image": "b"}]))
    spec = made["spec"]
    (container,) = spec["containers"]
    assert (container["imagePullPolicy"], spec["initContainers"][0]["imagePullPolicy"]) == ("IfNotPresent", "Always")
    assert (spec["serviceAccountName"], spec["imagePullSecrets"]) == ("default", [{"name": "pull"}])
    assert (spec["restartPolicy"], made["status"]["phase"]) == ("Always", "Pending")
    assert [each["mountPath"] for each in container["volumeMounts"]] == [
        "/var/run/secrets/kubernetes.io/serviceaccount"
    ]
    assert made["metadata"]["generation"] == 1
    assert api.try_create(pod(place, "b", serviceAccountName="nobody")).code == 403


@check
def pods_have_rules(server: ApiServer) -> None:
    """Containers have names and images; ephemeral ones come later."""
    api, place = server.client(), server.make_namespace(unique())

    def said(**spec: Any) -> str:
        found = api.try_create(pod(place, "a", **spec))
        assert (found.code, found.reason) == (422, "Invalid")
        return found.message.removeprefix('Pod "a" is invalid: ')

    assert said(containers=[]) == "spec.containers: Required value"
    assert said(containers=[{"name": "a", "image": ""}]) == "spec.containers[0].image: Required value"
    assert said(containers=[{"image": "a"}]) == "spec.containers[0].name: Required value"
    twice = [{"name": "a", "image": "a"}] * 2
    assert said(containers=twice) == 'spec.containers[1].name: Duplicate value: "a"'
    assert "must not have leading or trailing whitespace" in said(containers=[{"name": "a", "image": " a"}])
    assert said(ephemeralContainers=twice[:1]).startswith("spec.ephemeralContainers: Forbidden: ")


@check
def images_of_pods_may_change_and_little_else(server: ApiServer) -> None:
    """Of a Pod that is there, images can be replaced; volumes and commands cannot."""
    api, place = server.client(), server.make_namespace(unique())
    volume = {"name": "v", "image": {"reference": "registry.example.com/files:1"}}
    made = api.create(pod(place, "a", volumes=[volume]))
    path = path_of("v1", "Pod", place, "a")
    changed = {"spec": {"containers": [{"name": "c0", "image": "registry.example.com/app:2"}]}}
    found = api.ask("PATCH", path, changed, content_type=_STRATEGIC)
    assert (found.code, found.document["metadata"]["generation"]) == (200, made["metadata"]["generation"] + 1)
    for wrong in (
        {"containers": [{"name": "c0", "command": ["a"]}]},
        {"volumes": [{"name": "v", "image": {"reference": "registry.example.com/files:2"}}]},
        {"ephemeralContainers": [{"name": "e", "image": "a"}]},
        {"nodeName": "n"},
    ):
        found = api.ask("PATCH", path, {"spec": wrong}, content_type=_STRATEGIC)
        assert (found.code, _IMMUTABLE in found.message) == (422, True), wrong
    more = {"spec": {"containers": [{"name": "c1", "image": "a"}]}}
    assert refusal(api.ask("PATCH", path, more, content_type=_STRATEGIC)) == (
        422,
        "Invalid",
        'Pod "a" is invalid: spec.containers: Forbidden: pod updates may not add or remove containers',
    )


@check
def ephemeral_containers_are_added(server: ApiServer) -> None:
    """They are added at a path of their own, and stay as they are."""
    api, place = server.client(), server.make_namespace(unique())
    made = api.create(pod(place, "a"))
    path = path_of("v1", "Pod", place, "a", "ephemeralcontainers")
    debugger = {"name": "e", "image": "busybox", "targetContainerName": "c0"}
    found = api.ask("PATCH", path, {"spec": {"ephemeralContainers": [debugger]}}, content_type=_STRATEGIC)
    assert found.code == 200
    assert [each["name"] for each in found.document["spec"]["ephemeralContainers"]] == ["e"]
    assert found.document["spec"]["containers"] == made["spec"]["containers"]
    other = debugger | {"image": "other"}
    found = api.ask("PATCH", path, {"spec": {"ephemeralContainers": [other]}}, content_type=_STRATEGIC)
    assert (found.code, "existing ephemeral containers" in found.message) == (422, True)
    none = api.ask("PUT", path, found_without(api.get("v1", "Pod", place, "a")))
    assert (none.code, "may not be removed" in none.message) == (422, True)


def found_without(found: Any) -> Any:
    """Return a Pod without its ephemeral containers."""
    spec = {name: content for name, content in found["spec"].items() if name != "ephemeralContainers"}
    return found | {"spec": spec}


@check
def workloads_are_completed_and_checked(server: ApiServer) -> None:
    """Templates are filled in as Pods are, but by no service account; selectors select them."""
    api, place = server.client(), server.make_namespace(unique())
    made = api.create(deployment(place, "a"))
    spec = made["spec"]["template"]["spec"]
    assert (made["spec"]["replicas"], spec["containers"][0]["imagePullPolicy"]) == (1, "IfNotPresent")
    assert "serviceAccountName" not in spec
    wrong = deployment(place, "b")
    wrong["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    found = api.try_create(wrong)
    assert (found.code, "`selector` does not match template `labels`" in found.message) == (422, True)
    imageless = deployment(place, "b")
    imageless["spec"]["template"]["spec"]["containers"] = [{"name": "c0"}]
    assert refusal(api.try_create(imageless)) == (
        422,
        "Invalid",
        'Deployment.apps "b" is invalid: spec.template.spec.containers[0].image: Required value',
    )
    job = {"restartPolicy": "Never", "containers": [{"name": "c0", "image": "a:1"}]}
    schedule = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": job}}}}
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c", "namespace": place}}
    made = api.create(cron | {"spec": schedule})
    assert (made["spec"]["concurrencyPolicy"], made["metadata"]["generation"]) == ("Allow", 1)
    inner = made["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert inner["imagePullPolicy"] == "IfNotPresent"


@check
def pods_are_evicted(server: ApiServer) -> None:
    """An eviction is an object that deletes."""
    api, place = server.client(), server.make_namespace(unique())
    api.create(pod(place, "a"))
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a", "namespace": place}}
    assert api.ask("POST", path_of("v1", "Pod", place, "a", "eviction"), eviction).code == 201
    assert api.get("v1", "Pod", place, "a") is None
