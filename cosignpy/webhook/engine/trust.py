"""Who is believed where a policy names nobody: a trusted root that is renewed in the background, before it expires.

No admission waits for that. Until there is one, policies that need it refuse images, and say so. What was had last
counts while the mirror cannot be reached, for a limited time.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final

from cosignpy.webhook.engine.messages import NewTrust
from cosignpy.webhook.engine.said import shorten

RENEW_SECONDS: Final = 15 * 60.0
"""The cache asks the mirror only when its metadata is about to expire; else this reads two files."""
FIRST_RETRY: Final = 1.0
LONGEST_RETRY: Final = 60.0
MAX_AGE: Final = 24 * 60 * 60.0
"""Seconds for which a trusted root counts that cannot be renewed any more: it was valid so long ago at the most."""

_LOG: Final = logging.getLogger(__name__)


class DefaultTrust:
    """The trusted root that counts now. `renew` returns it, or raises why it cannot be had."""

    def __init__(
        self, renew: Callable[[], Awaitable[bytes]] | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._renew = renew
        self._monotonic = monotonic
        self._renewed = 0.0
        self.renewed_at = 0.0
        """When it was known to be valid last, in Unix time; 0 where it never was."""
        disabled = "nobody is believed whom the policy does not name: the default trust repository is switched off"
        self._current = NewTrust(b"", "the default trusted root is not there yet; try again" if renew else disabled)
        self._version = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def version(self) -> str:
        """What tells it from others; empty where there is none."""
        return self._version

    def current(self) -> NewTrust:
        """Return it as workers are told; the same object as long as it is the same."""
        return self._current

    def start(self) -> None:
        """Begin to renew it, unless nobody is to be believed."""
        if self._renew is not None:
            self._task = asyncio.get_running_loop().create_task(self._keep_renewing(self._renew))

    async def stop(self) -> None:
        """End that."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _keep_renewing(self, renew: Callable[[], Awaitable[bytes]]) -> None:
        retry = FIRST_RETRY
        while True:
            try:
                self.take(await renew())
            except Exception as error:  # noqa: BLE001 # whatever it is, it is tried again
                self.miss(error)
                await asyncio.sleep(retry)
                retry = min(LONGEST_RETRY, retry * 2)
            else:
                retry = FIRST_RETRY
                await asyncio.sleep(RENEW_SECONDS)

    def take(self, root: bytes) -> None:
        """Take a trusted root that is valid."""
        self._renewed, self.renewed_at = self._monotonic(), time.time()
        version = sha256(root).hexdigest()
        if version != self._version:
            self._version, self._current = version, NewTrust(root, "")

    def miss(self, error: Exception) -> None:
        """Learn that there is none to be had now; the last one counts on, for a time."""
        why = shorten(str(error)).replace("\n", " ")
        if self._version and self._monotonic() - self._renewed < MAX_AGE:
            _LOG.warning("the default trusted root cannot be renewed, and the last one is used: %s", why)
            return
        _LOG.error("there is no default trusted root: %s", why)
        problem = f"the default trusted root cannot be had: {why}"
        if self._version or self._current.problem != problem:
            self._version, self._current = "", NewTrust(b"", problem)
