"""Authenticating to one registry: remembers its challenge, keeps a token per scope, renews both.

Nothing is shown before the registry asked for it; from then on every request carries it at once.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from cosignpy.errors import AccessDenied, MalformedError, RemoteError
from cosignpy.net.clock import Clock
from cosignpy.net.http import Sender
from cosignpy.net.url import Origin
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.registry.auth import Challenge
    from cosignpy.registry.credentials import Credential, TokenCredential
    from cosignpy.registry.token_flow import Token

# A registry that lets everyone read never asks: what answers a challenge is imported by the first one.

_BEST_FIRST: Final = ("bearer", "basic")
MAX_SCOPES: Final = 8
"""Scopes a challenge may name; one is usual, two with a cross-repository mount."""
RENEWAL_SECONDS: Final = 60.0
"""How old credentials are at least that are looked up again once they are refused."""


@value
class Scope:
    """What a request needs to be allowed: actions on one repository, or nothing in particular."""

    repository: str
    actions: frozenset[str]

    @classmethod
    def of(cls, repository: str, actions: str) -> "Scope":
        """Read `pull`, `pull,push`, ...; without a repository there is nothing to scope."""
        return cls(repository, frozenset(filter(None, actions.split(","))) if repository else frozenset())

    def __str__(self) -> str:
        return f"repository:{self.repository}:{','.join(sorted(self.actions))}"

    def covers(self, other: "Scope") -> bool:
        """Tell whether whoever may do this may do the other."""
        return self.repository == other.repository and self.actions >= other.actions

    def texts(self, named: str) -> tuple[str, ...]:
        """Return what to ask a token server for: ours, and what the challenge names where that differs."""
        if len(named.split()) > MAX_SCOPES:
            raise MalformedError("WWW-Authenticate header", f"more than {MAX_SCOPES} scopes")
        actions, others = set(self.actions), []
        for text in named.split():
            if self.repository and text.startswith(f"repository:{self.repository}:"):
                actions |= set(text.rpartition(":")[2].split(","))
            else:
                others.append(text)
        own = (str(Scope(self.repository, frozenset(actions))),) if self.repository else ()
        return (*own, *others)


class Authorizer:
    """Gives requests to one registry their Authorization header; safe to share among threads."""

    def __init__(self, client: Sender, clock: Clock, credentials_for: "Callable[[str], Iterable[Credential]]") -> None:
        self._client = client
        self._clock = clock
        self._credentials_for = credentials_for
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._challenge: Challenge | None = None
        self._credentials: dict[str, _Candidates] = {}
        self._tokens: dict[Scope, Token] = {}

    @property
    def was_challenged(self) -> bool:
        """Tell whether the registry has asked for credentials so far."""
        return self._challenge is not None

    def header(self, origin: Origin, scope: Scope) -> str | None:
        """Return what to send along before being asked again, None while the registry has not asked.

        Raises:
            AccessDenied: The registry asks for what we do not have.
            RemoteError: No token is to be had.
        """
        challenge = self._challenge
        if challenge is None:
            return None
        with self._lock_for(scope.repository):
            return self._answer(challenge, origin, scope, named="")

    def answer(self, origin: Origin, values: Sequence[str], scope: Scope, rejected: str | None) -> str | None:
        """Answer a 401; None when the answer would be what was just rejected.

        Raises:
            AccessDenied: The registry asks for what we do not have or do not speak.
            RemoteError: The challenge is not one, or no token is to be had.
        """
        challenge = _choose(origin, values)
        self._challenge = challenge
        with self._lock_for(scope.repository):
            self._forget(rejected)
            header = self._answer(challenge, origin, scope, named=challenge.get("scope"))
            return header if header != rejected else None

    def shown_for(self, repository: str) -> int:
        """Return which of a repository's credentials is shown now, counted from zero."""
        return self._credentials[repository].index if repository in self._credentials else 0

    def try_another(self, repository: str, refused: int) -> bool:
        """Go on to a repository's next credential, unless another thread did; tell whether there is one.

        Raises:
            CosignError: It cannot be had.
        """
        with self._lock_for(repository):
            candidates = self._credentials.get(repository)
            if candidates is None or candidates.index != refused:
                return candidates is not None
            if not candidates.advance() and not self._look_up_again(repository, candidates):
                return False
            for scope in [scope for scope in tuple(self._tokens) if scope.repository == repository]:
                self._tokens.pop(scope, None)
            return True

    def _answer(self, challenge: "Challenge", origin: Origin, scope: Scope, *, named: str) -> str | None:
        from cosignpy.registry.credentials import BasicCredential, RegistryToken

        credential = self._credential(scope.repository)
        if isinstance(credential, RegistryToken):
            return f"Bearer {credential.token}"
        if challenge.scheme == "basic":
            return credential.header if isinstance(credential, BasicCredential) else None
        return f"Bearer {self._token(challenge, origin, scope, named, credential).value}"

    def _token(
        self, challenge: "Challenge", origin: Origin, scope: Scope, named: str, credential: "TokenCredential"
    ) -> "Token":
        from cosignpy.registry.token_flow import TokenServer

        now = self._clock.monotonic()
        for held, token in tuple(self._tokens.items()):
            if held.covers(scope) and now < token.expires_at:
                return token
        server = TokenServer.named_by(challenge, self._client, self._clock, origin)
        token = server.fetch_token(scope.texts(named), credential)
        self._tokens[scope] = token
        return token

    def _forget(self, header: str | None) -> None:
        """Drop the token that was not accepted, unless another thread has replaced it already."""
        for scope, token in tuple(self._tokens.items()):
            if f"Bearer {token.value}" == header:
                self._tokens.pop(scope, None)

    def _lock_for(self, repository: str) -> threading.Lock:
        """Return the lock under which one repository's token is fetched: once, and in parallel with others'."""
        with self._lock:
            return self._locks.setdefault(repository, threading.Lock())

    def _credential(self, repository: str) -> "Credential":
        """Look credentials up once a repository: a helper is a process, and may ask its user."""
        if repository not in self._credentials:
            self._look_up(repository, 0)
        return self._credentials[repository].current

    def _look_up(self, repository: str, index: int) -> None:
        found = self._credentials_for(repository)
        self._credentials[repository] = _Candidates(found, index, self._clock.monotonic())

    def _look_up_again(self, repository: str, former: "_Candidates") -> bool:
        """Look credentials up anew where they may be others by now: a cloud's end after some hours."""
        if self._clock.monotonic() - former.since < RENEWAL_SECONDS:
            return False
        self._look_up(repository, former.index + 1)
        return True


class _Candidates:
    """Credentials of one repository, one after another; each is looked up when those before it were refused."""

    def __init__(self, credentials: "Iterable[Credential]", index: int, since: float) -> None:
        self._others = iter(credentials)
        self.index = index
        self.since = since
        self.current = next(self._others)

    def advance(self) -> bool:
        """Go on to the next, if there is one; else stay with the last."""
        following = next(self._others, None)
        if following is None:
            return False
        self.current = following
        self.index += 1
        return True


def _choose(origin: Origin, values: Sequence[str]) -> "Challenge":
    from cosignpy.registry.auth import parse_challenges

    try:
        offered = {challenge.scheme: challenge for challenge in parse_challenges(values)}
    except MalformedError as error:
        raise RemoteError(origin.authority, str(origin), 401, f"its challenge is malformed ({error.why})") from error
    for scheme in _BEST_FIRST:
        if scheme in offered:
            return offered[scheme]
    names = ", ".join(sorted(offered)) or "nothing"
    raise AccessDenied(origin.authority, str(origin), 401, f"it accepts {names}, we speak basic and bearer")
