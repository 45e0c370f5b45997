"""Custom kinds."""

import time
from typing import Any

from tests.support.kube_api.client import KubeClient, path_of
from tests.support.kube_api.contract.checks import ApiServer, check, refusal, unique

_PATIENCE = 10.0
_RULES = [
    {"rule": "!has(self.least) || self.least <= self.most", "message": "least must not be more than most"},
    {"rule": "!has(oldSelf.text) || self.text == oldSelf.text", "message": "text is fixed"},
]
_SPEC = {
    "type": "object",
    "required": ["most"],
    "x-kubernetes-validations": _RULES,
    "properties": {
        "most": {"type": "integer", "minimum": 1, "maximum": 9},
        "least": {"type": "integer"},
        "text": {
            "type": "string",
            "pattern": "^[a-z]*$",
            "maxLength": 5,
            "x-kubernetes-validations": [{"rule": "self != 'bad'"}],
        },
        "mode": {"type": "string", "default": "a", "enum": ["a", "b"]},
        "items": {
            "type": "array",
            "maxItems": 2,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["key"],
            "items": {
                "type": "object",
                "required": ["key"],
                "properties": {"key": {"type": "string"}, "text": {"type": "string", "default": "t"}},
            },
        },
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "port": {"x-kubernetes-int-or-string": True},
    },
}


def definition(group: str, **more: Any) -> dict[str, Any]:
    """Return the definition of a kind in two versions."""
    properties = {"spec": _SPEC, "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    schema = {"openAPIV3Schema": {"type": "object", "required": ["spec"], "properties": properties}}
    version = {"served": True, "schema": schema, "subresources": {"status": {}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList"},
            "versions": [
                {"name": "v1", "storage": True, **version},
                {"name": "v1beta1", "storage": False, **version},
            ],
            **more,
        },
    }


def define(api: KubeClient, place: str) -> str:
    """Define a kind of a group of its own, wait until it is served, and return the group."""
    group = f"{unique('g')}.example.com"
    api.create(definition(group))
    ends = time.monotonic() + _PATIENCE
    while api.ask("GET", path_of(f"{group}/v1", "Thing", place)).code != 200 and time.monotonic() < ends:
        time.sleep(0.05)
    return group


def thing(group: str, place: str, name: str = "a", version: str = "v1", **spec: Any) -> dict[str, Any]:
    """Return an object of the kind."""
    metadata = {"name": name, "namespace": place}
    return {"apiVersion": f"{group}/{version}", "kind": "Thing", "metadata": metadata, "spec": spec}


@check
def schemas_complete_and_prune(server: ApiServer) -> None:
    """Defaults are filled in, unknown fields are taken out, with a warning or an error."""
    api, place = server.client(), server.make_namespace(unique())
    group = define(api, place)
    found = api.try_create(thing(group, place, most=3, other=1, items=[{"key": "x"}], free={"any": [1]}, port="http"))
    assert found.code == 201
    assert found.document["spec"] == {
        "most": 3,
        "mode": "a",
        "items": [{"key": "x", "text": "t"}],
        "free": {"any": [1]},
        "port": "http",
    }
    assert found.warnings == ('unknown field "spec.other"',)
    strict = api.try_create(thing(group, place, "b", most=3, other=1), fieldValidation="Strict")
    assert (strict.code, 'strict decoding error: unknown field "spec.other"' in strict.message) == (400, True)
    assert found.document["metadata"]["generation"] == 1


@check
def schemas_refuse(server: ApiServer) -> None:
    """Each rule has its message."""
    api, place = server.client(), server.make_namespace(unique())
    group = define(api, place)
    more = (
        "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
        "correct the existing errors to complete validation"
    )
    body = "spec.most in body"
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, f"[spec.most: Required value, {more}]"),
        ({"most": None}, f"[spec.most: Required value, {more}]"),
        ({"most": 0}, f"spec.most: Invalid value: 0: {body} should be greater than or equal to 1"),
        ({"most": 10}, f"spec.most: Invalid value: 10: {body} should be less than or equal to 9"),
        ({"most": "3"}, f'[spec.most: Invalid value: "string": {body} must be of type integer: "string", {more}]'),
        ({"most": 3, "mode": "z"}, f'[spec.mode: Unsupported value: "z": supported values: "a", "b", {more}]'),
        ({"most": 3, "text": "A"}, "spec.text: Invalid value: \"A\": spec.text in body should match '^[a-z]*$'"),
        ({"most": 3, "text": "abcdef"}, f"[spec.text: Too long: may not be more than 5 bytes, {more}]"),
        ({"most": 3, "text": "bad"}, "spec.text: Invalid value: \"bad\": failed rule: self != 'bad'"),
        ({"most": 3, "items": [{}]}, f"[spec.items[0].key: Required value, {more}]"),
        (
            {"most": 3, "items": [{"key": x} for x in "abc"]},
            f"[spec.items: Too many: 3: must have at most 2 items, {more}]",
        ),
        ({"most": 3, "items": [{"key": "x"}] * 2}, 'spec.items[1]: Duplicate value: {"key":"x"}'),
        ({"most": 3, "least": 5}, "spec: Invalid value: least must not be more than most"),
    ]
    for spec, said in cases:
        found = api.try_create(thing(group, place, **spec))
        assert refusal(found) == (422, "Invalid", f'Thing.{group} "a" is invalid: {said}'), spec
    assert "items" not in api.create(thing(group, place, most=3, items=None))["spec"]


@check
def rules_look_back(server: ApiServer) -> None:
    """A rule about the old object counts in updates only."""
    api, place = server.client(), server.make_namespace(unique())
    group = define(api, place)
    made = api.create(thing(group, place, most=3, text="x"))
    found = api.merge(made, {"spec": {"text": "y"}})
    said = f'Thing.{group} "a" is invalid: spec: Invalid value: text is fixed'
    assert refusal(found) == (422, "Invalid", said)
    assert api.merge(made, {"spec": {"most": 4}}).document["metadata"]["generation"] == 2


@check
def custom_objects_have_statuses_and_versions(server: ApiServer) -> None:
    """A status is written by itself; every version shows the same object; updates say which they know."""
    api, place = server.client(), server.make_namespace(unique())
    group = define(api, place)
    made = api.create(thing(group, place, most=3) | {"status": {"x": 1}})
    assert "status" not in made
    changed = made | {"status": {"x": 1}, "spec": {"most": 4}}
    found = api.replace(changed, "status")
    assert (found["status"], found["spec"]["most"], found["metadata"]["generation"]) == ({"x": 1}, 3, 1)
    other = api.get(f"{group}/v1beta1", "Thing", place, "a")
    assert (other["apiVersion"], other["spec"]) == (f"{group}/v1beta1", found["spec"])
    blind = api.try_replace(thing(group, place, most=5))
    assert (blind.code, "metadata.resourceVersion: Invalid value: 0" in blind.message) == (422, True)
    strategic = "application/strategic-merge-patch+json"
    assert api.ask("PATCH", path_of(f"{group}/v1", "Thing", place, "a"), {}, content_type=strategic).code == 415


@check
def custom_lists_are_shared_by_their_keys(server: ApiServer) -> None:
    """The schema says which lists are maps."""
    api, place = server.client(), server.make_namespace(unique())
    group = define(api, place)
    api.apply(thing(group, place, most=3, items=[{"key": "x"}]))
    found = api.apply(thing(group, place, most=3, items=[{"key": "y", "text": "u"}]), fieldManager="other")
    assert {each["key"] for each in found["spec"]["items"]} == {"x", "y"}


@check
def definitions_have_rules(server: ApiServer) -> None:
    """A definition is named after its kind, has one version that is stored, and rules that are expressions."""
    api = server.client()
    group = f"{unique('g')}.example.com"
    misnamed = definition(group) | {"metadata": {"name": f"other.{group}"}}
    found = api.try_create(misnamed)
    assert (found.code, "metadata.name: Invalid value" in found.message) == (422, True)
    broken = definition(group)
    for version in broken["spec"]["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        version["schema"] = {
            "openAPIV3Schema": {
                "type": "object",
                "properties": schema["properties"]
                | {"spec": _SPEC | {"x-kubernetes-validations": [{"rule": "self. =="}]}},
            }
        }
    found = api.try_create(broken)
    assert (found.code, "compilation failed" in found.message) == (422, True)


@check
def kinds_go_with_their_definitions(server: ApiServer) -> None:
    """What is not defined any more is not found."""
    api, place = server.client(), server.make_namespace(unique())
    group = define(api, place)
    api.create(thing(group, place, most=3))
    assert api.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"things.{group}").code == 200
    ends = time.monotonic() + _PATIENCE
    while api.ask("GET", path_of(f"{group}/v1", "Thing", place)).code != 404 and time.monotonic() < ends:
        time.sleep(0.05)
    assert api.ask("GET", path_of(f"{group}/v1", "Thing", place)).code == 404
