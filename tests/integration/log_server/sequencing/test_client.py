"""A worker's way to the sequencer, with a real service at the other end: nobody waits in vain."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from log_server.log import TryLater
from log_server.sequencing.client import Answer, SequencerClient
from log_server.sequencing.service import SequencerService
from log_server.storage.protocol import StorageError
from log_server.tlog.values import Draft
from tests.support.gated_log import PATIENCE, GatedLog
from tests.support.whole_log import drafts

MAX_WAITING = 4


class Setting:
    """A log, its service, which can be stopped and started again, and one client."""

    def __init__(self) -> None:
        self.log = GatedLog()
        self.path = Path("log")
        self.client = SequencerClient(self.path, MAX_WAITING)
        self._service: SequencerService | None = None

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        self._service = SequencerService(self.log, self.path, lambda _: None)
        self._service.start()

    async def stop(self) -> None:
        if self._service is not None:
            self.log.gate.set()
            await asyncio.to_thread(self._service.stop)
            self._service = None

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 # it is told by nobody
                await asyncio.sleep(0.005)

    async def taken(self) -> None:
        assert await asyncio.to_thread(self.log.taken.wait, PATIENCE)


@asynccontextmanager
async def connected() -> AsyncIterator[Setting]:
    setting = Setting()
    setting.start()
    setting.client.start()
    await setting.until(lambda: setting.client.connected)
    try:
        yield setting
    finally:
        setting.client.close()
        await setting.stop()


@pytest.fixture(autouse=True)
def _short_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket has to be short


def draft(number: int) -> Draft:
    (made,) = drafts(number, 1)
    return made


def run(scenario: Coroutine[None, None, None]) -> None:
    asyncio.run(scenario)


def test_submissions_of_one_turn_are_answered_with_their_places() -> None:
    async def scenario() -> None:
        async with connected() as setting:
            answers = await asyncio.gather(*(setting.client.submit(draft(number)) for number in range(3)))
            assert [answer.place.index for answer in answers] == [0, 1, 2]
            assert {answer.tree.size for answer in answers} == {3}
            assert setting.log.batches == [3]
            assert setting.client.waiting == 0

    run(scenario())


def test_who_stops_waiting_takes_nobody_with_him_and_his_entry_is_in() -> None:
    async def scenario() -> None:
        async with connected() as setting:
            setting.log.gate.clear()
            waiting = [asyncio.create_task(setting.client.submit(draft(number))) for number in range(3)]
            await setting.taken()
            waiting[1].cancel()
            await asyncio.sleep(0)
            setting.log.gate.set()
            assert [(await waiting[at]).place.index for at in (0, 2)] == [0, 2]
            again = await setting.client.submit(draft(1))
            assert (again.place.index, again.place.duplicate) == (1, True)

    run(scenario())


def test_more_than_may_wait_are_told_to_come_later() -> None:
    async def scenario() -> None:
        async with connected() as setting:
            setting.log.gate.clear()
            waiting = [asyncio.create_task(setting.client.submit(draft(number))) for number in range(MAX_WAITING)]
            await setting.taken()
            with pytest.raises(TryLater) as refused:
                await setting.client.submit(draft(100))
            assert refused.value.retry_after > 0
            setting.log.gate.set()
            assert len(await asyncio.gather(*waiting)) == MAX_WAITING
            assert (await setting.client.submit(draft(100))).place.index == MAX_WAITING

    run(scenario())


def test_a_refused_batch_is_told_to_those_who_wait() -> None:
    async def scenario() -> None:
        async with connected() as setting:
            setting.log.refusal = StorageError("the disk", "it is full")
            with pytest.raises(TryLater) as refused:
                await setting.client.submit(draft(0))
            assert refused.value.why == "the log cannot take entries now: it is full"
            setting.log.refusal = None
            assert (await setting.client.submit(draft(0))).place.index == 0

    run(scenario())


def test_when_the_sequencer_goes_away_nobody_waits_for_it_and_the_next_one_is_found() -> None:
    async def scenario() -> None:
        async with connected() as setting:
            setting.log.refusal = ValueError("the sequencer ends here")
            with pytest.raises(TryLater):
                await setting.client.submit(draft(0))
            await setting.stop()
            assert not setting.client.connected
            with pytest.raises(TryLater):
                await setting.client.submit(draft(0))
            setting.log.refusal = None
            setting.start()
            await setting.until(lambda: setting.client.connected)
            answer: Answer = await setting.client.submit(draft(0))
            assert answer.place.index == 0

    run(scenario())


def test_who_waits_when_the_worker_ends_is_told_so() -> None:
    async def scenario() -> None:
        async with connected() as setting:
            setting.log.gate.clear()
            waiting = asyncio.create_task(setting.client.submit(draft(0)))
            await setting.taken()
            setting.client.close()
            with pytest.raises(TryLater):
                await waiting

    run(scenario())
