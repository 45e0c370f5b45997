"""The default trusted root: renewed in the background, and kept for a time where that fails."""

import asyncio

import pytest

from cosignpy.errors import Unreachable
from cosignpy.webhook.engine import trust
from cosignpy.webhook.engine.trust import MAX_AGE, DefaultTrust

AWAY = Unreachable("mirror", "https://mirror", None, "no answer in time")


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nobody_is_believed_before_there_is_one() -> None:
    async def never() -> bytes:
        raise AWAY

    assert "not there yet" in DefaultTrust(never).current().problem
    assert "switched off" in DefaultTrust(None).current().problem


def test_the_same_root_is_the_same_trust() -> None:
    known = DefaultTrust(None)
    known.take(b"root")
    first, version = known.current(), known.version
    known.take(b"root")
    assert (known.current() is first, first.root, first.problem) == (True, b"root", "")
    known.take(b"another")
    assert known.version != version
    assert known.current().root == b"another"


def test_the_last_one_counts_for_a_time() -> None:
    time = Time()
    known = DefaultTrust(None, time)
    known.take(b"root")
    time.now = MAX_AGE - 1
    known.miss(AWAY)
    assert known.current().root == b"root"
    time.now = MAX_AGE
    known.miss(AWAY)
    assert (known.version, known.current().root) == ("", b"")
    assert "no answer in time" in known.current().problem
    before = known.current()
    known.miss(AWAY)
    assert known.current() is before


def test_it_is_renewed_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "FIRST_RETRY", 0.001)
    monkeypatch.setattr(trust, "RENEW_SECONDS", 0.001)
    answers: list[Exception | bytes] = [AWAY, b"one", AWAY, RuntimeError("a bug"), b"two"]
    seen = list[str]()

    async def run() -> None:
        done = asyncio.Event()

        async def renew() -> bytes:
            if known.version and known.version not in seen:
                seen.append(known.version)
            if not answers:
                done.set()
                return b"two"
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        known = DefaultTrust(renew)
        known.start()
        await asyncio.wait_for(done.wait(), 10)
        await known.stop()

    asyncio.run(run())
    assert len(seen) == 2


def test_where_nobody_is_to_be_believed_nothing_is_renewed() -> None:
    async def run() -> None:
        known = DefaultTrust(None)
        known.start()
        await known.stop()

    asyncio.run(run())
