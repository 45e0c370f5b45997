"""Every gap between two writes: stop there, restart, verify the whole log (style: commit order is visible)."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from cosignpy.values import value
from log_server.storage.memory import MemoryJournal
from log_server.storage.protocol import StorageError
from log_server.tlog.sequencer import MustRestart, Sequencer, Storage
from log_server.tlog.values import Draft
from tests.support.fault_store import (
    FAULTS,
    Crash,
    Faults,
    FaultyIndex,
    FaultyJournal,
    FaultyObjects,
    Moment,
    VolatileIndex,
    VolatileObjects,
)
from tests.support.whole_log import Witnessed, check_whole_log, drafts, open_sequencer

BATCHES = [drafts(0, 3), drafts(3, 250), [*drafts(253, 4), *drafts(0, 2)], drafts(257, 1), drafts(258, 10)]
"""A partial tile, one that is nearly full, one that a batch with duplicates finishes, and partial ones after it."""


@value
class Bench:
    """Storage that fails as told, and the storage behind it that survives."""

    faults: Faults
    faulty: Storage
    behind: Storage

    @classmethod
    def build(cls) -> "Bench":
        faults = Faults()
        behind = Storage(VolatileObjects(), MemoryJournal(), VolatileIndex())
        faulty = Storage(
            FaultyObjects(behind.objects, faults),
            FaultyJournal(behind.journal, faults),
            FaultyIndex(behind.index, faults),
        )
        return cls(faults, faulty, behind)

    def cut_power(self) -> None:
        for part in (self.behind.objects, self.behind.index):
            assert isinstance(part, VolatileObjects | VolatileIndex)
            part.cut_power()


def run(sequencer: Sequencer, witnessed: Witnessed, batches: list[list[Draft]]) -> None:
    for number, batch in enumerate(batches, 1):
        witnessed.note(batch, sequencer.sequence(batch, number * 1_000))


def count_writes() -> int:
    bench = Bench.build()
    sequencer = open_sequencer(bench.faulty)
    before = bench.faults.count
    run(sequencer, Witnessed(), BATCHES)
    return bench.faults.count - before


WRITES = count_writes()


def faults() -> Iterator[tuple[int, Moment, str]]:
    for at in range(WRITES):
        yield at, Moment.BEFORE, "crash"
        yield at, Moment.AFTER, "crash"
        yield at, Moment.BEFORE, "refused"
        yield at, Moment.BEFORE, "unknown"
        yield at, Moment.AFTER, "unknown"


def test_there_are_gaps_to_test() -> None:
    assert 5 * len(BATCHES) < WRITES


@pytest.mark.parametrize("lose", [lambda _: None, Bench.cut_power], ids=["process killed", "power cut"])
@pytest.mark.parametrize(("at", "moment", "fault"), tuple(faults()))
def test_nothing_acknowledged_is_lost_wherever_it_stops(
    at: int, moment: Moment, fault: str, lose: Callable[[Bench], None]
) -> None:
    bench = Bench.build()
    sequencer = open_sequencer(bench.faulty)
    witnessed = Witnessed()
    bench.faults.fail_at, bench.faults.moment = bench.faults.count + at, moment
    bench.faults.error = FAULTS[fault]
    with suppress(Crash, StorageError, MustRestart):  # a tile that cannot be deleted stops nothing
        run(sequencer, witnessed, BATCHES)
    assert bench.faults.fail_at is not None
    assert bench.faults.count > bench.faults.fail_at
    lose(bench)
    bench.faults.restart()
    restarted = open_sequencer(bench.faulty, 10_000)
    check_whole_log(bench.behind, witnessed)
    run(restarted, witnessed, BATCHES)
    assert check_whole_log(bench.behind, witnessed).size == 268


@pytest.mark.parametrize("at", range(0, WRITES, 3))
def test_recovery_may_be_interrupted_as_well(at: int) -> None:
    """Crash at a write, restart, crash at every write of the recovery in turn, restart again."""
    bench = Bench.build()
    sequencer = open_sequencer(bench.faulty)
    witnessed = Witnessed()
    bench.faults.fail_at = bench.faults.count + at
    with pytest.raises(Crash):
        run(sequencer, witnessed, BATCHES)
    bench.cut_power()
    for again in range(1_000):
        bench.faults.restart()
        bench.faults.fail_at = bench.faults.count + again
        try:
            open_sequencer(bench.faulty, 10_000)
        except Crash:
            continue
        break
    bench.faults.restart()
    check_whole_log(bench.behind, witnessed)


def test_a_refused_commit_changes_nothing_and_the_log_goes_on() -> None:
    bench = Bench.build()
    sequencer = open_sequencer(bench.faulty)
    witnessed = Witnessed()
    run(sequencer, witnessed, BATCHES[:2])
    bench.faults.fail_at, bench.faults.error = bench.faults.count, FAULTS["refused"]
    with pytest.raises(StorageError):
        sequencer.sequence(BATCHES[2], 5_000)
    bench.faults.fail_at = None
    run(sequencer, witnessed, BATCHES)
    assert check_whole_log(bench.behind, witnessed).size == 268
