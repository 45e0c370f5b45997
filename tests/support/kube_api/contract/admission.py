"""Admission: when webhooks are asked, what they are asked, and what their answers do."""

import base64
import tempfile
import time
from pathlib import Path

from tests.support.kube_api.client import path_of
from tests.support.kube_api.contract.checks import ApiServer, check, config_map, deployment, pod, refusal, unique
from tests.support.kube_api.contract.hooking import hooked, uninstall
from tests.support.kube_api.review_hook import ReviewHook, configuration, deny, install, patch
from tests.support.raw_server import raw, reply, stall


@check
def reviews_say_what_is_done(server: ApiServer) -> None:
    """A creation has an object, a deletion an old one, an update both; the time is in the query.

    A webhook may be asked twice about an update: the real server begins with what it remembers, which may be old.
    """
    with hooked(server, "Validating", timeoutSeconds=7) as (place, hook):
        api = server.client()
        made = api.create(config_map(place, "a", x="1"))
        api.replace(made | {"data": {"x": "2"}})
        api.delete("v1", "ConfigMap", place, "a")
        last = {each["operation"]: each for each in hook.requests()}
        creation, update, deletion = last["CREATE"], last["UPDATE"], last["DELETE"]
        asked = hook.consulted[0]
    assert asked.target.endswith("?timeout=7s")
    assert asked.headers["user-agent"] == "kube-apiserver-admission"
    assert asked.headers["content-type"] == "application/json"
    assert creation["kind"] == creation["requestKind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
    assert (
        creation["resource"] == creation["requestResource"] == {"group": "", "version": "v1", "resource": "configmaps"}
    )
    assert (creation["name"], creation["namespace"], creation["dryRun"]) == ("a", place, False)
    assert (creation["object"]["data"], creation["oldObject"]) == ({"x": "1"}, None)
    assert {"uid", "creationTimestamp", "managedFields"} <= creation["object"]["metadata"].keys()
    assert "resourceVersion" not in creation["object"]["metadata"]
    assert (update["object"]["data"], update["oldObject"]["data"]) == ({"x": "2"}, {"x": "1"})
    assert (deletion["object"], deletion["oldObject"]["data"]) == (None, {"x": "2"})
    assert [each["options"]["kind"] for each in (creation, update, deletion)] == [
        "CreateOptions",
        "UpdateOptions",
        "DeleteOptions",
    ]
    assert "system:masters" in creation["userInfo"]["groups"]
    assert "subResource" not in creation


_WRITTEN = (("pods", "ephemeralcontainers"), ("deployments", "scale"), ("deployments", "status"))


@check
def subresources_are_asked_about_by_name(server: ApiServer) -> None:
    """Rules name subresources by themselves; a scale is an object of its own."""
    rules = [
        {
            "operations": ["UPDATE"],
            "apiGroups": ["", "apps"],
            "apiVersions": ["v1"],
            "resources": ["pods/ephemeralcontainers", "deployments/*", "configmaps"],
        }
    ]
    rules.append(rules[0] | {"operations": ["CREATE"], "resources": ["configmaps"]})
    with hooked(server, "Validating", rules=rules) as (place, hook):
        api = server.client()
        api.create(pod(place, "a"))
        debugger = {"spec": {"ephemeralContainers": [{"name": "e", "image": "b"}]}}
        strategic = "application/strategic-merge-patch+json"
        api.ask("PATCH", path_of("v1", "Pod", place, "a", "ephemeralcontainers"), debugger, content_type=strategic)
        made = api.create(deployment(place, "d"))
        api.merge(made, {"metadata": {"labels": {"x": "y"}}})
        api.merge(made, {"spec": {"replicas": 3}}, "scale")
        api.merge(made, {"status": {"replicas": 3}}, "status")
        last = {(each["resource"]["resource"], each.get("subResource")): each for each in hook.requests()}
    ephemeral, scale, status = (last[key] for key in _WRITTEN)
    assert last.keys() == {*_WRITTEN, ("deployments", None)}
    assert (ephemeral["subResource"], ephemeral["requestSubResource"]) == ("ephemeralcontainers",) * 2
    assert [each["image"] for each in ephemeral["object"]["spec"]["ephemeralContainers"]] == ["b"]
    assert scale["kind"] == {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    assert scale["resource"] == {"group": "apps", "version": "v1", "resource": "deployments"}
    assert (scale["object"]["spec"], scale["oldObject"]["spec"]) == ({"replicas": 3}, {"replicas": 1})
    assert (status["subResource"], status["object"]["status"]["replicas"]) == ("status", 3)


@check
def refusals_say_who_refuses(server: ApiServer) -> None:
    """A refusal without a code is a bad request; codes of successes are none; reasons stand in for messages."""
    with hooked(server, "Validating", deny(message="because\nof this", code=403, reason="Forbidden")) as (place, hook):
        api, name = server.client(), hook.consulted
        first = api.try_create(config_map(place, "a"))
        hook.answer = deny(message="no")
        second = api.try_create(config_map(place, "a"))
        hook.answer = deny(message="no", code=200, status="Success")
        third = api.try_create(config_map(place, "a"))
        hook.answer = deny(reason="Expired")
        fourth = api.try_create(config_map(place, "a"))
        hook.answer = lambda _: {"allowed": False}
        fifth = api.try_create(config_map(place, "a"))
        webhook = name[0].target.partition("?")[0].removeprefix("/") + ".example.com"
    said = f'admission webhook "{webhook}" denied the request'
    assert refusal(first) == (403, "Forbidden", f"{said}: because\nof this")
    assert (second.code, second.message) == (400, f"{said}: no")
    assert (third.code, third.document["status"], third.message) == (400, "Failure", f"{said}: no")
    assert (fourth.code, fourth.message) == (400, f"{said}: Expired")
    assert (fifth.code, fifth.message) == (400, f"{said} without explanation")


@check
def patches_change_objects(server: ApiServer) -> None:
    """A patch counts, also in a dry run; what it makes is checked as if it had come so."""
    add = {"op": "add", "path": "/data/y", "value": "2"}
    with hooked(server, "Mutating", patch(add), reinvocationPolicy="Never") as (place, hook):
        api = server.client()
        assert api.create(config_map(place, "a", x="1"), dryRun="All")["data"] == {"x": "1", "y": "2"}
        assert hook.requests()[-1]["dryRun"] is True
        assert api.create(config_map(place, "a", x="1"))["data"] == {"x": "1", "y": "2"}
        hook.answer = patch({"op": "add", "path": "/metadata/labels", "value": {"a": "b c"}})
        wrong = api.try_create(config_map(place, "b", x="1"))
        hook.answer = lambda _: {"allowed": True, "patchType": "JSONPatch", "patch": base64.b64encode(b"null").decode()}
        null = api.try_create(config_map(place, "c", x="1"))
        hook.answer = patch({"op": "replace", "path": "/data/new", "value": "1"})
        assert api.create(config_map(place, "d", x="1"))["data"] == {"x": "1", "new": "1"}
    assert (wrong.code, wrong.reason) == (422, "Invalid")
    assert null.code == 201


@check
def bad_patches_are_errors(server: ApiServer) -> None:
    """A patch without its type, a type without a patch, and what does not apply, are errors of the server."""
    with hooked(server, "Mutating") as (place, hook):
        api = server.client()
        encoded = base64.b64encode(b"[]").decode()
        said = []
        for answer in (
            {"patchType": "JSONPatch"},
            {"patch": encoded},
            {"patchType": "JSONPatch", "patch": base64.b64encode(b'[{"op":"remove","path":"/x"}]').decode()},
            {"patchType": "JSONPatch", "patch": base64.b64encode(b"{}").decode()},
        ):
            hook.answer = lambda _, answer=answer: {"allowed": True, **answer}  # type: ignore[misc]
            found = api.try_create(config_map(place, "a", x="1"))
            assert found.code == 500, answer
            said.append(found.message)
    assert "received undecodable patch in webhook response: json: cannot unmarshal object" in said[3]
    assert "received invalid webhook response: webhook returned response.patchType but not response.patch" in said[0]
    assert "received invalid webhook response: webhook returned response.patch but not response.patchType" in said[1]


@check
def answers_have_to_be_answers(server: ApiServer) -> None:
    """Another uid, another version, no JSON and an error are no answers."""
    with hooked(server, "Validating") as (place, hook):
        api = server.client()
        hook.answer = lambda _: {"allowed": True, "uid": "x"}
        found = api.try_create(config_map(place, "a"))
        assert (found.code, 'got "x"' in found.message, "expected response.uid=" in found.message) == (500, True, True)
        hook.answer = lambda _: {"allowed": True, "patchType": "JSONPatch"}
        found = api.try_create(config_map(place, "a"))
        assert "validating webhook may not return response.patchType" in found.message
        for body, said in (
            (b'{"apiVersion":"admission.k8s.io/v2","kind":"AdmissionReview"}', ""),
            (b"{}", "webhook response was absent"),
            (
                b'{"apiVersion":"v1","kind":"Pod"}',
                'failed to call webhook: no kind "Pod" is registered for version "v1"',
            ),
            (b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', "webhook response was absent"),
            (b"[", ""),
        ):
            hook.handler = reply(200, body, Content_Type="application/json")
            found = api.try_create(config_map(place, "a"))
            assert (found.code, found.reason, said in found.message) == (500, "InternalError", True), (
                body,
                found.message,
            )
        for status, said in (
            (503, "the server is currently unable to handle the request"),
            (404, "the server could not find the requested resource"),
            (400, "the server rejected our request for an unknown reason"),
        ):
            hook.handler = reply(status, b"later")
            found = api.try_create(config_map(place, "a"))
            assert (found.code, found.message.endswith(f"failed to call webhook: {said}")) == (500, True)
        hook.handler = raw(b"")
        assert api.try_create(config_map(place, "a")).code == 500


@check
def what_cannot_be_asked_refuses_or_is_ignored(server: ApiServer) -> None:
    """A webhook that is down, slow or not trusted refuses everything, unless it is to be ignored."""
    for policy, code in (("Fail", 500), ("Ignore", 201)):
        with hooked(server, "Validating", failurePolicy=policy, timeoutSeconds=1) as (place, hook):
            api = server.client()
            hook.handler = stall()
            began = time.monotonic()
            found = api.try_create(config_map(place, "slow"))
            assert 0.9 < time.monotonic() - began < 5
            assert found.code == code
            if policy == "Fail":
                assert found.reason == "InternalError"
                assert 'failed calling webhook "' in found.message
                assert found.message.endswith('?timeout=1s": context deadline exceeded')
            hook.handler = None
            hook.stop_listening()
            time.sleep(0.1)
            found = api.try_create(config_map(place, "down"))
            if found.code != 201 or policy == "Ignore":
                assert found.code == code


@check
def untrusted_webhooks_are_not_asked(server: ApiServer) -> None:
    """The certificate has to be one that the configuration's authority vouches for."""
    name = unique("n").replace("-", "")
    place = server.make_namespace(unique(), test=name)
    api = server.client()
    with tempfile.TemporaryDirectory() as folder, ReviewHook(Path(folder)) as hook:
        other = ReviewHook(Path(folder) / "other")
        settings = hook.settings(name)
        install(api, hook, configuration("Validating", name, settings), place)
        found = api.get("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "", name)
        found["webhooks"][0]["clientConfig"]["caBundle"] = other.ca_bundle
        api.replace(found)
        ends = time.monotonic() + 10
        while (answered := api.try_create(config_map(place, unique("m")))).code == 201 and time.monotonic() < ends:
            time.sleep(0.1)
        uninstall(api, "Validating", name)
    assert answered.code == 500
    assert "tls: failed to verify certificate: x509: certificate signed by unknown authority" in answered.message


@check
def warnings_reach_who_asks(server: ApiServer) -> None:
    """Each once, without those that have line breaks; also with a refusal; too many are cut."""
    with hooked(server, "Validating") as (place, hook):
        api = server.client()
        hook.answer = lambda _: {"allowed": True, "warnings": ["one", "two\nlines", "one", 'a "quoted" \\ text']}
        found = api.try_create(config_map(place, "a"))
        assert (found.code, found.warnings) == (201, ("one", 'a "quoted" \\ text'))
        hook.answer = lambda _: {"allowed": False, "warnings": ["one"]}
        found = api.try_create(config_map(place, "b"))
        assert (found.code, found.warnings) == (400, ("one",))
        many = [f"{number:02}{'x' * 398}" for number in range(20)]
        hook.answer = lambda _: {"allowed": True, "warnings": many}
        found = api.try_create(config_map(place, "c"))
        assert found.warnings == tuple(each[:256] for each in many[:16])
