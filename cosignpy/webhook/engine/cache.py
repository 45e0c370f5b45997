"""Verdicts that are remembered: those that let an image pass for long, others briefly and for one who asks only.

A verdict is found by all that it depends on. What it was made at, and until when it counts, are moments of the
calendar, so that it is not kept longer where a machine slept.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final, NamedTuple, TypeVar

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.values import record
from cosignpy.webhook.verdicts import ImageVerdict

K = TypeVar("K")

MOST_REFUSALS: Final = 2000
"""Refusals that are kept, apart from the rest, which nobody pushes out by asking for images that are refused."""


_LATE: Final = 0.1
"""Of the lifetime of a verdict: in the last tenth it is decided anew."""
_AGAIN: Final = 30.0
"""Seconds after which that is tried again."""


class VerdictKey(NamedTuple):
    """All that a verdict depends on; a tuple, which is fast to look up.

    Attributes:
        image: The full name with its digest.
        policies: What tells the policies about it from others.
        trust: What tells who is believed from others; empty where no policy asks.
        inputs: What tells the object from others; empty where no condition asks.
        settings: What tells settings from others that decide.
    """

    image: str
    policies: str
    trust: str = ""
    inputs: str = ""
    settings: str = ""

    def digest(self) -> str:
        """Return what it is known by in files."""
        return sha256("\n".join(self).encode("utf-8", "surrogatepass")).hexdigest()


@record
class KeptVerdict:
    """A verdict, when it was made, until when it counts, and until when while its registry is away."""

    verdict: ImageVerdict
    made: float
    until: float
    grace_until: float = 0.0
    _asked: float = 0.0

    def counts(self, now: float) -> bool:
        """Tell whether it counts: neither when it is too old, nor before it was made."""
        return self.made <= now < self.until

    def is_due(self, now: float) -> bool:
        """Tell whether it is time to decide anew, before it is too old; not again for a while.

        Whoever runs the image then does not wait for a registry, nor depend on one that is away at that moment.
        """
        first = self.until - (self.until - self.made) * _LATE
        if self.verdict.outcome is not Outcome.PASSED or now < max(first, self._asked):
            return False
        self._asked = now + _AGAIN
        return True

    def has_grace(self, now: float) -> bool:
        """Tell whether it counts while its registry is away."""
        return self.made <= now < self.grace_until


class VerdictCache:
    """Verdicts by their keys, so many at the most; `wall` is the time in seconds of the calendar."""

    def __init__(self, most: int, wall: Callable[[], float]) -> None:
        self._most = most
        self._wall = wall
        self._passed: OrderedDict[VerdictKey, KeptVerdict] = OrderedDict()
        self._refused: OrderedDict[tuple[VerdictKey, str], KeptVerdict] = OrderedDict()
        self._restored: dict[str, KeptVerdict] = {}
        self.changes = 0

    def find(self, key: VerdictKey, identity: str) -> KeptVerdict | None:
        """Return what counts; what had its time is not returned.

        Of refusals only those count that were made with the same credentials: they may tell what others must not know.
        """
        now = self._wall()
        kept = self._passed.get(key)
        if kept is None and self._restored:
            kept = self._restore(key)
        if kept is not None and kept.counts(now):
            self._passed.move_to_end(key)
            return kept
        refused = self._refused.get((key, identity))
        return refused if refused is not None and refused.counts(now) else None

    def is_due(self, kept: KeptVerdict) -> bool:
        """Tell whether a verdict is to be decided anew while it counts."""
        return kept.is_due(self._wall())

    def find_grace(self, key: VerdictKey) -> KeptVerdict | None:
        """Return a verdict that let the image pass, and that counts still while its registry is away."""
        kept = self._passed.get(key)
        return kept if kept is not None and kept.has_grace(self._wall()) else None

    def keep(self, key: VerdictKey, identity: str, kept: KeptVerdict) -> None:
        """Keep a verdict; one that refuses what passed before takes its place."""
        if kept.verdict.outcome is Outcome.PASSED:
            self._passed[key] = kept
            self._passed.move_to_end(key)
            self._refused.pop((key, identity), None)
            self.changes += 1
            _limit(self._passed, self._most)
        else:
            self._refused[key, identity] = kept
            _limit(self._refused, MOST_REFUSALS)

    def withdraw(self, key: VerdictKey) -> None:
        """Forget that an image passed: somebody looked, and it does not any more."""
        if self._passed.pop(key, None) is not None:
            self.changes += 1

    def restore(self, kept: Mapping[str, KeptVerdict]) -> None:
        """Take verdicts of a former run, by the digests of their keys."""
        self._restored = dict(kept)

    def passed(self) -> "list[tuple[VerdictKey | str, KeptVerdict]]":
        """Return what may outlive this run, the newest first, by keys, or by the digests of keys."""
        now, found = self._wall(), list[tuple[VerdictKey | str, KeptVerdict]](reversed(self._passed.items()))
        found += self._restored.items()
        return [(key, kept) for key, kept in found if now < max(kept.until, kept.grace_until)]

    def __len__(self) -> int:
        return len(self._passed) + len(self._refused)

    def _restore(self, key: VerdictKey) -> KeptVerdict | None:
        kept = self._restored.pop(key.digest(), None)
        if kept is not None:
            self._passed[key] = kept
            _limit(self._passed, self._most)
        return kept


def _limit(kept: "OrderedDict[K, KeptVerdict]", most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
