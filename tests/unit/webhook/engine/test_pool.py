"""The worker processes: told what they need, asked, and started again."""

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cosignpy.webhook.engine import pool as module
from cosignpy.webhook.engine.connection import Connection
from cosignpy.webhook.engine.messages import (
    LENGTH,
    MAX_MESSAGE,
    Answer,
    Extend,
    Found,
    NewPolicy,
    NewTrust,
    OldPolicies,
    Question,
    Resolve,
    Setup,
)
from cosignpy.webhook.engine.pool import Known, Pool, WorkerLost
from cosignpy.webhook.ports import CompiledPolicy
from tests.support.fake_workers import FakeWorkers, Hangup, passing
from tests.support.image_policies import BY_KEY, document
from tests.support.webhook_engine import compiled

SETUP = Setup(1, 1 << 30, "", (), False, True, False, 1, 1)
POLICY = compiled(document(BY_KEY))


class Trust:
    def __init__(self) -> None:
        self.current = NewTrust(b"root", "")

    def __call__(self) -> NewTrust:
        return self.current


def resolve(number: int) -> Resolve:
    return Resolve(number, "registry.example/app", "v1", "", "", (), 0.0)


def in_time(seconds: float = 10.0) -> Callable[[], float]:
    until = time.monotonic() + seconds
    return lambda: until


def run(
    workers: FakeWorkers,
    scenario: Callable[[Pool], Awaitable[Any]],
    size: int = 1,
    trust: Trust | None = None,
) -> Any:
    async def start() -> Any:
        pool = Pool(size, Known(SETUP, trust or Trust()), workers.spawn)
        await pool.start()
        try:
            return await scenario(pool)
        finally:
            await pool.stop()

    return asyncio.run(start())


async def ask(pool: Pool, number: int, *policies: CompiledPolicy, seconds: float = 10.0) -> Answer:
    return await pool.ask(resolve(number), policies, in_time(seconds))


def test_a_worker_is_told_once_what_it_needs() -> None:
    workers, trust = FakeWorkers(passing), Trust()

    async def scenario(pool: Pool) -> None:
        await ask(pool, 1, POLICY)
        await ask(pool, 2, POLICY)
        trust.current = NewTrust(b"", "gone")
        await ask(pool, 3)
        pool.forget({"other", POLICY.version})
        pool.forget({POLICY.version})
        await ask(pool, 4, POLICY)

    run(workers, scenario, trust=trust)
    assert workers.told(Setup) == [SETUP]
    assert workers.told(NewTrust) == [NewTrust(b"root", ""), NewTrust(b"", "gone")]
    assert workers.told(OldPolicies) == [OldPolicies((POLICY.version,))]
    assert workers.told(NewPolicy) == [NewPolicy(POLICY.version, POLICY.encoded)] * 2


def test_questions_go_to_who_has_the_fewest() -> None:
    workers = FakeWorkers(lambda question: None if question.number < 3 else passing(question))

    async def scenario(pool: Pool) -> tuple[int, int]:
        waiting = [asyncio.create_task(ask(pool, number)) for number in (1, 2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        pool.extend(1, 99.0)
        pool.extend(7, 99.0)
        await ask(pool, 3)
        for task in waiting:
            task.cancel()
        return pool.waiting, pool.running

    assert run(workers, scenario, size=2) == (2, 2)
    assert [len([m for m in each.told if isinstance(m, Resolve)]) for each in workers.started] in ([2, 1], [1, 2])
    assert workers.told(Extend) == [Extend(1, 99.0)]


def test_a_question_is_asked_once_more_where_a_worker_dies() -> None:
    asked = list[int]()

    def die_first(question: Question) -> Answer:
        asked.append(question.number)
        if len(asked) == 1:
            raise Hangup
        return passing(question)

    workers = FakeWorkers(die_first)

    async def scenario(pool: Pool) -> tuple[Answer, int]:
        return await ask(pool, 5), pool.deaths

    answer, deaths = run(workers, scenario)
    assert isinstance(answer, Found)
    assert (asked, deaths, len(workers.started)) == ([5, 5], 1, 2)


def test_a_question_that_kills_two_workers_fails() -> None:
    def die(_question: Question) -> Answer:
        raise Hangup

    async def scenario(pool: Pool) -> None:
        with pytest.raises(WorkerLost):
            await ask(pool, 1)

    run(FakeWorkers(die), scenario)


def test_what_is_no_answer_ends_a_worker() -> None:
    answers = [LENGTH.pack(MAX_MESSAGE + 1), LENGTH.pack(1) + b"\xc1"]
    workers = FakeWorkers(lambda _question: answers.pop(0))

    async def scenario(pool: Pool) -> None:
        with pytest.raises(WorkerLost):
            await ask(pool, 1)

    run(workers, scenario)
    assert answers == []


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    extra = FakeWorkers(lambda question: _encode(Found(99)) + _encode(passing(question)))

    async def scenario(pool: Pool) -> Answer:
        return await ask(pool, 1)

    assert run(extra, scenario).number == 1


def _encode(answer: Answer) -> bytes:
    from cosignpy.webhook.engine.messages import encode

    return encode(answer)


@pytest.mark.parametrize(("silent_for", "is_killed"), [(100.0, False), (0.0, True)])
def test_a_worker_that_is_silent_for_long_is_killed(
    monkeypatch: pytest.MonkeyPatch, silent_for: float, is_killed: bool
) -> None:
    monkeypatch.setattr(module, "OVERDUE", 0.05)
    monkeypatch.setattr(module, "STUCK", silent_for)
    workers = FakeWorkers(lambda _question: None)

    async def scenario(pool: Pool) -> None:
        with pytest.raises(WorkerLost):
            await ask(pool, 1, seconds=0.05)

    run(workers, scenario)
    assert workers.started[0].killed == is_killed


def test_without_a_worker_nobody_waits_beyond_the_deadline() -> None:
    workers = FakeWorkers(passing)
    workers.failures = 1_000

    async def scenario(pool: Pool) -> int:
        with pytest.raises(WorkerLost):
            await ask(pool, 1, seconds=0.05)
        return pool.running

    assert run(workers, scenario) == 0


def test_a_worker_that_cannot_be_started_is_started_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    workers = FakeWorkers(passing)
    workers.failures = 2

    async def scenario(pool: Pool) -> tuple[Answer, tuple[int, ...]]:
        return await ask(pool, 1), pool.processes

    answer, processes = run(workers, scenario)
    assert isinstance(answer, Found)
    assert processes == (workers.started[0].pid,)


def test_a_worker_that_lived_long_is_started_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONG_LIFE", -1.0)
    deaths = list[int]()

    def die_often(question: Question) -> Answer:
        deaths.append(question.number)
        if len(deaths) % 2:
            raise Hangup
        return passing(question)

    workers = FakeWorkers(die_often)

    async def scenario(pool: Pool) -> int:
        for number in range(3):
            await ask(pool, number)
        return pool.deaths

    assert run(workers, scenario) == 3


def test_one_that_does_not_end_is_ended() -> None:
    class Stubborn:
        pid = 1
        killed = 0

        def poll(self) -> int | None:
            return None

        def kill(self) -> None:
            self.killed += 1

        def wait(self, timeout: float | None = None) -> int:
            if timeout is not None:
                raise subprocess.TimeoutExpired("worker", timeout)
            return -9

    process = Stubborn()
    module._end(process, 0.0)
    assert process.killed == 1


def test_nothing_is_sent_before_there_is_a_connection() -> None:
    connection = Connection(lambda *_: None, lambda _: None)
    connection.send(b"x")
    connection.close()
    connection.data_received(LENGTH.pack(MAX_MESSAGE + 1))
