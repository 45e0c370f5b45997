"""Tokens: what they allow, how long, and the scopes they are asked for with (Docker's token specification)."""

import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from cosignpy.localregistry.access import ALL_ACTIONS, Action
from cosignpy.localregistry.auth.accounts import Account
from cosignpy.values import field, value

MAX_TOKENS: Final = 10_000
"""Tokens remembered at once; the oldest are forgotten first, and their clients ask again."""

_Value = TypeVar("_Value")
Permissions = Mapping[str, frozenset[Action]]

_SCOPE: Final = re.compile(r"repository(?:\([a-z]+\))?:(?P<name>[^:]+(?::[0-9]+/[^:]+)?):(?P<actions>[a-z,*]+)")


def parse_scopes(texts: Iterable[str]) -> Permissions:
    """Read scopes such as `repository:team/app:pull,push`; other kinds of resource are passed over."""
    found: dict[str, frozenset[Action]] = {}
    for match in filter(None, map(_SCOPE.fullmatch, texts)):
        words = match["actions"].split(",")
        wanted = ALL_ACTIONS if "*" in words else frozenset(action for action in Action if action in words)
        found[match["name"]] = found.get(match["name"], frozenset()) | wanted
    return found


@dataclass(slots=True)
class Grant:
    """What one token allows; `uses` counts down where a fault limits it."""

    permissions: Permissions
    expires: float
    uses: int


@value
class TokenBook:
    """The tokens that are out. `uses` above 0 is how often each is accepted, whatever its lifetime says."""

    lifetime: float
    uses: int = 0
    clock: Callable[[], float] = time.monotonic
    grants: dict[str, Grant] = field(default_factory=dict)
    refreshers: dict[str, Account] = field(default_factory=dict)

    def issue(self, allowed: frozenset[Action], wanted: Permissions) -> str:
        """Make a token for what is wanted, as far as it is allowed."""
        permissions = {name: actions & allowed for name, actions in wanted.items()}
        token = secrets.token_urlsafe(32)
        _remember(self.grants, token, Grant(permissions, self.clock() + self.lifetime, self.uses))
        return token

    def issue_refresher(self, account: Account) -> str:
        """Make a refresh token, which stands for the account's password."""
        token = secrets.token_urlsafe(32)
        _remember(self.refreshers, token, account)
        return token

    def use(self, token: str) -> Permissions | None:
        """Return what a token allows, None for one that was never issued or has had its time."""
        grant = self.grants.get(token)
        if grant is None:
            return None
        if self.clock() >= grant.expires:
            del self.grants[token]
            return None
        if grant.uses == 1:
            del self.grants[token]
        grant.uses -= 1
        return grant.permissions


def _remember(book: dict[str, _Value], token: str, value: _Value) -> None:
    while len(book) >= MAX_TOKENS:
        del book[next(iter(book))]
    book[token] = value
