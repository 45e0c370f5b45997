"""Admission: who is asked, when, and in what order; policies that the server evaluates itself."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any

from tests.support.kube_api.client import Answered
from tests.support.kube_api.contract.checks import ApiServer, check, config_map, pod, refusal, unique
from tests.support.kube_api.contract.custom import define, thing
from tests.support.kube_api.contract.hooking import hooked, uninstall
from tests.support.kube_api.review_hook import ReviewHook, configuration, deny, install, patch
from tests.support.raw_server import stall

_TRIES = 3


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
    """Who waits for a second gets an answer after a second, whatever webhooks do; or is cut off by then."""
    found = None
    with hooked(server, "Validating", timeoutSeconds=10) as (place, hook):
        hook.handler = stall()
        for _ in range(_TRIES):
            began = time.monotonic()
            with suppress(RemoteDisconnected):
                found = server.client().try_create(config_map(place, "a"), timeout="1s")
            assert time.monotonic() - began < 5
            if found is not None:
                break
    said = "Timeout: request did not complete within the allotted timeout"
    assert found is None or refusal(found) == (504, "Timeout", said)


_POLICY: dict[str, Any] = {
    "matchConstraints": {
        "resourceRules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}
        ]
    },
    "matchConditions": [{"name": "named", "expression": 'object.metadata.name != "skipped"'}],
    "variables": [
        {"name": "lengths", "expression": "object.?data.orValue({}).map(k, size(object.data[k]))"},
        {"name": "long", "expression": "variables.lengths.filter(n, n > 3)"},
    ],
    "validations": [
        {
            "expression": "variables.long.size() == 0",
            "messageExpression": '"too long: " + string(variables.long[0])',
            "reason": "Forbidden",
        },
        {"expression": 'namespaceObject.metadata.?labels[?"closed"].orValue("") == ""', "message": "closed"},
    ],
}


_CLOSED = {"metadata": {"labels": {"closed": "yes"}}}
_GROUP = "admissionregistration.k8s.io/v1"


def _until(ask: Callable[[], Answered], *, refused: bool) -> Answered:
    """Ask until the server has taken up what was changed."""
    ends = time.monotonic() + 10
    while ((found := ask()).code != 201) is not refused and time.monotonic() < ends:
        time.sleep(0.1)
    return found


@contextmanager
def _bound_policy(server: ApiServer) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a namespace where a policy is bound that has the namespace's name, and the binding."""
    place, api = server.make_namespace(unique("p")), server.client()
    policy = {"apiVersion": _GROUP, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": place}, "spec": _POLICY}
    api.create(policy)
    selected = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": place}}}
    spec = {"policyName": place, "validationActions": ["Deny"], "matchResources": selected}
    binding = {
        "apiVersion": _GROUP,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": place},
        "spec": spec,
    }
    api.create(binding)
    try:
        yield place, binding
    finally:
        api.delete(_GROUP, "ValidatingAdmissionPolicyBinding", "", place)
        api.delete(_GROUP, "ValidatingAdmissionPolicy", "", place)


@check
def policies_refuse(server: ApiServer) -> None:
    """A policy counts where it is bound, and says so in its own words."""
    api = server.client()
    with _bound_policy(server) as (place, _):
        said = f"ValidatingAdmissionPolicy '{place}' with binding '{place}' denied request"
        found = _until(lambda: api.try_create(config_map(place, "a", x="12345"), dryRun="All"), refused=True)
        assert refusal(found) == (403, "Forbidden", f'configmaps "a" is forbidden: {said}: too long: 5')
        assert api.try_create(config_map(place, "skipped", x="12345")).code == 201
        assert api.try_create(config_map(place, "b", x="1")).code == 201
        assert api.try_create(config_map(server.make_namespace(unique()), "a", x="12345")).code == 201
        api.merge({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place}}, _CLOSED)
        found = _until(lambda: api.try_create(config_map(place, "c"), dryRun="All"), refused=True)
        assert refusal(found) == (422, "Invalid", f'configmaps "c" is forbidden: {said}: closed')


@check
def policies_may_only_warn(server: ApiServer) -> None:
    """A binding says what becomes of what a policy does not want."""
    api = server.client()
    with _bound_policy(server) as (place, binding):
        too_long = config_map(place, "a", x="12345")
        _until(lambda: api.try_create(too_long, dryRun="All"), refused=True)
        api.merge(binding, {"spec": {"validationActions": ["Warn"]}})
        found = _until(lambda: api.try_create(too_long, dryRun="All"), refused=False)
        said = f"Validation failed for ValidatingAdmissionPolicy '{place}' with binding '{place}': too long: 5"
        assert (found.code, found.warnings) == (201, (said,))


@check
def policies_have_rules(server: ApiServer) -> None:
    """Expressions have to be some."""
    name = unique("p")
    spec = _POLICY | {"validations": [{"expression": "object.("}]}
    policy = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy"}
    found = server.client().try_create(policy | {"metadata": {"name": name}, "spec": spec})
    assert (found.code, "spec.validations[0].expression: Invalid value" in found.message) == (422, True)
