"""Admission: when webhooks are asked, what they are asked, and what their answers do."""

import base64
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.kube_api.client import KubeClient, path_of
from tests.support.kube_api.contract.checks import ApiServer, check, config_map, deployment, pod, refusal, unique
from tests.support.kube_api.contract.custom import define, thing
from tests.support.kube_api.review_hook import ReviewHook, allow, configuration, deny, install, patch
from tests.support.raw_server import raw, reply, stall

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]


@contextmanager
def hooked(server: ApiServer, kind: str, answer: Answer = allow, **settings: Any) -> Iterator[tuple[str, ReviewHook]]:
    """Yield a namespace and the webhook that is asked about it, until the block ends."""
    name = unique("n").replace("-", "")
    place = server.make_namespace(unique(), test=name)
    with tempfile.TemporaryDirectory() as folder, ReviewHook(Path(folder), answer) as hook:
        install(server.client(), hook, configuration(kind, name, hook.settings(name, **settings)), place)
        try:
            yield place, hook
        finally:
            uninstall(server.client(), kind, name)


def uninstall(api: KubeClient, kind: str, name: str) -> None:
    """Remove a configuration."""
    api.delete("admissionregistration.k8s.io/v1", f"{kind}WebhookConfiguration", "", name)


@check
def reviews_say_what_is_done(server: ApiServer) -> None:
    """A creation has an object, a deletion an old one, an update both; the time is in the query."""
    with hooked(server, "Validating", timeoutSeconds=7) as (place, hook):
        api = server.client()
        made = api.create(config_map(place, "a", x="1"))
        api.replace(made | {"data": {"x": "2"}})
        api.delete("v1", "ConfigMap", place, "a")
        creation, update, deletion = hook.requests()
        asked = hook.consulted[0]
    assert asked.target.endswith("?timeout=7s")
    assert asked.headers["user-agent"] == "kube-apiserver-admission"
    assert asked.headers["content-type"] == "application/json"
    assert [each["operation"] for each in (creation, update, deletion)] == ["CREATE", "UPDATE", "DELETE"]
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
        ephemeral, labels, scale, status = hook.requests()
    assert ("subResource" in labels, labels["resource"]["resource"]) == (False, "deployments")
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


@check
def selectors_select(server: ApiServer) -> None:
    """Namespaces and objects are selected by labels; an update by the old or the new ones."""
    selector = {"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]}
    with hooked(server, "Validating", deny(message="no"), objectSelector=selector) as (place, hook):
        api = server.client()
        elsewhere = server.make_namespace(unique())
        assert api.try_create(config_map(elsewhere, "a")).code == 201
        skipped = config_map(place, "a")
        skipped["metadata"]["labels"] = {"skip": "1"}
        assert api.try_create(skipped).code == 201
        assert api.merge(skipped, {"data": {"x": "1"}}).code == 200
        assert api.merge(skipped, {"metadata": {"labels": None}}).code == 400
        assert api.try_create(config_map(place, "b")).code == 400
        assert {each["name"] for each in hook.requests()} == {"a", "b"}


@check
def other_versions_match_equivalently(server: ApiServer) -> None:
    """A rule about another version of a kind counts, in that version, unless it is to match exactly."""
    api, elsewhere = server.client(), server.make_namespace(unique())
    group = define(api, elsewhere)
    rules = [{"operations": ["*"], "apiGroups": [group], "apiVersions": ["v1beta1"], "resources": ["things"]}]
    rules.append({"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]})
    with hooked(server, "Validating", rules=rules) as (place, hook):
        api.create(thing(group, place, most=3))
        (request,) = hook.requests()
    assert (request["kind"]["version"], request["requestKind"]["version"]) == ("v1beta1", "v1")
    assert request["object"]["apiVersion"] == f"{group}/v1beta1"
    with hooked(server, "Validating", rules=rules, matchPolicy="Exact") as (place, hook):
        api.create(thing(group, place, most=3))
        assert hook.requests() == []


@check
def conditions_decide(server: ApiServer) -> None:
    """All have to be true; one that fails refuses, or is passed by, as the webhook has it."""
    conditions = [
        {"name": "probe-or-not", "expression": 'request.name == "probe" || request.operation == "CREATE"'},
        {"name": "wanted", "expression": 'request.name == "probe" || object.data.wanted == "yes"'},
    ]
    for policy in ("Fail", "Ignore"):
        settings: dict[str, Any] = {"matchConditions": conditions, "failurePolicy": policy}
        with hooked(server, "Validating", deny(message="no"), **settings) as (place, _):
            api = server.client()
            assert api.try_create(config_map(place, "a", wanted="yes")).code == 400
            assert api.try_create(config_map(place, "b", wanted="no")).code == 201
            failing = api.try_create(config_map(place, "c", other="x"))
            assert api.merge(config_map(place, "b"), {"data": {"wanted": "yes"}}).code == 200
        if policy == "Fail":
            assert (failing.code, failing.reason) == (403, "Forbidden")
            assert 'configmaps "c" is forbidden: ' in failing.message
            assert "no such key: wanted" in failing.message
        else:
            assert failing.code == 201


@check
def conditions_have_what_the_language_has(server: ApiServer) -> None:
    """Optional fields, lists, texts, and the rights of who asks."""
    expressions = [
        'object.?data.?x.orValue("n") == "n" || object.data.x.split(",").all(i, i.matches("^[a-z]+$"))',
        'has(object.metadata.labels) ? "a" in object.metadata.labels : true',
        'object.metadata.?labels["a"].orValue("b") == "b"',
        'authorizer.group("").resource("configmaps").namespace("default").check("create").allowed()',
        'oldObject == null && request.userInfo.groups.exists(g, g.startsWith("system:"))',
        '[1, 2, 3].filter(i, i > 1).map(i, i * 2) == [4, 6] && {"a": 1}.a == 1 && "abc".substring(1) == "bc"',
    ]
    conditions = [{"name": f"c{number}", "expression": text} for number, text in enumerate(expressions)]
    with hooked(server, "Validating", deny(message="no"), matchConditions=conditions) as (place, _):
        api = server.client()
        assert api.try_create(config_map(place, "a", x="q,r")).code == 400
        assert api.try_create(config_map(place, "b", x="Q")).code == 201


@check
def configurations_have_rules(server: ApiServer) -> None:
    """Names, times, side effects and expressions are looked at before anybody is asked."""
    api = server.client()
    with tempfile.TemporaryDirectory() as folder, ReviewHook(Path(folder)) as hook:

        def said(**fields: Any) -> str:
            name = unique("n").replace("-", "")
            found = api.try_create(configuration("Validating", name, {**hook.settings(name), **fields}))
            assert (found.code, found.reason) == (422, "Invalid"), fields
            return found.message.partition(" is invalid: ")[2]

        assert said(timeoutSeconds=31) == (
            "webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds"
        )
        assert said(sideEffects="Some") == (
            'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"'
        )
        assert said(name="short").startswith(
            'webhooks[0].name: Invalid value: "short": should be a domain with at least'
        )
        wrong = said(matchConditions=[{"name": "a", "expression": "object.("}])
        assert wrong.startswith(
            'webhooks[0].matchConditions[0].expression: Invalid value: "object.(": compilation failed:'
        )
        wrong = said(matchConditions=[{"name": "a", "expression": "nothing.x"}])
        assert "undeclared reference to 'nothing'" in wrong
        wrong = said(clientConfig={"url": "http://127.0.0.1/"})
        assert "'https' is the only allowed URL scheme" in wrong


@check
def mutating_webhooks_are_asked_in_order_and_perhaps_again(server: ApiServer) -> None:
    """One after the other, by the names of their configurations; those that want it see later changes."""
    for policy, texts in (("Never", ["1"]), ("IfNeeded", ["1", "3"])):
        name = unique("n").replace("-", "")
        place, api = server.make_namespace(unique(), test=name), server.client()
        seen: list[str] = []

        def first(request: Mapping[str, Any], seen: list[str] = seen) -> dict[str, Any]:
            content = request["object"]["data"]["x"]
            seen.append(content)
            return patch({"op": "replace", "path": "/data/x", "value": str(int(content) + 1)})(request)

        with tempfile.TemporaryDirectory() as folder, ReviewHook(Path(folder) / "a", first) as hook:
            with ReviewHook(Path(folder) / "b", patch({"op": "replace", "path": "/data/x", "value": "3"})) as second:
                again = hook.settings(f"{name}-1", reinvocationPolicy=policy)
                install(api, hook, configuration("Mutating", f"{name}-1", again), place)
                install(api, second, configuration("Mutating", f"{name}-2", second.settings(f"{name}-2")), place)
                made = api.create(config_map(place, "a", x="1"))
            uninstall(api, "Mutating", f"{name}-1")
            uninstall(api, "Mutating", f"{name}-2")
        assert (policy, seen) == (policy, texts)
        assert made["data"]["x"] == ("3" if policy == "Never" else "4")


@check
def invalid_objects_reach_only_those_that_change_them(server: ApiServer) -> None:
    """Objects are checked after they may have been changed, and before anybody may refuse them."""
    for kind, count in (("Mutating", 1), ("Validating", 0)):
        with hooked(server, kind) as (place, hook):
            api = server.client()
            assert api.try_create(pod(place, "a", containers=[])).code == 422
            assert len(hook.requests()) == count


@check
def configurations_are_never_asked_about(server: ApiServer) -> None:
    """A webhook that refuses everything can be removed."""
    with hooked(server, "Validating", deny(message="no")) as (_, hook):
        name = unique("other")
        other = configuration("Validating", name, hook.settings("nobody"))
        assert server.client().try_create(other).code == 201
        uninstall(server.client(), "Validating", name)
        assert hook.requests() == []


@check
def requests_end_when_nobody_waits(server: ApiServer) -> None:
    """Who waits two seconds gets an answer in two seconds, whatever webhooks do."""
    with hooked(server, "Validating", timeoutSeconds=10) as (place, hook):
        hook.handler = stall()
        began = time.monotonic()
        found = server.client().try_create(config_map(place, "a"), timeout="1s")
        assert time.monotonic() - began < 5
    said = "Timeout: request did not complete within the allotted timeout"
    assert refusal(found) == (504, "Timeout", said)
