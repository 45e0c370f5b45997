"""Filling the bundles: as soon as one lacks an authority that is kept, whoever changed it, and only that part of it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from cosignpy.errors import ClusterError, Conflict
from cosignpy.webhook.certificates.bundles import Bundles, with_bundle
from cosignpy.webhook.ports import ClusterApi, ObjectCache, ResourceType


class BundleFilling:
    """Watches the objects that have the bundle, from the first time that it is asked to fill them.

    `problem` says why one was not filled.
    """

    def __init__(self, api: ClusterApi, bundles: Bundles, look: Callable[[], None]) -> None:
        self._api = api
        self._bundles = bundles
        self._look = look
        self._watched: list[tuple[ResourceType, str, ObjectCache]] = []
        self._complete: tuple[bytes, datetime] | None = None
        self.problem = ""

    async def fill(self, bundle: bytes, now: datetime) -> timedelta | None:
        """Put the bundle where it is missing. Return for how long it has been everywhere; None where it was not."""
        self._watch()
        self.problem = ""
        missing = [await self._fill(kind, name, cache, bundle) for kind, name, cache in self._watched]
        if any(missing):
            self._complete = None
            return None
        if self._complete is None or self._complete[0] != bundle:
            self._complete = (bundle, now)
        return now - self._complete[1]

    def _watch(self) -> None:
        if not self._watched:
            for kind, name in self._bundles.places:
                cache = self._api.watch(kind, fields=f"metadata.name={name}")
                cache.on_change(lambda _namespace, _name: self._look())
                self._watched.append((kind, name, cache))

    async def _fill(self, kind: ResourceType, name: str, cache: ObjectCache, bundle: bytes) -> bool:
        """Fill an object; return whether it is not known to have the bundle yet."""
        try:
            found = cache.get("", name) if cache.is_synced else await self._api.get(kind, "", name)
            if found is None:
                return False
            filled = with_bundle(found, bundle)
            if filled is found:
                return False
            await self._api.update(kind, "", filled)
        except Conflict:
            return True  # somebody was quicker, and the watch will say what it has become
        except ClusterError as error:
            self.problem = f"{error}{f'; {error.hint}' if error.hint else ''}"
        return True

    async def is_complete(self, bundle: bytes) -> bool:
        """Ask the API server whether all objects have the bundle, whatever the watches say.

        Raises:
            ClusterError: It does not say.
        """
        for kind, name in self._bundles.places:
            found = await self._api.get(kind, "", name)
            if found is not None and with_bundle(found, bundle) is not found:
                return False
        return True
