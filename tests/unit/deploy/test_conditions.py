"""What the API server decides by expressions of ours: who is asked, and what is refused while nobody can be."""

import copy
from typing import Any, Final

import pytest

from tests.support.cel.expression import Expression
from tests.support.deployment import find, plain

Json = dict[str, Any]
OBJECTS: Final = plain()
DIGEST: Final = f"registry.example/app@sha256:{'a1' * 32}"
TAG: Final = "registry.example/app:1.0"
POD: Final[Json] = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "image": DIGEST}]}}
RESOURCES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "pods": ("", ("spec",)),
    "podtemplates": ("", ("template", "spec")),
    "replicationcontrollers": ("", ("spec", "template", "spec")),
    "deployments": ("apps", ("spec", "template", "spec")),
    "replicasets": ("apps", ("spec", "template", "spec")),
    "statefulsets": ("apps", ("spec", "template", "spec")),
    "daemonsets": ("apps", ("spec", "template", "spec")),
    "jobs": ("batch", ("spec", "template", "spec")),
    "cronjobs": ("batch", ("spec", "jobTemplate", "spec", "template", "spec")),
}
SLOTS: Final[tuple[Json, ...]] = (
    {"containers": [{"name": "c", "image": TAG}]},
    {"initContainers": [{"name": "i", "image": TAG}]},
    {"ephemeralContainers": [{"name": "e", "image": TAG}]},
    {"volumes": [{"name": "v", "image": {"reference": TAG}}]},
)
"""Wherever an image may be."""


def asked(operation: str, resource: str, new: Json, old: Json | None, groups: tuple[str, ...] = ()) -> bool:
    """Tell whether the API server would ask the webhook."""
    (webhook,) = find(OBJECTS, "ValidatingWebhookConfiguration", "policy.sigstore.dev")["webhooks"]
    request = {
        "operation": operation,
        "resource": {"group": RESOURCES.get(resource, ("example.com",))[0], "version": "v1", "resource": resource},
        "userInfo": {"username": "somebody", "groups": list(groups)},
    }
    names = {"object": new, "oldObject": old, "request": request}
    return all(Expression(each["expression"]).evaluate(names) for each in webhook["matchConditions"])


def with_spec(resource: str, spec: Json) -> Json:
    document: Json = spec
    for step in reversed(RESOURCES[resource][1]):
        document = {step: document}
    return {"metadata": {"name": "a"}, **document}


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("slot", SLOTS)
def test_another_image_anywhere_is_asked_about(resource: str, slot: Json) -> None:
    before = with_spec(resource, POD["spec"])
    assert asked("CREATE", resource, before, None)
    assert asked("UPDATE", resource, with_spec(resource, {**POD["spec"], **slot}), before)


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_same_pods_are_not(resource: str) -> None:
    before = with_spec(resource, POD["spec"])
    after = copy.deepcopy(before)
    after["metadata"]["labels"] = {"a": "b"}
    after["status"] = {"observedGeneration": 1}
    if resource not in {"pods", "podtemplates"}:
        after["spec"]["replicas"] = 5
    assert not asked("UPDATE", resource, after, before)


def test_an_object_without_a_template_is_no_error() -> None:
    """The API server refuses what has no answer."""
    bare: Json = {"metadata": {}, "spec": {"replicas": 1}}
    assert not asked("UPDATE", "replicationcontrollers", bare, bare)
    assert asked("UPDATE", "replicationcontrollers", with_spec("replicationcontrollers", POD["spec"]), bare)


def test_types_that_nobody_named_are_asked_about_when_anything_changes() -> None:
    assert asked("UPDATE", "rollouts", {"spec": {"a": 1}}, {"spec": {"a": 2}})


def test_mirrors_of_static_pods_are_not_asked_about() -> None:
    """They run whatever is answered; but nobody besides nodes may say so, and nothing else of theirs is left out."""
    mirror: Json = {**POD, "metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}}
    nodes = ("system:nodes", "system:authenticated")
    assert not asked("CREATE", "pods", mirror, None, nodes)
    assert asked("CREATE", "pods", mirror, None, ("system:authenticated",))
    assert asked("CREATE", "pods", POD, None, nodes)
    assert asked("UPDATE", "pods", {**mirror, "spec": {}}, mirror, nodes)


def belt(new: Json, old: Json | None = None, **labels: str) -> bool:
    """Tell whether the API server lets a pod in that is asked about by itself."""
    policy = find(OBJECTS, "ValidatingAdmissionPolicy", "images-by-digest.cosignpy.dev")["spec"]
    request: Json = {"operation": "CREATE" if old is None else "UPDATE", "userInfo": {"groups": []}}
    names: Json = {"object": new, "oldObject": old, "request": request, "variables": {}}
    names["namespaceObject"] = {"metadata": {"name": "team", "labels": labels}}
    if not all(Expression(each["expression"]).evaluate(names) for each in policy["matchConditions"]):
        return True
    for each in policy["variables"]:
        names["variables"][each["name"]] = Expression(each["expression"]).evaluate(names)
    (validation,) = policy["validations"]
    if not Expression(validation["expression"]).evaluate(names):
        assert TAG in Expression(validation["messageExpression"]).evaluate(names)
        return False
    return True


@pytest.mark.parametrize("slot", SLOTS)
def test_tags_are_refused_wherever_they_are(slot: Json) -> None:
    assert belt(POD)
    tagged = {**POD, "spec": {**POD["spec"], **slot}}
    assert not belt(tagged)
    assert not belt(tagged, POD)
    assert belt({**tagged, "spec": {**tagged["spec"], "nodeName": "n"}}, tagged)


@pytest.mark.parametrize(
    ("enforcement", "passes"), [("deny", False), ("warn", True), ("audit", True), ("other", False)]
)
def test_namespaces_whose_refusals_do_not_count(enforcement: str, passes: bool) -> None:
    tagged = {**POD, "spec": SLOTS[0]}
    assert belt(tagged, None, **{"policy.cosignpy.dev/enforcement": enforcement}) is passes


@pytest.mark.parametrize(
    ("before", "after", "weakens"),
    [
        ({}, {"policy.sigstore.dev/include": "true"}, False),
        ({"policy.sigstore.dev/include": "true"}, {"policy.sigstore.dev/include": "true", "a": "b"}, False),
        ({"policy.sigstore.dev/include": "true"}, {}, True),
        ({"policy.sigstore.dev/include": "true"}, {"policy.sigstore.dev/include": "false"}, True),
        ({}, {"policy.cosignpy.dev/enforcement": "warn"}, True),
        ({"policy.cosignpy.dev/enforcement": "deny"}, {}, True),
        ({"policy.cosignpy.dev/enforcement": "warn"}, {"policy.cosignpy.dev/enforcement": "warn"}, False),
        (None, {"policy.sigstore.dev/include": "true"}, False),
        (None, {"policy.cosignpy.dev/enforcement": "audit"}, True),
    ],
)
def test_labels_that_weaken_need_a_right(before: Json | None, after: Json, weakens: bool) -> None:
    policy = find(OBJECTS, "ValidatingAdmissionPolicy", "namespace-labels.cosignpy.dev")["spec"]
    variables = {each["name"]: each["expression"] for each in policy["variables"]}
    names: Json = {
        "object": {"metadata": {"name": "team", "labels": after}},
        "oldObject": None if before is None else {"metadata": {"labels": before}},
        "request": {"operation": "CREATE" if before is None else "UPDATE"},
        "variables": {"permitted": False},
    }
    for name in ("now", "before", "switched", "settings"):
        names["variables"][name] = Expression(variables[name]).evaluate(names)
    refused = [not Expression(each["expression"]).evaluate(names) for each in policy["validations"]]
    assert any(refused) is weakens
    names["variables"]["permitted"] = True
    assert all(Expression(each["expression"]).evaluate(names) for each in policy["validations"])
