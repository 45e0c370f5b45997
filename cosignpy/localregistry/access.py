"""What the client of a request may do: found by the authentication, demanded by the routes."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from starlette.requests import Request

from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.names import RepositoryName, parse_name
from cosignpy.values import field, value

SCOPE_KEY: Final = "cosignpy.access"


class Action(StrEnum):
    """What can be done with a repository, in the words of Docker's token scopes."""

    PULL = "pull"
    PUSH = "push"
    DELETE = "delete"


ALL_ACTIONS: Final = frozenset(Action)


def deny(name: str, action: Action | None) -> OciError:
    """Refuse someone who is known and may not."""
    return OciError(ErrorCode.DENIED, f"not allowed: {action or 'access'} {name}".rstrip())


@value
class Access:
    """Actions per repository; `everywhere` holds for those that are not named. `refusal` words a no."""

    repositories: Mapping[str, frozenset[Action]] = field(default_factory=dict)
    everywhere: frozenset[Action] = frozenset()
    refusal: Callable[[str, Action | None], OciError] = deny

    def allows(self, name: str, action: Action) -> bool:
        """Tell whether the action is allowed on the repository."""
        return action in self.repositories.get(name, self.everywhere)


UNRESTRICTED: Final = Access(everywhere=ALL_ACTIONS)
"""What everyone may do at a registry without authentication."""


def access_of(request: Request) -> Access:
    """Return what the authentication in front of the routes found, or everything where there is none."""
    access: Access = request.scope.get(SCOPE_KEY, UNRESTRICTED)
    return access


def repository_of(request: Request, action: Action) -> RepositoryName:
    """Return the repository a request is about, once its client is shown to be allowed the action.

    Raises:
        OciError: `NAME_INVALID`, `UNAUTHORIZED` or `DENIED`.
    """
    name, access = parse_name(request.path_params["name"]), access_of(request)
    if not access.allows(name, action):
        raise access.refusal(name, action)
    return name
