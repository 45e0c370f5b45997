"""What expressions ask about the rights of who asks: `authorizer.group("").resource("pods").check("get")`."""

from collections.abc import Callable, Mapping
from typing import Any

from cosignpy.values import value
from tests.support.kube_api.calls import User, service_account
from tests.support.kube_api.failures import ApiFailure
from tests.support.kube_api.kinds import Kind
from tests.support.kube_api.paths import Target
from tests.support.kube_api.rights import Rights


@value
class Authorizer:
    """Asks on behalf of a user."""

    rights: Rights
    user: User

    @property
    def cel_methods(self) -> Mapping[str, Callable[..., Any]]:
        """What can be called on it."""
        return {"group": self._group, "serviceAccount": self._account}

    def _group(self, group: str) -> "GroupCheck":
        return GroupCheck(self, group)

    def _account(self, namespace: str, name: str) -> "Authorizer":
        return Authorizer(self.rights, service_account(namespace, name))


@value
class GroupCheck:
    """A question about a group."""

    authorizer: Authorizer
    group: str

    @property
    def cel_methods(self) -> Mapping[str, Callable[..., Any]]:
        """What can be called on it."""
        return {"resource": lambda plural: ResourceCheck(self, plural)}


@value
class ResourceCheck:
    """A question about a resource."""

    about: GroupCheck
    plural: str
    in_namespace: str = ""
    named: str = ""
    below: str = ""

    @property
    def cel_methods(self) -> Mapping[str, Callable[..., Any]]:
        """What can be called on it."""
        return {
            "namespace": lambda name: ResourceCheck(self.about, self.plural, name, self.named, self.below),
            "name": lambda name: ResourceCheck(self.about, self.plural, self.in_namespace, name, self.below),
            "subresource": lambda name: ResourceCheck(self.about, self.plural, self.in_namespace, self.named, name),
            "check": self._check,
        }

    def _check(self, verb: str) -> "Decision":
        kind = Kind(self.about.group, "*", "", self.plural)
        asker = self.about.authorizer
        try:
            asker.rights.check(asker.user, verb, Target(kind, self.in_namespace, self.named, self.below), self.named)
        except ApiFailure:
            return Decision(is_allowed=False)
        return Decision(is_allowed=True)


@value
class Decision:
    """What the answer is."""

    is_allowed: bool

    @property
    def cel_methods(self) -> Mapping[str, Callable[..., Any]]:
        """What can be called on it."""
        return {"allowed": lambda: self.is_allowed, "reason": lambda: "", "errored": lambda: False}
