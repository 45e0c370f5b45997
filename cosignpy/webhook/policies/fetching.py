"""What policies name outside of the cluster, fetched in the background: nobody who asks about an image waits for it.

Texts on the web, keys in a KMS and TUF repositories: each is fetched by a thread, and again after a while where that
failed. A repository is asked again before what it said expires. What was had once is kept until there is better.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Final, Protocol, TypeAlias

from cosignpy.core.digest import Digest
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.trust.trusted_root import parse_trusted_root
from cosignpy.errors import CosignError, MalformedError
from cosignpy.imagepolicy.model import Remote
from cosignpy.imagepolicy.trust_roots import TufRepository
from cosignpy.values import field, record, replace, value

MAX_THREADS: Final = 4
"""Fetches at a time; whoever stalls keeps the others waiting no longer than a fetch may take."""

_DAY: Final = 24 * 60 * 60.0
_SHARE: Final = 4


@value
class KmsKey:
    """A key in a KMS, by its reference."""

    reference: str


Wanted: TypeAlias = Remote | KmsKey | TufRepository
"""What is fetched."""


@value
class RepositoryContent:
    """What a TUF repository says: the trusted root, and when the first piece of its metadata expires."""

    trusted_root: bytes = field(repr=False)
    expires: datetime


class Supplies(Protocol):
    """Where it is had from; each raises a CosignError where it cannot be had."""

    def fetch_text(self, url: str) -> bytes:
        """Return a text of the web, of a limited size, in a limited time."""
        ...

    def load_key(self, reference: str) -> PublicKey:
        """Return the public key in a KMS; UsageError where nothing is installed that knows it."""
        ...

    def read_repository(self, repository: TufRepository) -> RepositoryContent:
        """Return the trusted root of a TUF repository, verified."""
        ...


@value
class Supply:
    """What was had of something, and how it went.

    Attributes:
        content: A text, a key in PEM, or a trusted root; None where it never was had.
        problem: Why the last try failed; empty where it did not, or where there was none.
        is_tried: Whether there was a try.
        expires: When the content does, if ever.
        is_expired: Whether it has; it is kept all the same.
    """

    content: str | None = field(default=None, repr=False)
    problem: str = ""
    is_tried: bool = False
    expires: datetime | None = None
    is_expired: bool = False


@value
class FetchTimes:
    """In seconds: the first pause after a failure, which doubles up to the longest, and how long a key in a KMS holds.

    `soonest` is how long a repository is left alone at least.
    """

    first: float = 1.0
    longest: float = 300.0
    key_lifetime: float = 3600.0
    soonest: float = 60.0


_NOTHING: Final = Supply()


class Fetcher:
    """Fetches what is wanted, and tells of what changed; used in the event loop."""

    def __init__(
        self,
        supplies: Supplies,
        tell: Callable[[Wanted], None],
        times: FetchTimes | None = None,
        wall: Callable[[], datetime] | None = None,
    ) -> None:
        self._supplies = supplies
        self._tell = tell
        self._times = times or FetchTimes()
        self._wall = wall or (lambda: datetime.now(UTC))
        self._threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="policy-fetch")
        self._kept: dict[Wanted, Supply] = {}
        self._tasks: dict[Wanted, asyncio.Task[None]] = {}

    def want(self, wanted: Iterable[Wanted]) -> None:
        """Fetch these from now on, and nothing else."""
        asked = set(wanted)
        for each in self._tasks.keys() - asked:
            self._tasks.pop(each).cancel()
            self._kept.pop(each, None)
        for each in asked - self._tasks.keys():
            self._tasks[each] = asyncio.get_running_loop().create_task(self._follow(each))

    def get(self, wanted: Wanted) -> Supply:
        """Return what was had."""
        return self._kept.get(wanted, _NOTHING)

    @property
    def is_settled(self) -> bool:
        """Whether all that is wanted was tried once."""
        return self._tasks.keys() <= self._kept.keys()

    def close(self) -> None:
        """Stop; a fetch that is under way ends by itself."""
        for each in self._tasks.values():
            each.cancel()
        self._tasks.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _follow(self, wanted: Wanted) -> None:
        progress = _Progress()
        while True:
            supply = await self._try(wanted, progress)
            if supply != self.get(wanted):
                self._kept[wanted] = supply
                self._tell(wanted)
            pause = self._pause(wanted, supply, progress)
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def _try(self, wanted: Wanted, progress: "_Progress") -> Supply:
        before = self.get(wanted)
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, partial(_fetch, self._supplies, wanted))
        except Exception as error:  # noqa: BLE001 - whatever it is: told, and tried again
            progress.failures += 1
            said = str(error) if isinstance(error, CosignError) else f"it cannot be read ({type(error).__name__})"
            found = replace(before, problem=said, is_tried=True)
        else:
            progress.failures = 0
            progress.asked = self._wall()
        expired = found.expires is not None and found.expires <= self._wall()
        return replace(found, is_expired=expired)

    def _pause(self, wanted: Wanted, supply: Supply, progress: "_Progress") -> float | None:
        """Return after how many seconds to try again; None for never."""
        now = self._wall()
        if progress.failures:
            pause = min(self._times.first * 2.0 ** min(progress.failures - 1, 30), self._times.longest)
            pause *= 0.5 + random.random() / 2  # noqa: S311 - so that replicas do not ask at the same moment
        elif isinstance(wanted, KmsKey):
            return self._times.key_lifetime
        elif supply.expires is None or progress.asked is None:
            return None
        else:
            lifetime = (supply.expires - progress.asked).total_seconds()
            due = (supply.expires - now).total_seconds()
            pause = due if _is_archive(wanted) else due - min(_DAY, lifetime / _SHARE)
            pause = max(pause, self._times.soonest)
        if supply.expires is not None and not supply.is_expired:
            pause = min(pause, max((supply.expires - now).total_seconds(), 0.0) + self._times.first)
        return pause


@record
class _Progress:
    """How it went so far."""

    failures: int = 0
    asked: datetime | None = None


def _is_archive(wanted: Wanted) -> bool:
    """Tell whether something is a repository that comes with its TrustRoot, so that nobody has anything newer."""
    return isinstance(wanted, TufRepository) and not wanted.mirror


def _fetch(supplies: Supplies, wanted: Wanted) -> Supply:
    if isinstance(wanted, KmsKey):
        return Supply(supplies.load_key(wanted.reference).encode_pem().decode(), is_tried=True)
    if isinstance(wanted, TufRepository):
        found = supplies.read_repository(wanted)
        parse_trusted_root(found.trusted_root)
        return Supply(found.trusted_root.decode(), is_tried=True, expires=found.expires)
    return Supply(_read_text(supplies.fetch_text(wanted.url), wanted), is_tried=True)


def _read_text(raw: bytes, wanted: Remote) -> str:
    """Return a text that is the one that was meant; what is wrong is said as the policy controller does."""
    digest = Digest.of(raw).hex
    if digest != wanted.sha256sum.lower():
        why = f"failed to check sha256sum from policy remote: {wanted.sha256sum} got {digest}"
        raise MalformedError(wanted.url, why)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedError(wanted.url, "the text is not UTF-8") from error
