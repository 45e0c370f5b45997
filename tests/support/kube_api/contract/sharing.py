"""How several managers share an object (server-side apply)."""

from typing import Any

from tests.support.kube_api.client import path_of
from tests.support.kube_api.contract.checks import ApiServer, check, config_map, deployment, refusal, unique


def _managers(found: Any) -> set[tuple[str, str]]:
    return {(each["manager"], each["operation"]) for each in found["metadata"].get("managedFields") or []}


@check
def an_application_creates_and_changes(server: ApiServer) -> None:
    """What is applied first is made; what is not applied any more goes."""
    api, place = server.client(), server.make_namespace(unique())
    made = api.apply(config_map(place, "a", x="1", y="2"))
    assert made["data"] == {"x": "1", "y": "2"}
    assert _managers(made) == {("tester", "Apply")}
    found = api.try_apply(config_map(place, "a", x="3"))
    assert (found.code, found.document["data"]) == (200, {"x": "3"})
    again = api.apply(config_map(place, "a", x="3"))
    assert again["metadata"]["resourceVersion"] == found.document["metadata"]["resourceVersion"]


@check
def managers_do_not_take_fields_by_chance(server: ApiServer) -> None:
    """A field of another manager is a conflict; who wants it says so."""
    api, place = server.client(), server.make_namespace(unique())
    api.apply(config_map(place, "a", x="1"))
    theirs = config_map(place, "a", x="2", z="3")
    assert refusal(api.try_apply(theirs, fieldManager="other")) == (
        409,
        "Conflict",
        'Apply failed with 1 conflict: conflict with "tester": .data.x',
    )
    found = api.apply(theirs, fieldManager="other")
    assert found["data"] == {"x": "2", "z": "3"}
    assert api.apply(config_map(place, "a", y="1"))["data"] == {"x": "2", "y": "1", "z": "3"}


@check
def the_same_content_is_shared(server: ApiServer) -> None:
    """Two managers that want the same are no conflict, and the field stays when one gives it up."""
    api, place = server.client(), server.make_namespace(unique())
    api.apply(config_map(place, "a", x="1"))
    assert api.try_apply(config_map(place, "a", x="1"), fieldManager="other").code == 200
    assert api.apply(config_map(place, "a", y="2"))["data"] == {"x": "1", "y": "2"}


@check
def updates_take_fields(server: ApiServer) -> None:
    """Who updates or patches manages what it changed, and applications conflict with that."""
    api, place = server.client(), server.make_namespace(unique())
    made = api.apply(config_map(place, "a", x="1", y="1"))
    api.merge(made, {"data": {"x": "2"}}, fieldManager="patcher")
    found = api.try_apply(config_map(place, "a", x="1", y="1"), force="false")
    assert found.code == 409
    assert 'conflict with "patcher"' in found.message
    assert api.apply(config_map(place, "a", x="1", y="1"))["data"] == {"x": "1", "y": "1"}


@check
def items_of_lists_are_shared(server: ApiServer) -> None:
    """Containers are merged by name, and go by themselves."""
    api, place = server.client(), server.make_namespace(unique())
    api.apply(deployment(place, "a"))
    second = deployment(place, "a")
    second["spec"] = {"template": {"spec": {"containers": [{"name": "c1", "image": "b:1"}]}}}
    found = api.apply(second, fieldManager="other")
    names = [each["name"] for each in found["spec"]["template"]["spec"]["containers"]]
    assert sorted(names) == ["c0", "c1"]
    second["spec"] = {"template": {"spec": {"containers": [{"name": "c2", "image": "b:1"}]}}}
    found = api.apply(second, fieldManager="other")
    names = [each["name"] for each in found["spec"]["template"]["spec"]["containers"]]
    assert sorted(names) == ["c0", "c2"]


@check
def statuses_are_applied_by_themselves(server: ApiServer) -> None:
    """Conditions are merged by type; nothing else of what is applied counts."""
    api, place = server.client(), server.make_namespace(unique())
    api.apply(deployment(place, "a"))

    def condition(kind: str) -> dict[str, Any]:
        status = {"conditions": [{"type": kind, "status": "True", "reason": "A", "message": "b"}]}
        return {**deployment(place, "a"), "status": status}

    api.apply(condition("One"), "status", fieldManager="one")
    found = api.apply(condition("Two"), "status", fieldManager="two")
    assert {each["type"] for each in found["status"]["conditions"]} == {"One", "Two"}
    assert found["spec"]["replicas"] == 1
    found = api.apply({**deployment(place, "a"), "status": {}}, "status", fieldManager="one")
    assert {each["type"] for each in found["status"]["conditions"]} == {"Two"}


@check
def applications_have_rules(server: ApiServer) -> None:
    """They name a manager, and no version of what is not there."""
    api, place = server.client(), server.make_namespace(unique())
    kind = "application/apply-patch+yaml"
    path = path_of("v1", "ConfigMap", place, "a")
    assert api.ask("PATCH", path, config_map(place, "a"), content_type=kind).code == 422
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: {place}}}\n".encode()
    assert api.ask("PATCH", path, text, content_type=kind, fieldManager="yaml").code == 201
    stale = config_map(place, "a", x="1")
    stale["metadata"]["resourceVersion"] = "1"
    assert api.try_apply(stale, fieldManager="yaml").code == 409
