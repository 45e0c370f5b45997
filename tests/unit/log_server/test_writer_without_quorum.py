"""A log whose witnesses do not answer: it takes nothing, loses nothing, and goes on when they are back."""

import pytest

from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import parse_checkpoint
from cosignpy.core.note.signed_note import Note, parse_note
from cosignpy.values import field, record
from log_server.storage.memory import MemoryIndex, MemoryJournal, MemoryObjects
from log_server.tlog.entry_form import PlainForm
from log_server.tlog.publish import CheckpointPublisher, NotCosigned
from log_server.tlog.reader import CHECKPOINT, LogReader
from log_server.tlog.sequencer import Storage
from log_server.tlog.values import Draft, leaf_key
from log_server.writer import RECOVER_SECONDS, LogWriter, Recovering
from tests.support.notes import signed_text
from tests.support.witnesses import LOG, new_key

KEY = new_key()


@record
class Switch:
    """A quorum that can be had, or not; it implements `Cosigner`."""

    on: bool = True

    def cosign(self, note: Note) -> Note:
        if not self.on:
            raise NotCosigned("the checkpoint", "nobody is there")
        return note


@record
class Bench:
    """A log in memory, the clock at its disposal, and its witnesses."""

    storage: Storage = field(default_factory=lambda: Storage(MemoryObjects(), MemoryJournal(), MemoryIndex()))
    witnesses: Switch = field(default_factory=Switch)
    now_ms: int = 1_000

    def open(self) -> LogWriter:
        publisher = CheckpointPublisher(
            self.storage.objects,
            LOG,
            lambda checkpoint, _: signed_text(checkpoint.encode(), KEY, LOG).signatures[0],
            self.witnesses,
        )
        return LogWriter(self.storage, PlainForm(), publisher, self.now_ms)

    def published(self) -> int:
        raw = self.storage.objects.get(CHECKPOINT)
        return parse_checkpoint(parse_note(raw).text).size if raw else 0

    def entries(self) -> list[bytes]:
        reader = LogReader(self.storage.objects, self.storage.index, PlainForm())
        return [reader.entry(index)[2:] for index in range(self.published())]

    def wait(self, writer: LogWriter) -> None:
        self.now_ms += RECOVER_SECONDS * 1000
        writer.tick(self.now_ms)


def draft(content: bytes) -> Draft:
    return Draft(content, leaf_key(hash_leaf(content)))


def test_entries_are_refused_without_a_quorum_and_the_one_that_was_caught_is_there_afterwards() -> None:
    bench = Bench()
    writer = bench.open()
    writer.sequence([draft(b"before")], bench.now_ms)
    bench.witnesses.on = False
    for content in (b"caught", b"refused"):
        with pytest.raises(Recovering):
            writer.sequence([draft(content)], bench.now_ms)
    bench.wait(writer)
    with pytest.raises(Recovering):
        writer.sequence([draft(b"refused")], bench.now_ms)
    assert bench.entries() == [b"before"]
    bench.witnesses.on = True
    bench.wait(writer)
    (again, after) = writer.sequence([draft(b"caught"), draft(b"after")], bench.now_ms).places
    assert (again.index, again.duplicate) == (1, True)
    assert (after.index, after.duplicate) == (2, False)
    assert bench.entries() == [b"before", b"caught", b"after"]


def test_a_log_starts_without_a_quorum_and_is_read_as_far_as_it_was_published() -> None:
    bench = Bench()
    writer = bench.open()
    writer.sequence([draft(b"before")], bench.now_ms)
    bench.witnesses.on = False
    with pytest.raises(Recovering):
        writer.sequence([draft(b"caught")], bench.now_ms)
    writer.close()
    writer = bench.open()
    with pytest.raises(Recovering):
        writer.sequence([draft(b"refused")], bench.now_ms)
    bench.wait(writer)
    assert bench.entries() == [b"before"]
    writer.close()
    bench.witnesses.on = True
    writer = bench.open()
    assert bench.entries() == [b"before", b"caught"]
    assert writer.sequence([draft(b"after")], bench.now_ms).places[0].index == 2


def test_the_first_entry_of_a_new_log_waits_for_its_witnesses() -> None:
    bench = Bench()
    writer = bench.open()
    bench.witnesses.on = False
    writer.begin(draft(b"first"), bench.now_ms)
    assert bench.entries() == []
    bench.witnesses.on = True
    bench.wait(writer)
    assert bench.entries() == [b"first"]
    writer.begin(draft(b"another first"), bench.now_ms)
    assert bench.entries() == [b"first"]


def test_a_log_that_waits_for_its_witnesses_from_the_start_cannot_begin() -> None:
    bench = Bench()
    bench.witnesses.on = False
    writer = bench.open()
    with pytest.raises(Recovering):
        writer.begin(draft(b"first"), bench.now_ms)
    bench.witnesses.on = True
    bench.wait(writer)
    assert (writer.size, bench.entries()) == (0, [])


def test_an_idle_log_that_cannot_renew_its_checkpoint_goes_on_as_it_is() -> None:
    bench = Bench()
    writer = bench.open()
    writer.sequence([draft(b"before")], bench.now_ms)
    bench.witnesses.on = False
    bench.now_ms += 3_600_000
    writer.tick(bench.now_ms)
    bench.witnesses.on = True
    assert writer.sequence([draft(b"after")], bench.now_ms).places[0].index == 1
