"""When a key, or any signature, counts: what is signed before or after does not."""

from datetime import datetime

from cosignpy.errors import UsageError
from cosignpy.values import value


@value
class KeyWindow:
    """From a first moment on until a moment that is not in it any more; one of them may be open.

    It is compared with the earliest time that an authority or a log vouches for: the signature existed then. Later
    ones say no more, for whoever has a signature can have it stamped again at any time.
    """

    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse one that holds nothing, or everything.

        Raises:
            UsageError: It has neither start nor end, ends before it starts, or does not say in which time zone.
        """
        if self.start is None and self.end is None:
            raise UsageError("a time in which a key counts needs a start or an end")
        if any(each is not None and each.tzinfo is None for each in (self.start, self.end)):
            raise UsageError("a time in which a key counts needs a time zone")
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise UsageError("a time in which a key counts ends before it starts")

    def covers(self, moment: datetime) -> bool:
        """Tell whether a moment lies in it."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)

    def __str__(self) -> str:
        since = "" if self.start is None else f"from {self.start.isoformat()} on"
        return " ".join(filter(None, (since, "" if self.end is None else f"before {self.end.isoformat()}")))
