"""Watches: events of a kind from a version on, bookmarks between them, an end when it is time."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cosignpy.values import record
from tests.support.kube_api.failures import bad_request, expired
from tests.support.kube_api.lists import selection
from tests.support.kube_api.paths import Target
from tests.support.kube_api.rest import Rest
from tests.support.kube_api.selectors import Matches
from tests.support.kube_api.store import ADDED, DELETED, MODIFIED, Change, Follower, Object

INITIAL_END: Final = "k8s.io/initial-events-end"
_SHORTEST: Final = 1800.0
_LAST_MARK: Final = 2.0


@record
class Watch:
    """One watch. `is_over` tells whether the server wants it to end."""

    rest: Rest
    target: Target
    query: Mapping[str, str]
    is_over: Callable[[], bool]
    bookmark_seconds: float

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield events until the time is up."""
        matches = selection(self.target, self.query)
        ends = time.monotonic() + (float(self.query.get("timeoutSeconds") or 0) or _SHORTEST * (1 + random.random()))
        start, first = self._first_events(matches)
        follower = self.rest.store.follow(self.target.kind.storage, start)
        if follower is None:
            said = f"too old resource version: {start} ({self.rest.store.compacted})"
            yield {"type": "ERROR", "object": expired(said).status()}
            return
        try:
            yield from first
            yield from self._later_events(follower, matches, ends)
        finally:
            self.rest.store.unfollow(follower)

    def _first_events(self, matches: Matches) -> tuple[int, list[dict[str, Any]]]:
        """Return from which version on changes are told, and what is told before: all, if no version is given."""
        given = self.query.get("resourceVersion") or "0"
        if not given.isdecimal():
            raise bad_request(f"invalid resource version {given!r}")
        wants_all = self.query.get("sendInitialEvents") == "true"
        if given != "0" and not wants_all:
            return int(given), []
        found, version = self.rest.store.all(self.target.kind.storage)
        events = [self._event(ADDED, each) for _, each in found if matches(each)]
        if wants_all:
            events.append(self._bookmark(version, {INITIAL_END: "true"}))
        return version, events

    def _later_events(self, follower: Follower, matches: Matches, ends: float) -> Iterator[dict[str, Any]]:
        changed = self.rest.store.changed
        marks = "allowWatchBookmarks" in self.query
        next_mark = self._next_mark(ends)
        while not self.is_over():
            with changed:
                now = time.monotonic()
                if not follower.waiting and now < min(ends, next_mark):
                    changed.wait(min(ends, next_mark) - now)
                changes = [follower.waiting.popleft() for _ in range(len(follower.waiting))]
                version = self.rest.store.version
            yield from filter(None, (self._tell(change, matches) for change in changes))
            now = time.monotonic()
            if now >= next_mark:
                next_mark = self._next_mark(ends)
                if marks:
                    yield self._bookmark(version)
            if now >= ends:
                return

    def _next_mark(self, ends: float) -> float:
        """Return when to tell how far the watch is: now and then, and before it ends."""
        now = time.monotonic()
        last = ends - _LAST_MARK
        return min(now + self.bookmark_seconds, last) if last > now else now + self.bookmark_seconds

    def _tell(self, change: Change, matches: Matches) -> dict[str, Any] | None:
        was = change.former is not None and matches(change.former)
        is_now = change.current is not None and matches(change.current)
        if is_now:
            return self._event(MODIFIED if was else ADDED, change.last)
        if was:
            assert change.former is not None
            versioned = change.former["metadata"] | {"resourceVersion": str(change.version)}
            return self._event(DELETED, change.former | {"metadata": versioned})
        return None

    def _event(self, kind: str, found: Object) -> dict[str, Any]:
        return {"type": kind, "object": self.rest.convert(self.target.kind, [found])[0]}

    def _bookmark(self, version: int, annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
        metadata: dict[str, Any] = {"resourceVersion": str(version), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        kind = self.target.kind
        return {"type": "BOOKMARK", "object": {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}}
