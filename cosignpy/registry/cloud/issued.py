"""Credentials that clouds issue for a while, kept until shortly before their end."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cosignpy.values import field, record, value

if TYPE_CHECKING:
    from cosignpy.net.clock import Clock
    from cosignpy.registry.credentials import Credential

MARGIN: Final = 300.0
"""Seconds before its end in which a credential is replaced; of one that lives shortly, a tenth of its life."""
RETRY_AFTER: Final = 60.0
"""Seconds after which a cloud that had nothing for us is asked again."""
CONNECT_SECONDS: Final = 4.0
READ_SECONDS: Final = 10.0
"""How long a service of a cloud may take for one answer."""


@value
class Issued:
    """A credential, and when it ends in seconds of the epoch."""

    credential: "Credential" = field(repr=False)
    ends_at: float


@record
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    credential: "Credential | None" = field(default=None, repr=False)
    good_until: float = 0.0


class IssuedCredentials:
    """Remembers what was issued, for whom it was; safe to share among threads, which wait for one answer."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[tuple[str, ...], _Slot] = {}

    def get(self, key: tuple[str, ...], fetch: Callable[[], Issued | None]) -> "Credential | None":
        """Return what is kept, or fetch it; None where the cloud has nothing for us.

        Raises:
            CosignError: As `fetch`; nothing of it is remembered.
        """
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
        with slot.lock:
            now = self._clock.wall()
            if now >= slot.good_until:
                issued = fetch()
                slot.credential = issued.credential if issued is not None else None
                slot.good_until = _good_until(issued, now)
            return slot.credential


def _good_until(issued: Issued | None, now: float) -> float:
    if issued is None:
        return now + RETRY_AFTER
    return issued.ends_at - min(MARGIN, max(0.0, issued.ends_at - now) / 10)
