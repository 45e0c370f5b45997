"""What the contract cannot show of the real server as it is run there: what is forgotten, bookmarks, restarts."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kube_api.client import path_of
from tests.support.kube_api.contract.checks import config_map, deployment, pod
from tests.support.kube_api.review_hook import ReviewHook, configuration, deny, install
from tests.support.kube_api.server import KubeApi
from tests.support.kube_api.webhook_site import await_that
from tests.support.raw_server import hang_up

PATH = path_of("v1", "ConfigMap", "default")


@pytest.fixture
def api(tmp_path: Path) -> Iterator[KubeApi]:
    with KubeApi(tmp_path) as made:
        yield made


def test_a_forgotten_version_is_gone(api: KubeApi) -> None:
    first = api.admin.create(config_map("default", "a"))["metadata"]["resourceVersion"]
    api.admin.create(config_map("default", "b"))
    assert [event["type"] for event in api.admin.watch(PATH, seconds=1, resourceVersion=first)] == ["ADDED"]
    api.compact()
    (event,) = api.admin.watch(PATH, seconds=1, resourceVersion=first)
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_a_forgotten_list_is_gone(api: KubeApi) -> None:
    for name in ("a", "b", "c"):
        api.admin.create(config_map("default", name))
    token = api.admin.list("v1", "ConfigMap", "default", limit="2")["metadata"]["continue"]
    api.admin.delete("v1", "ConfigMap", "default", "c")
    rest = api.admin.list("v1", "ConfigMap", "default", limit="2", **{"continue": token})
    assert [each["metadata"]["name"] for each in rest["items"]] == ["c"]
    api.compact()
    found = api.admin.ask("GET", PATH, limit="2", **{"continue": token})
    assert (found.code, found.reason) == (410, "Expired")


def test_bookmarks_come_now_and_then(api: KubeApi) -> None:
    api.bookmark_seconds = 0.2
    version = api.admin.create(config_map("default", "a"))["metadata"]["resourceVersion"]
    asked = {"resourceVersion": version, "allowWatchBookmarks": "true"}
    events = list(api.admin.watch(PATH, seconds=1, **asked))
    assert {event["type"] for event in events} == {"BOOKMARK"}
    assert len(events) >= 3
    assert int(events[0]["object"]["metadata"]["resourceVersion"]) >= int(version)
    assert list(api.admin.watch(PATH, seconds=1, resourceVersion=version)) == []


def test_initial_events_end_with_a_bookmark(api: KubeApi) -> None:
    api.admin.create(config_map("default", "a"))
    asked = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    first, second, *_ = api.admin.watch(PATH, seconds=1, **asked)
    assert (first["type"], second["type"]) == ("ADDED", "BOOKMARK")
    assert second["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_watches_are_cut_and_resumed(api: KubeApi) -> None:
    version = api.admin.create(config_map("default", "a"))["metadata"]["resourceVersion"]
    timer = threading.Timer(0.3, api.end_watches)
    began = time.monotonic()
    timer.start()
    try:
        seen = list(api.admin.watch(PATH, seconds=20, resourceVersion=version))
    except OSError:
        seen = []
    timer.join()
    assert (seen, time.monotonic() - began < 5) == ([], True)
    api.admin.create(config_map("default", "b"))
    assert next(api.admin.watch(PATH, seconds=5, resourceVersion=version))["object"]["metadata"]["name"] == "b"


def test_objects_outlive_a_restart(api: KubeApi) -> None:
    made, port = api.admin.create(config_map("default", "a")), api.port
    api.stop()
    with pytest.raises(OSError, match="refused"):
        api.admin.get("v1", "ConfigMap", "default", "a")
    api.start()
    assert (api.port, api.admin.get("v1", "ConfigMap", "default", "a")) == (port, made)


def test_controllers_make_pods_and_collect_garbage(api: KubeApi) -> None:
    controllers = api.start_controllers()
    made = api.admin.create(deployment("default", "web"))
    (found,) = await_that(lambda: api.admin.list("v1", "Pod", "default")["items"], "a Pod")
    assert found["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
    api.admin.merge(made, {"spec": {"replicas": 3}})
    await_that(lambda: len(api.admin.list("v1", "Pod", "default")["items"]) == 3, "three Pods")
    api.admin.delete("apps/v1", "Deployment", "default", "web", propagationPolicy="Foreground")
    await_that(lambda: api.admin.list("v1", "Pod", "default")["items"] == [], "no Pods")
    assert api.admin.get("apps/v1", "Deployment", "default", "web") is None
    assert controllers.bug is None


def test_namespaces_go_with_all_that_is_in_them(api: KubeApi) -> None:
    api.start_controllers()
    api.admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gone"}})
    api.admin.create(config_map("gone", "a"))
    api.admin.delete("v1", "Namespace", "", "gone")
    found = api.admin.try_create(config_map("gone", "b"))
    assert found.code in {403, 404}
    await_that(lambda: api.admin.get("v1", "Namespace", "", "gone") is None, "it is gone")


def test_refused_pods_are_told_of(api: KubeApi, tmp_path: Path) -> None:
    api.start_controllers()
    api.admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "labels": {"test": "h"}}})
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods", "configmaps"]}
    with ReviewHook(tmp_path / "hook", deny(message="no")) as hook:
        install(api.admin, hook, configuration("Validating", "h", hook.settings("h", rules=[rule])), "n")
        api.admin.create(deployment("n", "web"))
        events = await_that(lambda: api.admin.list("v1", "Event", "n")["items"], "an event")
    assert (events[0]["reason"], events[0]["message"]) == (
        "FailedCreate",
        'Error creating: admission webhook "h.example.com" denied the request: no',
    )


def test_audit_annotations_are_kept(api: KubeApi, tmp_path: Path) -> None:
    api.admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "labels": {"test": "h"}}})
    with ReviewHook(tmp_path / "hook", lambda _: {"allowed": True, "auditAnnotations": {"a": "b"}}) as hook:
        install(api.admin, hook, configuration("Validating", "h", hook.settings("h", failurePolicy="Ignore")), "n")
        api.admin.create(pod("n", "a"))
        assert api.audited[-1].annotations == {"h.example.com/a": "b"}
        hook.handler = hang_up
        api.admin.create(pod("n", "b"))
    place = "failed-open.validating.webhook.admission.k8s.io/round_0_index_0"
    assert api.audited[-1].annotations == {place: "h.example.com"}
