"""Who may do what: tokens, and roles as they are applied (RBAC)."""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.support.kube_api.calls import ANONYMOUS, AUTHENTICATED, MASTERS, User, service_account
from tests.support.kube_api.failures import forbidden, unauthorized
from tests.support.kube_api.paths import Target
from tests.support.kube_api.store import Object, Store

_GROUP: Final = "rbac.authorization.k8s.io"


class Tokens:
    """Bearer tokens and who has them."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}

    def add(self, user: User, token: str = "") -> str:
        """Give a user a token."""
        token = token or secrets.token_urlsafe()
        self._users[token] = user
        return token

    def find(self, authorization: str) -> User:
        """Return who asks.

        Raises:
            ApiFailure: The token is nobody's.
        """
        if not authorization:
            return ANONYMOUS
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or token not in self._users:
            raise unauthorized()
        return self._users[token]


class Rights:
    """What roles and their bindings allow."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, user: User, verb: str, target: Target, name: str) -> None:
        """Let a user do something.

        Raises:
            ApiFailure: Nothing allows it.
        """
        if MASTERS in user.groups or any(
            _allows(rule, verb, target, name) for rule in self._rules(user, target.namespace)
        ):
            return
        resource = target.kind.plural + (f"/{target.subresource}" if target.subresource else "")
        place = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
        said = f'User "{user.name}" cannot {verb} resource "{resource}" in API group "{target.kind.group}" {place}'
        raise forbidden(target.kind, name, said)

    def _rules(self, user: User, namespace: str) -> Iterator[Mapping[str, Any]]:
        for _, binding in self._store.all((_GROUP, "clusterrolebindings"))[0]:
            if _binds(binding, user, ""):
                yield from self._role("clusterroles", "", binding)
        for (place, _), binding in self._store.all((_GROUP, "rolebindings"))[0]:
            if place == namespace and namespace and _binds(binding, user, namespace):
                plural = "clusterroles" if binding["roleRef"]["kind"] == "ClusterRole" else "roles"
                yield from self._role(plural, "" if plural == "clusterroles" else namespace, binding)

    def _role(self, plural: str, namespace: str, binding: Object) -> list[Mapping[str, Any]]:
        role = self._store.read((_GROUP, plural), (namespace, binding["roleRef"]["name"]))
        return (role or {}).get("rules") or []


def _binds(binding: Object, user: User, namespace: str) -> bool:
    for subject in binding.get("subjects") or []:
        if subject["kind"] == "ServiceAccount":
            found = user.name == service_account(subject.get("namespace") or namespace, subject["name"]).name
        elif subject["kind"] == "Group":
            found = subject["name"] in user.groups
        else:
            found = subject["name"] == user.name
        if found:
            return True
    return False


def _allows(rule: Mapping[str, Any], verb: str, target: Target, name: str) -> bool:
    names = rule.get("resourceNames") or []
    return (
        _has(rule.get("verbs"), verb)
        and _has(rule.get("apiGroups"), target.kind.group)
        and _covers(rule.get("resources") or [], target)
        and (not names or name in names)
    )


def _has(listed: list[str] | None, wanted: str) -> bool:
    return "*" in (listed or []) or wanted in (listed or [])


def _covers(listed: list[str], target: Target) -> bool:
    if not target.subresource:
        return "*" in listed or target.kind.plural in listed
    wanted = {"*", f"{target.kind.plural}/{target.subresource}", f"*/{target.subresource}"}
    return bool(wanted & set(listed))


def user_of(name: str, groups: tuple[str, ...] = ()) -> User:
    """Return somebody who is authenticated."""
    return User(name, (*groups, AUTHENTICATED))
