import pytest

from cosignpy.values import replace
from log_server.storage.memory import MemoryObjects, MemoryRoom
from log_server.storage.protocol import HeadMoved, JournalRecord, OutcomeUnknown, StorageError
from log_server.tlog.sequencer import MAX_CLOCK_STEP_MS, ClockWentBack, MustRestart
from log_server.tlog.values import Draft
from tests.support.whole_log import (
    Witnessed,
    check_whole_log,
    draft_of,
    drafts,
    memory_storage,
    open_reader,
    open_sequencer,
)


def test_an_entry_gets_the_next_index_and_the_time() -> None:
    sequencer = open_sequencer(memory_storage())
    published = sequencer.sequence(drafts(0, 3), 7_000)
    assert [(place.index, place.timestamp_ms, place.duplicate) for place in published.places] == [
        (0, 7_000, False),
        (1, 7_000, False),
        (2, 7_000, False),
    ]


def test_the_same_entry_again_gets_the_index_of_the_first() -> None:
    sequencer = open_sequencer(memory_storage())
    sequencer.sequence(drafts(0, 300), 1_000)
    (place,) = sequencer.sequence(drafts(17, 1), 2_000).places
    assert (place.index, place.duplicate, place.proof) == (17, True, b"")


def test_of_equal_entries_in_one_batch_the_first_is_the_original() -> None:
    sequencer = open_sequencer(memory_storage())
    twice = [draft_of("a"), draft_of("b"), draft_of("a")]
    places = sequencer.sequence(twice, 1_000).places
    assert [(place.index, place.duplicate) for place in places] == [(0, False), (1, False), (0, True)]


def test_a_batch_of_duplicates_moves_nothing() -> None:
    storage = memory_storage()
    sequencer = open_sequencer(storage)
    first = sequencer.sequence(drafts(0, 5), 1_000)
    again = sequencer.sequence(drafts(0, 5), 2_000)
    assert (again.size, again.root, again.checkpoint) == (first.size, first.root, first.checkpoint)
    assert len(list(storage.journal.records())) == 1


def test_duplicates_are_known_after_a_restart() -> None:
    storage = memory_storage()
    open_sequencer(storage).sequence(drafts(0, 400), 1_000)
    (place,) = open_sequencer(storage).sequence(drafts(399, 1), 2_000).places
    assert (place.index, place.duplicate) == (399, True)


def test_objects_of_an_entry_are_stored_with_it() -> None:
    storage = memory_storage()
    draft = draft_of("with an attestation")
    named = Draft(draft.content, draft.identity, draft.keys, (("attestations/sha256-00", b"the payload"),))
    open_sequencer(storage).sequence([named], 1_000)
    assert storage.objects.get("attestations/sha256-00") == b"the payload"


@pytest.mark.parametrize("back", [1, MAX_CLOCK_STEP_MS])
def test_a_small_step_back_of_the_clock_is_waited_out(back: int) -> None:
    sequencer = open_sequencer(memory_storage())
    sequencer.sequence(drafts(0, 1), 100_000)
    (place,) = sequencer.sequence(drafts(1, 1), 100_000 - back).places
    assert place.timestamp_ms == 100_000


def test_a_clock_that_was_set_back_stops_the_log_before_anything_is_written() -> None:
    storage = memory_storage()
    sequencer = open_sequencer(storage)
    sequencer.sequence(drafts(0, 1), 100_000)
    with pytest.raises(ClockWentBack):
        sequencer.sequence(drafts(1, 1), 100_000 - MAX_CLOCK_STEP_MS - 1)
    assert len(list(storage.journal.records())) == 1
    sequencer.sequence(drafts(1, 1), 100_001)


def test_with_a_clock_set_back_a_log_still_starts_and_is_read() -> None:
    storage = memory_storage()
    open_sequencer(storage).sequence(drafts(0, 2), 100_000)
    open_sequencer(storage, now_ms=0)
    assert open_reader(storage).tree().size == 2


def test_a_second_writer_is_noticed_at_the_commit_point() -> None:
    storage = memory_storage()
    sequencer = open_sequencer(storage)
    storage.journal.append(JournalRecord(0, 1, b"of another process"))
    with pytest.raises((HeadMoved, MustRestart)):
        sequencer.sequence(drafts(0, 1), 1_000)


def test_an_unknown_outcome_is_never_taken_for_a_refusal() -> None:
    storage = memory_storage()
    sequencer = open_sequencer(storage)

    def refuse(_: JournalRecord) -> None:
        raise OutcomeUnknown("the journal", "the device failed")

    storage.journal.append = refuse  # type: ignore[method-assign]
    with pytest.raises(MustRestart):
        sequencer.sequence(drafts(0, 1), 1_000)


def test_a_name_that_leads_out_of_the_store_is_not_committed() -> None:
    storage = memory_storage()
    draft = draft_of("with an attestation")
    with pytest.raises(ValueError, match="key"):
        open_sequencer(storage).sequence([Draft(draft.content, draft.identity, (), (("../key.pem", b""),))], 1_000)
    assert list(storage.journal.records()) == []


class Refusing(MemoryObjects):
    """Refuses one operation, once it is told to."""

    refuses = ""

    def put(self, name: str, content: bytes) -> None:
        self._refuse("put", name)
        super().put(name, content)

    def delete(self, name: str) -> None:
        self._refuse("delete", name)
        super().delete(name)

    def _refuse(self, operation: str, name: str) -> None:
        if operation == self.refuses:
            raise StorageError(name, "refused by the test")


def test_a_failure_behind_the_commit_point_is_never_taken_for_a_refusal() -> None:
    storage = replace(memory_storage(), objects=Refusing())
    sequencer = open_sequencer(storage)
    storage.objects.refuses = "put"
    with pytest.raises(MustRestart):
        sequencer.sequence(drafts(0, 1), 1_000)
    assert len(list(storage.journal.records())) == 1


def test_a_tile_that_cannot_be_deleted_fails_no_batch(caplog: pytest.LogCaptureFixture) -> None:
    storage, witnessed = replace(memory_storage(), objects=Refusing()), Witnessed()
    sequencer = open_sequencer(storage)
    storage.objects.refuses = "delete"
    for number in range(5):
        batch = drafts(number, 1)
        witnessed.note(batch, sequencer.sequence(batch, 1_000))
    assert check_whole_log(storage, witnessed).size == 5
    assert "tile/0/000.p/1" in caplog.text


class Full(MemoryRoom):
    """Has no room."""

    def check(self) -> None:
        raise StorageError("the disk", "it is nearly full")


def test_without_room_or_time_nothing_is_committed_and_it_can_be_known_beforehand() -> None:
    storage = memory_storage()
    open_sequencer(storage).sequence(drafts(0, 1), 100_000)
    full, early = replace(storage, room=Full()), 100_000 - MAX_CLOCK_STEP_MS - 1
    for kept, now_ms, error in ((full, 100_000, StorageError), (storage, early, ClockWentBack)):
        sequencer = open_sequencer(kept, now_ms=100_000)
        with pytest.raises(error):
            sequencer.check(now_ms)
        with pytest.raises(error):
            sequencer.sequence(drafts(1, 1), now_ms)
    open_sequencer(storage).check(100_000)
    assert open_reader(storage).tree().size == 1


def test_partial_tiles_stay_until_two_more_batches_were_published() -> None:
    storage = memory_storage()
    sequencer = open_sequencer(storage)
    for number in range(4):
        sequencer.sequence(drafts(number, 1), 1_000)
    kept = sorted(name for name in storage.objects.names("tile/") if "tile/0/" in name)
    assert kept == ["tile/0/000.p/3", "tile/0/000.p/4"]


def test_an_unchanged_partial_tile_is_not_taken_for_a_replaced_one() -> None:
    """The tile of level 1 changes once in 256 entries, and is needed all the time."""
    storage = memory_storage()
    sequencer = open_sequencer(storage)
    witnessed = Witnessed()
    for first, count in ((0, 300), (300, 1), (301, 1), (302, 1), (303, 1)):
        batch = drafts(first, count)
        witnessed.note(batch, sequencer.sequence(batch, 1_000))
    check_whole_log(storage, witnessed)
