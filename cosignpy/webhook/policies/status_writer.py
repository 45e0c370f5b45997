"""Writes what is wrong with policies and trust roots, or that nothing is, to their statuses: the leader alone does."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from cosignpy.errors import ClusterError, Conflict
from cosignpy.values import value
from cosignpy.webhook import kinds
from cosignpy.webhook.policies.conditions import Condition, conditions_of_policy, conditions_of_root, merge_status
from cosignpy.webhook.policies.store import PolicyStore
from cosignpy.webhook.policies.watched import PolicyCaches, PolicyKey, is_same
from cosignpy.webhook.ports import ClusterApi, Leadership, Object, ObjectCache, ResourceType

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 60.0
"""Seconds after a write that failed; somebody else's write in between costs the first pause only."""

_LOG: Final = logging.getLogger(__name__)
_TYPES: Final[Mapping[str, ResourceType]] = {
    kinds.CLUSTER_IMAGE_POLICY.kind: kinds.CLUSTER_IMAGE_POLICY_V1ALPHA1,
    kinds.IMAGE_POLICY.kind: kinds.IMAGE_POLICY,
    kinds.TRUST_ROOT.kind: kinds.TRUST_ROOT,
}


@value
class StatusPorts:
    """Whom the writer asks: the objects as they are, the API server, who leads, and what time it is."""

    caches: PolicyCaches
    api: ClusterApi
    leadership: Leadership
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class StatusWriter:
    """Writes one status after the other, and none that would be the same."""

    def __init__(self, store: PolicyStore, ports: StatusPorts, first_pause: float = FIRST_PAUSE) -> None:
        self._store = store
        self._ports = ports
        self._first_pause = first_pause
        self._marked: dict[tuple[str, PolicyKey], None] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Write until this is cancelled."""
        self._store.on_settled(self._mark)
        self._ports.leadership.on_change(lambda is_leader: self._mark_all() if is_leader else None)
        self._mark_all()
        pause = self._first_pause
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._marked:
                marked = next(iter(self._marked))
                del self._marked[marked]
                try:
                    await self._write(*marked)
                except ClusterError as error:
                    self._mark(*marked)
                    await self._wait(error, pause)
                    pause = self._first_pause if isinstance(error, Conflict) else min(2 * pause, LONGEST_PAUSE)
                else:
                    pause = self._first_pause

    async def _wait(self, error: ClusterError, pause: float) -> None:
        if not isinstance(error, Conflict):
            _LOG.warning("a status was not written, again in %.1f s: %s", pause, error)
        await asyncio.sleep(pause)

    def _mark(self, kind: str, key: PolicyKey) -> None:
        if self._ports.leadership.is_leader:
            self._marked[kind, key] = None
            self._wake.set()

    def _mark_all(self) -> None:
        for key in self._store.policies:
            self._mark((kinds.IMAGE_POLICY if key.namespace else kinds.CLUSTER_IMAGE_POLICY).kind, key)
        for name in self._store.trust_roots:
            self._mark(kinds.TRUST_ROOT.kind, PolicyKey("", name))

    async def _write(self, kind: str, key: PolicyKey) -> None:
        found, cache = self._conditions(kind, key), self._cache(kind)
        document = None if cache is None else cache.get(key.namespace, key.name)
        if found is None or document is None or not self._ports.leadership.is_leader:
            return
        conditions, read = found
        if not is_same(document, read):
            return  # it changed meanwhile, and will be settled anew
        status = self._merge(document, conditions)
        if status != document.get("status"):
            await self._ports.api.update(_TYPES[kind], key.namespace, {**document, "status": status}, "status")

    def _merge(self, document: Object, conditions: tuple[Condition, ...]) -> dict[str, Any]:
        generation = document["metadata"].get("generation", 0)
        return merge_status(document.get("status"), conditions, generation, self._ports.now())

    def _conditions(self, kind: str, key: PolicyKey) -> tuple[tuple[Condition, ...], Object] | None:
        """Return what is to be said, and of which object."""
        if kind == kinds.TRUST_ROOT.kind:
            root = self._store.root(key.name)
            return None if root is None else (conditions_of_root(root), root.reading.document)
        settled = self._store.policy(key)
        return None if settled is None else (conditions_of_policy(settled), settled.reading.document)

    def _cache(self, kind: str) -> ObjectCache | None:
        caches = self._ports.caches
        if kind == kinds.TRUST_ROOT.kind:
            return caches.trust_roots
        return caches.own_policies if kind == kinds.IMAGE_POLICY.kind else caches.policies
