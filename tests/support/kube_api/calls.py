"""Who asks, what they ask, and what is noted of it."""

import math
from collections.abc import Mapping
from typing import Any, Final, Protocol

from cosignpy.values import field, record, value
from tests.support.kube_api.paths import Target
from tests.support.kube_api.store import Object

MASTERS: Final = "system:masters"
AUTHENTICATED: Final = "system:authenticated"


@value
class User:
    """Who asks."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""

    def describe(self) -> dict[str, Any]:
        """Return the `userInfo` of reviews."""
        made = {"username": self.name, "uid": self.uid, "groups": list(self.groups)}
        return {key: content for key, content in made.items() if content}


ANONYMOUS: Final = User("system:anonymous", ("system:unauthenticated",))
ADMIN: Final = User("admin", (MASTERS, AUTHENTICATED), "1")


def service_account(namespace: str, name: str) -> User:
    """Return who a service account is."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED)
    return User(f"system:serviceaccount:{namespace}:{name}", groups)


@record
class Call:
    """A request, and what is told beside the answer: warnings, and annotations of the audit log."""

    user: User
    query: Mapping[str, str] = field(default_factory=dict)
    manager: str = "test"
    warnings: list[str] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    deadline: float = math.inf
    """By `time.monotonic`: when who asks waits no longer."""
    is_apply: bool = False
    """Who manages what was noted by the application itself."""

    def warn(self, texts: list[str]) -> None:
        """Tell who asks; each thing once."""
        self.warnings += [text for text in texts if text not in self.warnings]

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be kept."""
        return "dryRun" in self.query


@record
class Asked:
    """What admission is asked about."""

    operation: str
    target: Target
    name: str
    object: Object | None
    former: Object | None
    call: Call
    options: dict[str, Any]


class Admission(Protocol):
    """What an API server asks before it writes."""

    def mutate(self, asked: Asked) -> Object:
        """Return the object as it is to be written.

        Raises:
            ApiFailure: It is refused.
        """
        ...

    def validate(self, asked: Asked) -> None:
        """Admit what is to be written, or deleted.

        Raises:
            ApiFailure: It is refused.
        """
        ...


@record
class Audited:
    """A line of the audit log."""

    verb: str
    path: str
    user: str
    code: int
    annotations: dict[str, str]
