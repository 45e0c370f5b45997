"""How objects are written."""

from tests.support.kube_api.client import path_of
from tests.support.kube_api.contract.checks import ApiServer, check, config_map, deployment, refusal, unique
from tests.support.kube_api.failures import CONFLICT


@check
def objects_are_created_read_and_deleted(server: ApiServer) -> None:
    """An object has an identity, a version and a time of its own."""
    api, place = server.client(), server.make_namespace(unique())
    made = api.create(config_map(place, "a", x="1"))
    assert {"uid", "resourceVersion", "creationTimestamp"} <= made["metadata"].keys()
    assert api.get("v1", "ConfigMap", place, "a") == made
    assert api.delete("v1", "ConfigMap", place, "a").document["status"] == "Success"
    found = api.ask("GET", path_of("v1", "ConfigMap", place, "a"))
    assert refusal(found) == (404, "NotFound", 'configmaps "a" not found')
    assert found.document["details"] == {"name": "a", "kind": "configmaps"}


@check
def names_are_taken_once(server: ApiServer) -> None:
    """Creating twice is a conflict, creating nowhere is not found."""
    api, place = server.client(), server.make_namespace(unique())
    api.create(config_map(place, "a"))
    assert refusal(api.try_create(config_map(place, "a"))) == (409, "AlreadyExists", 'configmaps "a" already exists')
    nowhere = unique()
    assert refusal(api.try_create(config_map(nowhere, "a"))) == (404, "NotFound", f'namespaces "{nowhere}" not found')


@check
def unknown_resources_are_not_found(server: ApiServer) -> None:
    """There are no kinds but those that are known."""
    found = server.client().ask("GET", "/apis/example.com/v1/nothings")
    assert found.code == 404


@check
def bodies_have_to_fit_their_paths(server: ApiServer) -> None:
    """Kind, namespace and name of a body are those of the path."""
    api, place = server.client(), server.make_namespace(unique())
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    path = path_of("v1", "ConfigMap", place)
    assert api.ask("POST", path, secret).code == 400
    assert refusal(api.ask("POST", path, config_map("default", "a"))) == (
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
    )
    made = api.create(config_map(place, "a"))
    other = made | {"metadata": made["metadata"] | {"name": "b"}}
    assert refusal(api.ask("PUT", path + "/a", other)) == (
        400,
        "BadRequest",
        "the name of the object (b) does not match the name on the URL (a)",
    )
    assert api.ask("POST", path, b"{").code == 400


@check
def names_are_made_and_checked(server: ApiServer) -> None:
    """`generateName` becomes a name; names and labels have rules."""
    api, place = server.client(), server.make_namespace(unique())
    made = api.create(config_map(place, "") | {"metadata": {"generateName": "a-", "namespace": place}})
    assert made["metadata"]["name"].startswith("a-")
    assert len(made["metadata"]["name"]) == len("a-") + 5
    found = api.try_create(config_map(place, "A_"))
    assert (found.code, found.reason) == (422, "Invalid")
    assert found.message.startswith(
        'ConfigMap "A_" is invalid: metadata.name: Invalid value: "A_": a lowercase RFC 1123'
    )
    nameless = config_map(place, "") | {"metadata": {"namespace": place}}
    assert refusal(api.try_create(nameless)) == (
        422,
        "Invalid",
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    )


@check
def updates_need_the_newest_version(server: ApiServer) -> None:
    """Who changed an old version has to look again; who names no version does not care."""
    api, place = server.client(), server.make_namespace(unique())
    first = api.create(config_map(place, "a", x="1"))
    second = api.replace(first | {"data": {"x": "2"}})
    assert second["metadata"]["resourceVersion"] != first["metadata"]["resourceVersion"]
    assert refusal(api.try_replace(first | {"data": {"x": "3"}})) == (
        409,
        "Conflict",
        f'Operation cannot be fulfilled on configmaps "a": {CONFLICT}',
    )
    assert api.replace(config_map(place, "a", x="4"))["data"] == {"x": "4"}
    assert api.try_replace(config_map(place, "b")).code == 404


@check
def other_objects_of_the_name_are_not_updated(server: ApiServer) -> None:
    """A uid that is not the object's is a conflict, in updates and in deletions."""
    api, place = server.client(), server.make_namespace(unique())
    made = api.create(config_map(place, "a"))
    other = made | {"metadata": {"name": "a", "namespace": place, "uid": "1"}}
    assert api.try_replace(other).code == 409
    body = {"preconditions": {"uid": "1"}}
    found = api.ask("DELETE", path_of("v1", "ConfigMap", place, "a"), body)
    assert (found.code, found.reason) == (409, "Conflict")
    body = {"preconditions": {"uid": made["metadata"]["uid"]}}
    assert api.ask("DELETE", path_of("v1", "ConfigMap", place, "a"), body).code == 200


@check
def what_changes_nothing_is_no_change(server: ApiServer) -> None:
    """Writing the same again leaves the version."""
    api, place = server.client(), server.make_namespace(unique())
    made = api.create(config_map(place, "a", x="1"))
    assert api.replace(made)["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    assert (
        api.merge(made, {"data": {"x": "1"}}).document["metadata"]["resourceVersion"]
        == (made["metadata"]["resourceVersion"])
    )


@check
def dry_runs_leave_nothing(server: ApiServer) -> None:
    """What would be is answered, and is not."""
    api, place = server.client(), server.make_namespace(unique())
    assert api.create(config_map(place, "a"), dryRun="All")["metadata"]["uid"]
    assert api.get("v1", "ConfigMap", place, "a") is None
    api.create(config_map(place, "a", x="1"))
    assert api.replace(config_map(place, "a", x="2"), dryRun="All")["data"] == {"x": "2"}
    assert api.get("v1", "ConfigMap", place, "a")["data"] == {"x": "1"}
    assert api.delete("v1", "ConfigMap", place, "a", dryRun="All").code == 200
    assert api.get("v1", "ConfigMap", place, "a") is not None


@check
def patches_of_three_kinds(server: ApiServer) -> None:
    """JSON merge patches replace lists, strategic ones merge them, JSON patches do as they say."""
    api, place = server.client(), server.make_namespace(unique())
    made = api.create(deployment(place, "a"))
    more = {"spec": {"template": {"spec": {"containers": [{"name": "c1", "image": "b"}]}}}}
    path = path_of("apps/v1", "Deployment", place, "a")
    found = api.ask("PATCH", path, more, content_type="application/strategic-merge-patch+json").document
    names = [each["name"] for each in found["spec"]["template"]["spec"]["containers"]]
    assert sorted(names) == ["c0", "c1"]
    assert found["metadata"]["generation"] == made["metadata"]["generation"] + 1
    found = api.merge(made, more).document
    assert [each["name"] for each in found["spec"]["template"]["spec"]["containers"]] == ["c1"]
    operations = [{"op": "replace", "path": "/spec/replicas", "value": 3}]
    found = api.ask("PATCH", path, operations, content_type="application/json-patch+json").document
    assert found["spec"]["replicas"] == 3
    wrong = [{"op": "remove", "path": "/spec/nothing"}]
    assert api.ask("PATCH", path, wrong, content_type="application/json-patch+json").code == 422
    assert api.ask("PATCH", path, {}, content_type="text/plain").code == 415


@check
def finalizers_hold_objects(server: ApiServer) -> None:
    """A deletion is noted; the object goes with its last finalizer."""
    api, place = server.client(), server.make_namespace(unique())
    held = config_map(place, "a")
    held["metadata"]["finalizers"] = ["example.com/wait"]
    made = api.create(held)
    assert api.delete("v1", "ConfigMap", place, "a").code == 200
    marked = api.get("v1", "ConfigMap", place, "a")
    assert {"deletionTimestamp", "deletionGracePeriodSeconds"} <= marked["metadata"].keys()
    assert marked["metadata"]["uid"] == made["metadata"]["uid"]
    assert api.merge(held, {"metadata": {"finalizers": None}}).code == 200
    assert api.get("v1", "ConfigMap", place, "a") is None


@check
def statuses_are_written_by_themselves(server: ApiServer) -> None:
    """A status is no part of the object when that is written, and the object none of a status."""
    api, place = server.client(), server.make_namespace(unique())
    made = api.create(deployment(place, "a") | {"status": {"replicas": 5}})
    assert made.get("status", {}).get("replicas") is None
    changed = made | {"status": {"replicas": 7, "observedGeneration": 1}, "spec": made["spec"] | {"replicas": 9}}
    found = api.replace(changed, "status")
    assert (found["status"]["replicas"], found["spec"]["replicas"]) == (7, 1)
    assert found["metadata"]["generation"] == made["metadata"]["generation"]
    found = api.merge(made, {"status": {"replicas": 1}, "spec": {"replicas": 2}}).document
    assert (found["status"]["replicas"], found["spec"]["replicas"]) == (7, 2)


@check
def scales_are_objects_of_their_own(server: ApiServer) -> None:
    """`/scale` shows and changes how many there are to be."""
    api, place = server.client(), server.make_namespace(unique())
    api.create(deployment(place, "a"))
    path = path_of("apps/v1", "Deployment", place, "a", "scale")
    scale = api.ask("GET", path).document
    assert (scale["apiVersion"], scale["kind"], scale["spec"]) == ("autoscaling/v1", "Scale", {"replicas": 1})
    scale["spec"]["replicas"] = 4
    assert api.ask("PUT", path, scale).code == 200
    assert api.get("apps/v1", "Deployment", place, "a")["spec"]["replicas"] == 4
