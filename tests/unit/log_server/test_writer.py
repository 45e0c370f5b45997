"""The writer of a log: what it does when a write fails, when the clock or the disk is in the way, and in its house."""

from collections.abc import Sequence

import pytest

from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.core.note.key_id import log_key_id
from cosignpy.core.note.signed_note import HINT_SIZE, NoteSignature, sign_note
from cosignpy.values import field, record
from log_server.storage.memory import MemoryJournal
from log_server.storage.protocol import OutcomeUnknown, StorageError
from log_server.tlog.publish import CheckpointPublisher
from log_server.tlog.sequencer import MAX_CLOCK_STEP_MS, ClockWentBack, MustRestart, Storage
from log_server.writer import RECOVER_SECONDS, REPUBLISH_SECONDS, SETTLE_SECONDS, LogWriter, Recovering, _is_due
from tests.support.fault_store import (
    FAULTS,
    Faults,
    FaultyIndex,
    FaultyJournal,
    FaultyObjects,
    VolatileIndex,
    VolatileObjects,
)
from tests.support.whole_log import FORM, KEY, ORIGIN, Witnessed, check_whole_log, drafts

START_MS = 1_000_000
WRITES = 6
"""Of a small batch: journal, entries, annotations, tile, index, checkpoint."""


def sign(checkpoint: Checkpoint, _timestamp_ms: int) -> NoteSignature:
    return sign_note(checkpoint.encode(), ORIGIN, log_key_id(ORIGIN, KEY.public_key)[:HINT_SIZE], KEY)


@record
class Room:
    """Room as long as `free`; implements `Room`."""

    free: bool = True

    def check(self) -> None:
        if not self.free:
            raise StorageError("the disk", "it is nearly full")


@record
class Bench:
    """A log on storage that fails as told, and its clock."""

    faults: Faults = field(default_factory=Faults)
    room: Room = field(default_factory=Room)
    objects: VolatileObjects = field(default_factory=VolatileObjects)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    index: VolatileIndex = field(default_factory=VolatileIndex)
    witnessed: Witnessed = field(default_factory=Witnessed)
    now_ms: int = START_MS

    @property
    def behind(self) -> Storage:
        return Storage(self.objects, self.journal, self.index)

    def open(self) -> LogWriter:
        storage = Storage(
            FaultyObjects(self.objects, self.faults),
            FaultyJournal(self.journal, self.faults),
            FaultyIndex(self.index, self.faults),
            self.room,
        )
        return LogWriter(storage, FORM, CheckpointPublisher(storage.objects, ORIGIN, sign, None), self.now_ms)

    def fail(self, after: int, fault: str = "refused") -> None:
        """Let a write fail, the first one or a later one."""
        self.faults.fail_at, self.faults.error = self.faults.count + after, FAULTS[fault]

    def append(self, writer: LogWriter, first: int, count: int = 1) -> Sequence[int]:
        batch = drafts(first, count)
        published = writer.sequence(batch, self.now_ms)
        self.witnessed.note(batch, published)
        return [place.index for place in published.places]

    def tick(self, writer: LogWriter, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)
        writer.tick(self.now_ms)

    def settle(self, writer: LogWriter) -> None:
        """Let a flush begin, and end."""
        self.tick(writer, SETTLE_SECONDS)
        assert writer._flushing is not None
        writer._flushing.join()

    def check(self) -> int:
        return check_whole_log(self.behind, self.witnessed).size


def test_a_write_that_fails_before_the_commit_is_refused_and_the_next_is_taken() -> None:
    bench = Bench()
    writer = bench.open()
    bench.fail(0)
    with pytest.raises(StorageError):
        bench.append(writer, 0)
    assert writer.trouble == ""
    assert bench.append(writer, 0) == [0]
    assert bench.check() == 1


@pytest.mark.parametrize("write", range(1, WRITES))
def test_after_a_write_that_fails_behind_the_commit_the_log_recovers_by_itself(write: int) -> None:
    """The entry is in the log, its client is told to come again, and finds it there."""
    bench = Bench()
    writer = bench.open()
    bench.append(writer, 0, 3)
    bench.fail(write)
    with pytest.raises(Recovering):
        bench.append(writer, 3)
    with pytest.raises(Recovering):
        bench.append(writer, 4)
    assert writer.trouble
    bench.tick(writer, RECOVER_SECONDS / 2)
    assert writer.trouble
    bench.tick(writer, RECOVER_SECONDS / 2)
    assert writer.trouble == ""
    assert bench.append(writer, 3) == [3]
    assert bench.append(writer, 4) == [4]
    assert bench.check() == 5


def test_a_recovery_that_fails_is_tried_again() -> None:
    bench = Bench()
    writer = bench.open()
    bench.fail(1)
    with pytest.raises(Recovering):
        bench.append(writer, 0)
    bench.fail(0)
    bench.tick(writer, RECOVER_SECONDS)
    assert "refused" in writer.trouble
    bench.tick(writer, RECOVER_SECONDS)
    assert writer.trouble == ""
    assert bench.append(writer, 0) == [0]


@pytest.mark.parametrize("write", range(WRITES))
def test_where_nobody_knows_what_was_written_the_process_has_to_end(write: int) -> None:
    bench = Bench()
    writer = bench.open()
    bench.fail(write, "unknown")
    with pytest.raises(MustRestart):
        bench.append(writer, 0)
    bench.faults.restart()
    assert bench.append(bench.open(), 0) == [0]
    assert bench.check() == 1


def test_a_flush_makes_durable_what_was_there_and_forgets_the_journal_before_it() -> None:
    bench = Bench()
    writer = bench.open()
    for first in range(0, 700, 100):
        bench.append(writer, first, 100)
    bench.settle(writer)
    assert next(bench.journal.records()).start == 0
    bench.settle(writer)
    assert next(bench.journal.records()).start == 500
    bench.objects.cut_power()
    bench.index.cut_power()
    assert bench.append(bench.open(), 700) == [700]
    assert bench.check() == 701


def test_a_flush_that_is_under_way_is_not_begun_again() -> None:
    bench = Bench()
    writer = bench.open()
    bench.append(writer, 0)
    bench.settle(writer)
    before = writer._flushing
    bench.tick(writer, SETTLE_SECONDS / 2)
    assert writer._flushing is before


@pytest.mark.parametrize("write", [0, 1], ids=["tiles", "index"])
def test_a_flush_that_fails_ends_the_process_and_forgets_nothing(write: int) -> None:
    bench = Bench()
    writer = bench.open()
    for first in range(0, 700, 100):
        bench.append(writer, first, 100)
    bench.fail(1 + write, "unknown")  # the first write is that of forgetting
    bench.settle(writer)
    with pytest.raises(OutcomeUnknown):
        writer.tick(bench.now_ms)
    with pytest.raises(OutcomeUnknown):
        writer.close()
    assert next(bench.journal.records()).start == 0


def test_a_journal_that_cannot_forget_yet_forgets_later() -> None:
    """On a disk that became read-only, whoever only reads has to be served as before."""
    bench = Bench()
    writer = bench.open()
    for first in range(0, 700, 100):
        bench.append(writer, first, 100)
    bench.settle(writer)
    bench.fail(0)
    bench.settle(writer)
    assert (next(bench.journal.records()).start, writer.trouble) == (0, "")
    bench.settle(writer)
    assert next(bench.journal.records()).start == 500
    bench.fail(2)  # after those of making durable
    writer.close()
    assert bench.check() == 700


def test_closing_makes_everything_durable() -> None:
    bench = Bench()
    writer = bench.open()
    for first in range(0, 700, 100):
        bench.append(writer, first, 100)
    writer.close()
    bench.objects.cut_power()
    bench.index.cut_power()
    assert next(bench.journal.records()).start == 500
    assert bench.check() == 700


def test_an_idle_log_signs_its_checkpoint_again() -> None:
    bench = Bench()
    writer = bench.open()
    bench.append(writer, 0)
    bench.tick(writer, 0)
    writes = bench.faults.count
    bench.tick(writer, 1)
    assert bench.faults.count == writes
    bench.tick(writer, REPUBLISH_SECONDS)
    assert bench.faults.count > writes


def test_without_room_nothing_is_committed_and_known_entries_are_answered() -> None:
    bench = Bench()
    writer = bench.open()
    bench.append(writer, 0)
    bench.room.free = False
    committed = list(bench.journal.records())
    with pytest.raises(StorageError) as caught:
        bench.append(writer, 1)
    assert caught.value.why == "it is nearly full"
    assert list(bench.journal.records()) == committed
    assert bench.append(writer, 0) == [0]
    bench.tick(writer, 1)
    assert writer.trouble == "it is nearly full"
    bench.room.free = True
    bench.tick(writer, 1)
    assert writer.trouble == ""
    assert bench.append(writer, 1) == [1]


def test_a_clock_that_went_back_is_a_refusal_until_it_is_set() -> None:
    bench = Bench()
    writer = bench.open()
    bench.append(writer, 0)
    bench.now_ms = START_MS - MAX_CLOCK_STEP_MS
    assert bench.append(writer, 1) == [1]
    bench.now_ms -= 1
    with pytest.raises(ClockWentBack):
        bench.append(writer, 2)
    assert bench.append(writer, 0) == [0]
    bench.tick(writer, 0)
    assert "before the time of the last entry" in writer.trouble
    bench.now_ms = START_MS
    bench.tick(writer, 0)
    assert writer.trouble == ""
    assert bench.append(writer, 2) == [2]
    assert bench.check() == 3


@pytest.mark.parametrize(
    ("now_ms", "due"), [(999, False), (1_000, True), (5_000, True), (-9_000, False), (-9_001, True), (-500_000, True)]
)
def test_what_is_due_regularly_is_due_after_the_clock_was_set_back(now_ms: int, due: bool) -> None:
    assert _is_due(1_000, 10, now_ms) is due
