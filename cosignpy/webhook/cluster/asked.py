"""What the API server is asked for, and what its refusals mean."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec

from cosignpy.errors import AlreadyThere, ClusterError, ClusterUnreachable, Conflict, Forbidden
from cosignpy.values import value
from cosignpy.webhook.cluster.paths import describe, may_be_named, path_of
from cosignpy.webhook.ports import ResourceType

T = TypeVar("T")

METHODS: Final[Mapping[str, str]] = {
    "get": "GET",
    "list": "GET",
    "watch": "GET",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
}
"""HTTP's words for the verbs that roles are made of."""

MAX_MESSAGE: Final = 1000
"""Characters of a refusal that are told; those of validation repeat what they refuse."""

_PHRASES: Final = {int(status): status.phrase for status in HTTPStatus}
_LACKS_RIGHT: Final = " cannot "
"""What the authorizer says (`User "..." cannot get resource "..."`), and admission does not."""
_SERVED_ONLY: Final = "could not find the requested resource"
"""What is said of a type that there is not; of an object that there is not, its name."""
_OF_TYPES: Final = frozenset({"list", "watch"})
"""What finds no objects where there are none; that something is not found, is about the type."""


@value
class Asked:
    """What is to be done, with a verb as roles have it."""

    verb: str
    kind: ResourceType
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        part = f" ({self.subresource})" if self.subresource else ""
        return f"{self.verb} {describe(self.kind, self.namespace, self.name)}{part}"

    @property
    def path(self) -> str:
        """Where it is done."""
        named = "" if self.verb == "create" else self.name
        return path_of(self.kind, self.namespace, named, self.subresource)

    @property
    def right(self) -> str:
        """What a role has to allow, in the words of `kubectl create role`."""
        resource = f"{self.kind.plural}.{self.kind.group}" if self.kind.group else self.kind.plural
        resource += f"/{self.subresource}" if self.subresource else ""
        where = f"in namespace {self.namespace}" if self.kind.namespaced and self.namespace else "in a ClusterRole"
        return f"--verb={self.verb} --resource={resource} {where}"

    def check(self, where: str) -> None:
        """Refuse names that would be other paths.

        Raises:
            ClusterError: No object can have that name.
        """
        for part in filter(None, (self.namespace, self.name)):
            if not may_be_named(part):
                raise ClusterError(f"{self.verb} {self.kind.plural}", where, f"{part!r} cannot be a name")


class Unreadable(ClusterUnreachable):
    """An answer that is not what API servers send."""


class Status(msgspec.Struct):
    """What the API server says of a failure (`meta/v1`, Status), as much as is read."""

    message: str = ""
    reason: str = ""
    code: int = 0

    def tidy(self) -> "Status":
        """Return it with a message that is one line of some length."""
        message = " ".join((self.message or _PHRASES.get(self.code, "no reason was given")).split())
        return Status(message[:MAX_MESSAGE], self.reason, self.code)


def parse_status(raw: bytes, code: int) -> Status:
    """Read it from an answer; anything else, as proxies send, is told by its code alone."""
    try:
        found = msgspec.json.decode(raw, type=Status)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        found = Status()
    return Status(found.message, found.reason, code).tidy()


def decode(raw: bytes | msgspec.Raw, form: type[T], asked: Asked, where: str) -> T:
    """Read JSON of a form.

    Raises:
        Unreadable: It has another.
    """
    try:
        return msgspec.json.decode(raw, type=form)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreadable(str(asked), where, f"the answer is not what API servers send: {error}") from error


def refusal(asked: Asked, where: str, status: Status) -> ClusterError:
    """Return the error that a failure is."""
    said: dict[str, Any] = {"what": str(asked), "where": where, "why": status.message, "status": status.code}
    match status.code:
        case HTTPStatus.UNAUTHORIZED:
            return Forbidden(**said, hint="the token or client certificate is not, or no longer, known to the cluster")
        case HTTPStatus.FORBIDDEN:
            lacking = f"allow the webhook's service account {asked.right}" if _LACKS_RIGHT in status.message else None
            return Forbidden(**said, hint=lacking)
        case HTTPStatus.CONFLICT:
            return (AlreadyThere if status.reason == "AlreadyExists" else Conflict)(**said)
        case HTTPStatus.NOT_FOUND if _SERVED_ONLY in status.message or asked.verb in _OF_TYPES:
            return ClusterError(**said, hint=f"the cluster has no type {asked.kind.kind} of {asked.kind.api_version}")
        case _:
            return ClusterError(**said)
