"""Which of several replicas leads: the one that a Lease names and that renews it in time (coordination.k8s.io).

The rules are client-go's, and the two can compete for one Lease. No clock of another machine is believed: a Lease has
expired when nobody changed it for its duration, by our own clock since we saw it. Those who wait do not ask; they watch
the Lease, and take it as soon as it is released.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from cosignpy.errors import AlreadyThere, ClusterError, Conflict
from cosignpy.values import value
from cosignpy.webhook.kinds import LEASE
from cosignpy.webhook.lasting import LastingTasks
from cosignpy.webhook.ports import ClusterApi, Object

_AT_ONCE: Final = 0.01
"""Seconds; after somebody else was quicker."""
_LONGEST: Final = 3600
"""Seconds that a Lease may claim; one that says more, by mistake, is not to keep everybody from leading."""
_LOG: Final = logging.getLogger(__name__)


@value
class Timing:
    """Seconds: how long a Lease counts, when a leader that could not renew it gives up, when one tries again."""

    lease: float = 15.0
    give_up: float = 10.0
    retry: float = 2.0


@value
class Candidate:
    """Who competes for which Lease; `identity` is nobody else's."""

    namespace: str
    lease: str
    identity: str


class LeaseElection:
    """A `Leadership`; started and closed in an event loop."""

    def __init__(
        self,
        api: ClusterApi,
        candidate: Candidate,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._candidate = candidate
        self._timing = timing or Timing()
        self._clock = clock
        self._listeners: list[Callable[[bool], None]] = []
        self._leads = False
        self._valid_until = 0.0
        self._known: Object | None = None
        self._seen_at = 0.0
        self._is_stale = True
        self._problem = ""
        self._changed = asyncio.Event()
        self._tasks = LastingTasks()

    @property
    def is_leader(self) -> bool:
        """Whether it is this process; no longer so, as soon as others may think that it has gone."""
        return self._leads and self._clock() < self._valid_until

    def on_change(self, tell: Callable[[bool], None]) -> None:
        """Call `tell` in the event loop whenever that changes."""
        self._listeners.append(tell)

    def start(self) -> None:
        """Compete from now on."""
        self._tasks.start(f"lease {self._candidate.lease}", self._run())

    async def watch_over(self) -> None:
        """Wait until competing ends by a mistake of ours, and raise that."""
        await self._tasks.watch_over()

    async def close(self) -> None:
        """Compete no more, and let go of the Lease, so that a successor need not wait."""
        await self._tasks.close()
        if self._leads:
            self._lead(leads=False)
            try:
                await self._release()
            except ClusterError as error:
                _LOG.warning("a successor has to wait for %g s: %s", self._timing.lease, error)

    async def _run(self) -> None:
        candidate = self._candidate
        watched = self._api.watch(LEASE, candidate.namespace, fields=f"metadata.name={candidate.lease}")

        def see(namespace: str, name: str) -> None:
            if not self._leads and name == candidate.lease:
                self._see(watched.get(namespace, name))
                self._changed.set()

        watched.on_change(see)
        while True:
            self._changed.clear()
            pause = await self._turn()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def _turn(self) -> float:
        """Renew the Lease, or get it if it is free; return in how many seconds to look again."""
        try:
            if self._leads:
                return await self._renew()
            if self._is_stale:
                await self._refresh()
            left = self._seconds_left()
            if left > 0:
                return left
            await self._write(self._candidate.identity)
        except (Conflict, AlreadyThere):
            self._is_stale = True
            return _AT_ONCE
        except ClusterError as error:
            self._complain("cannot compete for leadership", error)
        else:
            self._lead(leads=True)
        return self._timing.retry

    async def _renew(self) -> float:
        """Renew the Lease that we have, or step down where that is too late, or it is somebody else's by now."""
        left = self._leads_still()
        if left <= 0:
            return _AT_ONCE
        try:
            async with asyncio.timeout(min(left, 2 * self._timing.retry)):
                if self._is_stale:
                    await self._refresh()
                if self._holder() not in {"", self._candidate.identity}:
                    self._lead(leads=False)
                    return _AT_ONCE
                await self._write(self._candidate.identity)
        except (Conflict, AlreadyThere, TimeoutError):
            self._is_stale = True
            self._leads_still()
            return _AT_ONCE
        except ClusterError as error:
            self._complain("cannot renew the lease", error)
            self._is_stale = True
        return min(self._timing.retry, max(self._leads_still(), _AT_ONCE))

    def _complain(self, what: str, error: ClusterError) -> None:
        """Say what fails and what to do, once for each reason: it is tried again every few seconds."""
        problem = f"{what}: {error}{f' ({error.hint})' if error.hint else ''}"
        if problem != self._problem:
            self._problem = problem
            _LOG.warning("%s", problem)

    def _leads_still(self) -> float:
        """Return for how many seconds more we lead; step down where that is over."""
        left = self._valid_until - self._clock()
        if left <= 0:
            self._lead(leads=False)
        return left

    async def _release(self) -> None:
        """Name nobody; what was on the way while we were stopped may have changed the Lease once more."""
        await self._refresh()
        if self._holder() == self._candidate.identity:
            await self._write("")

    async def _refresh(self) -> None:
        self._see(await self._api.get(LEASE, self._candidate.namespace, self._candidate.lease))
        self._is_stale = False

    def _see(self, found: Object | None) -> None:
        """Take over how the Lease is; whoever holds it has its whole duration from when that was new to us."""
        if found is None or self._known is None or _spec_of(found) != _spec_of(self._known):
            self._seen_at = self._clock()
        self._known = found

    def _holder(self) -> str:
        return str(_spec_of(self._known).get("holderIdentity") or "")

    def _seconds_left(self) -> float:
        """Return for how long somebody else may still count on the Lease."""
        if self._known is None or self._holder() in {"", self._candidate.identity}:
            return 0.0
        seconds = _spec_of(self._known).get("leaseDurationSeconds") or self._timing.lease
        return self._seen_at + min(seconds, _LONGEST) - self._clock()

    async def _write(self, holder: str) -> None:
        """Put a name into the Lease as we know it; the API server refuses if it is not so any more."""
        begun = self._clock()
        spec = self._spec(holder)
        place = self._candidate
        if self._known is None:
            metadata = {"name": place.lease, "namespace": place.namespace}
            self._see(await self._api.create(LEASE, place.namespace, {"metadata": metadata, "spec": spec}))
        else:
            self._see(await self._api.update(LEASE, place.namespace, {**self._known, "spec": spec}))
        self._valid_until = begun + self._timing.give_up
        self._problem = ""

    def _spec(self, holder: str) -> dict[str, Any]:
        """Return what the Lease says next."""
        former = dict(_spec_of(self._known))
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        seconds = int(self._timing.lease) if holder else 1
        spec = former | {"holderIdentity": holder, "leaseDurationSeconds": seconds, "renewTime": now}
        if former.get("holderIdentity") != holder:
            taken_over = bool(holder and self._known)
            spec |= {"acquireTime": now, "leaseTransitions": former.get("leaseTransitions", 0) + taken_over}
        return spec

    def _lead(self, *, leads: bool) -> None:
        self._leads = leads
        _LOG.info("%s %s", self._candidate.identity, "leads" if leads else "does not lead any more")
        for listener in self._listeners:
            asyncio.get_running_loop().call_soon(listener, leads)


def _spec_of(lease: Object | None) -> Object:
    return (lease or {}).get("spec") or {}
