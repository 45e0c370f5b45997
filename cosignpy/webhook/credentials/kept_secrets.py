"""Secrets that were asked for, for a while: who may only `get` Secrets, and not list them, cannot watch them.

A Secret is asked for when it is named first. After that it is at hand: one that is older than `FRESH_SECONDS` is used
once more while it is asked for again, so that nobody waits, and one older than `STALE_SECONDS` is not used.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final

from cosignpy.values import field, record, value
from cosignpy.webhook.credentials.docker_secrets import DockerSecret, read_secret
from cosignpy.webhook.kinds import SECRET
from cosignpy.webhook.ports import ClusterApi

FRESH_SECONDS: Final = 30.0
"""How long a Secret is used without a look whether it changed."""
STALE_SECONDS: Final = 300.0
"""How long it is used while that look is under way, or fails."""
MISSING_SECONDS: Final = 5.0
"""How long one that is not there is not asked for again: people create it, and try once more."""
MAX_KEPT: Final = 10_000
"""Secrets; one takes some thousand bytes."""


@value
class _Kept:
    """A Secret, None where there is none, and when it was asked for."""

    secret: DockerSecret | None = field(repr=False)
    since: float


@record
class KeptSecrets:
    """Secrets of the cluster; used in one event loop."""

    api: ClusterApi
    clock: Callable[[], float] = monotonic
    _kept: OrderedDict[tuple[str, str], _Kept] = field(default_factory=OrderedDict, repr=False)
    _asked: dict[tuple[str, str], "asyncio.Task[DockerSecret | None]"] = field(default_factory=dict, repr=False)

    def peek(self, namespace: str, name: str) -> tuple[bool, DockerSecret | None]:
        """Return whether a Secret is at hand, and it; None where it is known that there is none."""
        key = namespace, name
        kept = self._kept.get(key)
        if kept is None:
            return False, None
        age = self.clock() - kept.since
        if kept.secret is None:
            return age < MISSING_SECONDS, None
        if age >= STALE_SECONDS:
            return False, None
        if age >= FRESH_SECONDS:
            self._ask(key)
        return True, kept.secret

    async def get(self, namespace: str, name: str) -> DockerSecret | None:
        """Return a Secret, None where there is none; who asks for the same waits for the same answer.

        Raises:
            CosignError: The cluster does not say, or the Secret is not in its format.
        """
        at_hand, secret = self.peek(namespace, name)
        return secret if at_hand else await asyncio.shield(self._ask((namespace, name)))

    def _ask(self, key: tuple[str, str]) -> "asyncio.Task[DockerSecret | None]":
        task = self._asked.get(key)
        if task is None:
            task = self._asked[key] = asyncio.get_running_loop().create_task(self._fetch(key))
            task.add_done_callback(lambda done: self._end(key, done))
        return task

    def _end(self, key: tuple[str, str], done: "asyncio.Task[DockerSecret | None]") -> None:
        self._asked.pop(key, None)
        if not done.cancelled():
            done.exception()  # who waits is told; where nobody does, what is kept counts until it is stale

    async def _fetch(self, key: tuple[str, str]) -> DockerSecret | None:
        namespace, name = key
        found = await self.api.get(SECRET, namespace, name)
        secret = read_secret(found) if found is not None else None
        self._kept[key] = _Kept(secret, self.clock())
        self._kept.move_to_end(key)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return secret
