"""Keeping verdicts in a file while the webhook runs: read at the start, written now and then, and at the end."""

import asyncio
import logging
from typing import Final

from cosignpy.errors import FileError
from cosignpy.webhook.engine.cache import VerdictCache
from cosignpy.webhook.engine.cache_file import CacheFile

SAVE_SECONDS: Final = 60.0

_LOG: Final = logging.getLogger(__name__)


class Saving:
    """Of a cache, in a file; that this fails changes no verdict."""

    def __init__(self, file: CacheFile, cache: VerdictCache, most: int, seconds: float = SAVE_SECONDS) -> None:
        self._file = file
        self._cache = cache
        self._most = most
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the file, and begin to write it."""
        try:
            self._cache.restore(await asyncio.to_thread(self._file.load))
        except FileError as error:
            _LOG.warning("verdicts of before are not used: %s", error)
        self._task = asyncio.get_running_loop().create_task(self._keep_saving())

    async def stop(self) -> None:
        """Write it for the last time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        await self._save()

    async def _keep_saving(self) -> None:
        saved = self._cache.changes
        while True:
            await asyncio.sleep(self._seconds)
            if self._cache.changes != saved:
                saved = self._cache.changes
                await self._save()

    async def _save(self) -> None:
        try:
            await asyncio.to_thread(self._file.save, self._cache.passed(), self._most)
        except FileError as error:
            _LOG.warning("verdicts are not kept: %s", error)
