"""The policies of a cluster that are in force, kept up to date with its objects.

Events mark what is to be looked at again: one changed object is one policy, or those that name it. A thread reads and
encodes, some at a time, so that the event loop goes on; the loop itself looks up what policies name, and publishes.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from cosignpy.core.digest import Digest
from cosignpy.imagepolicy.model import Remote
from cosignpy.values import field, value
from cosignpy.webhook import kinds
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.policies.fetching import Fetcher, FetchTimes, KmsKey, Supplies, Supply, Wanted
from cosignpy.webhook.policies.gathering import UsableRoot, gather
from cosignpy.webhook.policies.roots import RootReading, SettledRoot, read_root, repository_of, settle_root
from cosignpy.webhook.policies.settling import Reading, ReadingRules, SettledPolicy, Unsettled, read_policy, settle
from cosignpy.webhook.policies.watched import PolicyCaches, PolicyKey, is_same, needed_by, rules_of
from cosignpy.webhook.ports import Object, PolicySnapshot

SLICE: Final = 40
"""Policies that are read at once; what changed meanwhile waits for no more than these."""
SYNC_PAUSE: Final = 0.02
"""Seconds between two looks whether all objects were seen once: nobody tells of an empty list."""
PATIENCE: Final = 10.0
"""Seconds that readiness waits for what is fetched from elsewhere."""

T = TypeVar("T")
S = TypeVar("S")


@value
class StoreOptions:
    """What can be set: how patient fetches are, and how long readiness waits for them (seconds)."""

    times: FetchTimes = field(default_factory=FetchTimes)
    patience: float = PATIENCE


class PolicyStore:
    """Knows which policies are in force (`cosignpy.webhook.ports.Policies`), and what is wrong with which."""

    def __init__(
        self, caches: PolicyCaches, supplies: Supplies, settings: LiveSettings, options: StoreOptions | None = None
    ) -> None:
        self._caches = caches
        self._options = options or StoreOptions()
        self._rules = rules_of(settings, self._caches.namespace)
        self._fetcher = Fetcher(supplies, self._supplied, self._options.times)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="policies")
        self._policies: dict[PolicyKey, SettledPolicy] = {}
        self._roots: dict[str, SettledRoot] = {}
        self._users: dict[Hashable, set[PolicyKey]] = {}
        self._changed_policies: dict[PolicyKey, None] = {}
        self._changed_roots: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._snapshot = PolicySnapshot()
        self._listeners: list[Callable[[], None]] = []
        self._observers: list[Callable[[str, PolicyKey], None]] = []
        self._settled_at: float | None = None
        self._is_idle = False

    def current(self) -> PolicySnapshot:
        """Return the policies in force; a new value where something changed, else the same object."""
        return self._snapshot

    @property
    def is_ready(self) -> bool:
        """Whether all policies were read once, and what they name elsewhere was asked for, or did not answer."""
        if self._settled_at is None:
            return False
        waited = asyncio.get_running_loop().time() - self._settled_at
        return self._fetcher.is_settled or waited >= self._options.patience

    @property
    def is_current(self) -> bool:
        """Whether all that was told of changes is in force."""
        return not self._wake.is_set() and self._is_idle

    @property
    def policies(self) -> dict[PolicyKey, SettledPolicy]:
        """All policies, as they were settled."""
        return dict(self._policies)

    @property
    def trust_roots(self) -> dict[str, SettledRoot]:
        """All trust roots, as they were settled."""
        return dict(self._roots)

    def policy(self, key: PolicyKey) -> SettledPolicy | None:
        """Return a policy."""
        return self._policies.get(key)

    def root(self, name: str) -> SettledRoot | None:
        """Return a trust root."""
        return self._roots.get(name)

    def on_change(self, tell: Callable[[], None]) -> None:
        """Call `tell` in the event loop whenever another snapshot is in force."""
        self._listeners.append(tell)

    def on_settled(self, tell: Callable[[str, PolicyKey], None]) -> None:
        """Call `tell(kind, key)` in the event loop whenever a policy or a trust root was settled, or went."""
        self._observers.append(tell)

    def apply_settings(self, settings: LiveSettings) -> None:
        """Read policies as other settings have it, if that makes a difference."""
        rules = rules_of(settings, self._caches.namespace)
        if rules != self._rules:
            self._rules = rules
            self._mark(self._policies)

    async def run(self) -> None:
        """Follow the objects until this is cancelled."""
        try:
            self._follow()
            while not all(each.is_synced for each in self._caches.all):  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(SYNC_PAUSE)
            self._mark_all()
            while True:
                while self._changed_roots or self._changed_policies:
                    await self._settle_some()
                if self._settled_at is None:
                    self._settled_at = asyncio.get_running_loop().time()
                self._wake.clear()
                self._is_idle = True
                await self._wake.wait()
                self._is_idle = False
        finally:
            self._fetcher.close()
            self._thread.shutdown(wait=False, cancel_futures=True)

    # what is known of the cluster and of the web (`gathering.Surroundings`)

    def secret(self, name: str) -> Object | None:
        """Return a Secret."""
        return self._caches.secrets.get(self._caches.namespace, name)

    def config_map(self, name: str) -> Object | None:
        """Return a ConfigMap."""
        return self._caches.config_maps.get(self._caches.namespace, name)

    def trust_root(self, name: str) -> UsableRoot | None:
        """Return a trust root that can be believed."""
        found = self._roots.get(name)
        return None if found is None else found.usable

    def supply(self, wanted: Wanted) -> Supply:
        """Return what was fetched."""
        return self._fetcher.get(wanted)

    def _follow(self) -> None:
        caches = self._caches
        caches.policies.on_change(lambda _, name: self._mark_changed(PolicyKey("", name)))
        if caches.own_policies is not None:
            caches.own_policies.on_change(lambda namespace, name: self._mark_changed(PolicyKey(namespace, name)))
        caches.trust_roots.on_change(lambda _, name: self._mark_roots([name]))
        caches.secrets.on_change(lambda _, name: self._mark(self._users.get(("secret", name), ())))
        caches.config_maps.on_change(lambda _, name: self._mark(self._users.get(("map", name), ())))

    def _mark_all(self) -> None:
        self._mark_roots([each["metadata"]["name"] for each in self._caches.trust_roots.list()])
        self._mark([PolicyKey("", each["metadata"]["name"]) for each in self._caches.policies.list()])
        own = () if self._caches.own_policies is None else self._caches.own_policies.list()
        self._mark([PolicyKey(each["metadata"]["namespace"], each["metadata"]["name"]) for each in own])

    def _mark(self, keys: Iterable[PolicyKey]) -> None:
        self._changed_policies |= dict.fromkeys(keys)
        self._wake.set()

    def _mark_changed(self, key: PolicyKey) -> None:
        """Mark a policy, unless only its status or its labels are others."""
        known, found = self._policies.get(key), self._object(key)
        if known is None or found is None or not is_same(known.reading.document, found):
            self._mark([key])

    def _mark_roots(self, names: Iterable[str]) -> None:
        self._changed_roots |= dict.fromkeys(names)
        self._wake.set()

    def _supplied(self, wanted: Wanted) -> None:
        self._mark(self._users.get(wanted, ()))
        self._mark_roots([name for name, each in self._roots.items() if each.repository == wanted])

    def _object(self, key: PolicyKey) -> Object | None:
        cache = self._caches.own_policies if key.namespace else self._caches.policies
        return None if cache is None else cache.get(key.namespace, key.name)

    async def _settle_some(self) -> None:
        await self._settle_roots(_take(self._changed_roots))
        await self._settle_policies(_take(self._changed_policies))
        wanted = [each for each in self._users if isinstance(each, Remote | KmsKey)]
        repositories = [each.repository for each in self._roots.values() if each.repository is not None]
        self._fetcher.want([*wanted, *repositories])

    async def _settle_roots(self, names: Sequence[str]) -> None:
        found = [(name, document) for name in names if (document := self._caches.trust_roots.get("", name)) is not None]
        read = await self._in_thread(lambda each: self._read_root(*each), found)
        readings = dict(zip([name for name, _ in found], read, strict=True))
        for name in names:
            before = self._roots.pop(name, None)
            if name in readings:
                repository = repository_of(readings[name], before)
                supply = Supply() if repository is None else self._fetcher.get(repository)
                self._roots[name] = settle_root(readings[name], before, supply)
            now = self._roots.get(name)
            if (before and before.usable) != (now and now.usable):
                self._mark(self._users.get(("root", name), ()))
            self._tell(kinds.TRUST_ROOT.kind, PolicyKey("", name))

    def _read_root(self, name: str, document: Object) -> RootReading:
        before = self._roots.get(name)
        known = before is not None and is_same(before.reading.document, document)
        return before.reading if known and before is not None else read_root(document)

    async def _settle_policies(self, keys: Sequence[PolicyKey]) -> None:
        rules = self._rules
        found = [(key, document) for key in keys if (document := self._object(key)) is not None]
        readings = await self._in_thread(lambda each: self._read(*each, rules), found)
        asked = [self._look_up(key, each) for (key, _), each in zip(found, readings, strict=True)]
        settled = await self._in_thread(settle, asked)
        for key, each in zip([key for key, _ in found], settled, strict=True):
            self._put(key, each)
        for key in set(keys) - {key for key, _ in found}:
            self._put(key, None)
        self._publish()
        for key in keys:
            self._tell((kinds.IMAGE_POLICY if key.namespace else kinds.CLUSTER_IMAGE_POLICY).kind, key)

    def _look_up(self, key: PolicyKey, reading: Reading) -> Unsettled:
        gathered = gather(reading.names, self)
        before = self._policies.get(key)
        if before is None or before.base is None or before.compiled.uid != reading.uid:
            return Unsettled(reading, gathered)
        return Unsettled(reading, gathered, before.base, gather(before.base.names, self), before.good)

    def _read(self, key: PolicyKey, document: Object, rules: ReadingRules) -> Reading:
        before = self._policies.get(key)
        if before is not None and before.reading.rules == rules and is_same(before.reading.document, document):
            return before.reading
        return read_policy(document, rules)

    def _put(self, key: PolicyKey, settled: SettledPolicy | None) -> None:
        before = self._policies.pop(key, None)
        for each in () if before is None else needed_by(before):
            self._users[each].discard(key)
            if not self._users[each]:
                del self._users[each]
        if settled is not None:
            self._policies[key] = settled
            for each in needed_by(settled):
                self._users.setdefault(each, set()).add(key)

    def _publish(self) -> None:
        keys = sorted(self._policies, key=lambda key: (key.namespace, key.name))
        found = tuple([self._policies[key].compiled for key in keys])
        known = self._snapshot.policies
        if len(found) == len(known) and all(a is b for a, b in zip(found, known, strict=True)):
            return
        text = "\n".join([f"{each.version} {each.namespace}" for each in found])
        self._snapshot = PolicySnapshot(found, Digest.of(text.encode()).hex)
        for tell in self._listeners:
            tell()

    def _tell(self, kind: str, key: PolicyKey) -> None:
        for tell in self._observers:
            tell(kind, key)

    async def _in_thread(self, work: Callable[[T], S], items: Sequence[T]) -> list[S]:
        if not items:
            return []
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: [work(each) for each in items])


def _take(marked: dict[T, None]) -> list[T]:
    taken = list(marked)[:SLICE]
    for each in taken:
        del marked[each]
    return taken
