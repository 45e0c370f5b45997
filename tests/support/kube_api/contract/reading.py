"""How objects are listed and watched."""

import threading
import time

from tests.support.kube_api.client import path_of
from tests.support.kube_api.contract.checks import ApiServer, check, config_map, refusal, unique


@check
def lists_select(server: ApiServer) -> None:
    """Labels and fields select; pieces come with a token, and where it is forgotten, the list begins anew."""
    api, place = server.client(), server.make_namespace(unique())
    for name, tier in (("a", "one"), ("b", "two"), ("c", "two")):
        made = config_map(place, name)
        made["metadata"]["labels"] = {"tier": tier}
        api.create(made)

    def names(**query: str) -> list[str]:
        return [each["metadata"]["name"] for each in api.list("v1", "ConfigMap", place, **query)["items"]
                if each["metadata"]["name"] != "kube-root-ca.crt"]  # fmt: skip

    assert names() == ["a", "b", "c"]
    assert names(labelSelector="tier=two") == ["b", "c"]
    assert names(labelSelector="tier in (one,three),tier") == ["a"]
    assert names(labelSelector="tier!=two,!other") == ["a"]
    assert names(labelSelector="tier notin (one)") == ["b", "c"]
    assert names(fieldSelector="metadata.name=b") == ["b"]
    assert names(fieldSelector="metadata.name!=b,metadata.namespace=" + place) == ["a", "c"]
    assert api.ask("GET", path_of("v1", "ConfigMap", place), fieldSelector="data.x=1").code == 400
    first = api.list("v1", "ConfigMap", place, limit="2", labelSelector="tier")
    assert len(first["items"]) == 2
    token = first["metadata"]["continue"]
    rest = api.list("v1", "ConfigMap", place, limit="2", labelSelector="tier", **{"continue": token})
    assert [each["metadata"]["name"] for each in rest["items"]] == ["c"]
    assert "continue" not in rest["metadata"]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


@check
def secrets_are_listed_by_type(server: ApiServer) -> None:
    """`type` is a field that selects Secrets; their plain texts become octets."""
    api, place = server.client(), server.make_namespace(unique())
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": place}}
    made = api.create(secret | {"stringData": {"x": "1"}})
    assert (made["type"], made["data"], "stringData" in made) == ("Opaque", {"x": "MQ=="}, False)
    found = api.list("v1", "Secret", place, fieldSelector="type=Opaque")
    assert [each["metadata"]["name"] for each in found["items"]] == ["a"]
    assert api.list("v1", "Secret", place, fieldSelector="type=kubernetes.io/dockerconfigjson")["items"] == []
    assert refusal(api.try_replace(made | {"type": "other"})) == (
        422,
        "Invalid",
        'Secret "a" is invalid: type: Invalid value: "other": field is immutable',
    )


@check
def watches_tell_what_is_done(server: ApiServer) -> None:
    """From a version on, every change is told, once, in order; the time that it may take ends it."""
    api, place = server.client(), server.make_namespace(unique())
    start = api.list("v1", "ConfigMap", place)["metadata"]["resourceVersion"]
    made = api.create(config_map(place, "a", x="1"))
    changed = api.replace(made | {"data": {"x": "2"}})
    api.delete("v1", "ConfigMap", place, "a")
    path = path_of("v1", "ConfigMap", place)
    began = time.monotonic()
    events = list(api.watch(path, seconds=1, resourceVersion=start, fieldSelector="metadata.name=a"))
    assert time.monotonic() - began < 5
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert [event["object"].get("data") for event in events] == [{"x": "1"}, {"x": "2"}, {"x": "2"}]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions[1] == int(changed["metadata"]["resourceVersion"])
    assert versions == sorted(set(versions))
    resumed = list(api.watch(path, seconds=1, resourceVersion=str(versions[1]), fieldSelector="metadata.name=a"))
    assert [event["type"] for event in resumed] == ["DELETED"]


@check
def watches_tell_what_comes(server: ApiServer) -> None:
    """Events come while a watch is open, at once."""
    api, place = server.client(), server.make_namespace(unique())
    start = api.list("v1", "ConfigMap", place)["metadata"]["resourceVersion"]
    timer = threading.Timer(0.3, lambda: api.create(config_map(place, "a")))
    timer.start()
    path = path_of("v1", "ConfigMap", place)
    event = next(api.watch(path, seconds=10, resourceVersion=start, fieldSelector="metadata.name=a"))
    timer.join()
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "a")
    assert (event["object"]["apiVersion"], event["object"]["kind"]) == ("v1", "ConfigMap")


@check
def watches_without_a_version_begin_with_all(server: ApiServer) -> None:
    """What is there is told as if it came."""
    api, place = server.client(), server.make_namespace(unique())
    api.create(config_map(place, "a"))
    events = list(api.watch(path_of("v1", "ConfigMap", place), seconds=1, fieldSelector="metadata.name=a"))
    assert [event["type"] for event in events] == ["ADDED"]


@check
def selected_watches_tell_of_coming_and_going(server: ApiServer) -> None:
    """An object whose labels change comes or goes for who selects by them."""
    api, place = server.client(), server.make_namespace(unique())
    start = api.list("v1", "ConfigMap", place)["metadata"]["resourceVersion"]
    made = api.create(config_map(place, "a"))
    for labels in ({"tier": "one"}, {"tier": "one", "x": "y"}, {"tier": "two"}):
        made = api.merge(made, {"metadata": {"labels": labels}}).document
    path = path_of("v1", "ConfigMap", place)
    events = list(api.watch(path, seconds=1, resourceVersion=start, labelSelector="tier=one"))
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert events[-1]["object"]["metadata"]["labels"] == {"tier": "one", "x": "y"}
