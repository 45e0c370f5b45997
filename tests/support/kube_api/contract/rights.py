"""Who may do what."""

from typing import Any

from tests.support.kube_api.client import KubeClient, path_of
from tests.support.kube_api.contract.checks import ApiServer, check, config_map, deployment, refusal, unique

_GROUP = "rbac.authorization.k8s.io"


def _grant(api: KubeClient, place: str, account: str, *rules: dict[str, Any]) -> None:
    metadata = {"name": account, "namespace": place}
    api.create({"apiVersion": f"{_GROUP}/v1", "kind": "Role", "metadata": metadata, "rules": list(rules)})
    subject = {"kind": "ServiceAccount", "name": account, "namespace": place}
    reference = {"apiGroup": _GROUP, "kind": "Role", "name": account}
    binding = {"apiVersion": f"{_GROUP}/v1", "kind": "RoleBinding", "metadata": metadata}
    api.create(binding | {"roleRef": reference, "subjects": [subject]})


def _rule(group: str, resource: str, *verbs: str, **more: Any) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs), **more}


@check
def strangers_may_do_nothing(server: ApiServer) -> None:
    """Nobody does what no role allows; unknown tokens are nobody's."""
    place = server.make_namespace(unique())
    api = server.client_of(place, "stranger")
    user, everywhere = f'User "system:serviceaccount:{place}:stranger"', "at the cluster scope"
    assert refusal(api.ask("GET", path_of("v1", "Secret", place, "a"))) == (
        403,
        "Forbidden",
        f'secrets "a" is forbidden: {user} cannot get resource "secrets" in API group "" in the namespace "{place}"',
    )
    assert refusal(api.ask("GET", "/apis/apps/v1/deployments")) == (
        403,
        "Forbidden",
        f'deployments.apps is forbidden: {user} cannot list resource "deployments" in API group "apps" {everywhere}',
    )
    unknown = KubeClient(api.url, api.authority, "nobody")
    assert refusal(unknown.ask("GET", "/api/v1/pods")) == (401, "Unauthorized", "Unauthorized")
    nobody = KubeClient(api.url, api.authority, "")
    found = nobody.ask("GET", "/api/v1/pods")
    assert (found.code, 'User "system:anonymous" cannot list' in found.message) == (403, True)


@check
def roles_allow(server: ApiServer) -> None:
    """A role allows its verbs on its resources in its namespace."""
    admin, place, other = server.client(), server.make_namespace(unique()), server.make_namespace(unique())
    api = server.client_of(place, "reader")
    _grant(admin, place, "reader", _rule("", "configmaps", "get", "list", "watch", "create"))
    assert api.try_create(config_map(place, "a")).code == 201
    assert api.ask("GET", path_of("v1", "ConfigMap", place)).code == 200
    assert api.try_replace(config_map(place, "a")).code == 403
    assert api.delete("v1", "ConfigMap", place, "a").code == 403
    assert api.ask("GET", path_of("v1", "ConfigMap", other)).code == 403
    assert api.ask("GET", path_of("v1", "ConfigMap")).code == 403


@check
def roles_may_name_objects_and_subresources(server: ApiServer) -> None:
    """Names and subresources are rights of their own; a list of one object needs its name only."""
    admin, place = server.client(), server.make_namespace(unique())
    api = server.client_of(place, "writer")
    rules = (
        _rule("", "configmaps", "get", "list", "update", resourceNames=["a"]),
        _rule("apps", "deployments/status", "patch"),
        _rule("apps", "deployments", "get"),
    )
    _grant(admin, place, "writer", *rules)
    admin.create(config_map(place, "a"))
    admin.create(config_map(place, "b"))
    made = admin.create(deployment(place, "d"))
    assert api.try_replace(config_map(place, "a", x="1")).code == 200
    assert api.try_replace(config_map(place, "b", x="1")).code == 403
    listed = path_of("v1", "ConfigMap", place)
    assert api.ask("GET", listed, fieldSelector="metadata.name=a").code == 200
    assert api.ask("GET", listed).code == 403
    assert api.merge(made, {"status": {"replicas": 1}}, "status").code == 200
    assert api.merge(made, {"spec": {"replicas": 2}}).code == 403


@check
def applications_need_the_right_to_create(server: ApiServer) -> None:
    """Who may only patch applies to what is there, and creates nothing."""
    admin, place = server.client(), server.make_namespace(unique())
    api = server.client_of(place, "patcher")
    _grant(admin, place, "patcher", _rule("", "configmaps", "patch"))
    assert api.try_apply(config_map(place, "a", x="1")).code == 403
    admin.create(config_map(place, "a"))
    assert api.try_apply(config_map(place, "a", x="1")).code == 200
