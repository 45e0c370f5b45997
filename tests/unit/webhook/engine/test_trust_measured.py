"""When the default trusted root was known to be valid last: what an alert counts from."""

import time

from cosignpy.errors import Unreachable
from cosignpy.webhook.engine.trust import DefaultTrust


def test_the_moment_is_that_of_the_last_renewal() -> None:
    known = DefaultTrust(None)
    assert known.renewed_at == 0.0
    before = time.time()
    known.take(b"root")
    first = known.renewed_at
    assert before <= first <= time.time()
    known.miss(Unreachable("mirror", "https://mirror.example", None, "no answer in time"))
    assert known.renewed_at == first
    known.take(b"root")
    assert known.renewed_at >= first
