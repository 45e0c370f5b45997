"""Time and chance as values, so that tests own both."""

import random
import time
from collections.abc import Callable

from cosignpy.values import value


@value
class Clock:
    """What the client knows of time: seconds that only grow, the calendar, a pause, and a die."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    """A number in [0, 1) that spreads retries out; nothing secret depends on it."""
