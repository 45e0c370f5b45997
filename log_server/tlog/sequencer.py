"""The sequencer: the one place where entries get their index, and the order in which a batch becomes real.

A batch is everything that waited while the one before was written, so a lone client waits for one fsync
and a crowd shares it. Nothing here is asynchronous: one thread owns a log.
"""

import logging
from collections.abc import Sequence
from typing import Final, Protocol

from cosignpy.values import field, record, value
from log_server.storage.memory import MemoryRoom
from log_server.storage.protocol import Index, Journal, ObjectStore, OutcomeUnknown, Room, StorageError
from log_server.tlog.batch import Batch, Tip, stage
from log_server.tlog.entry_form import EntryForm
from log_server.tlog.values import Draft, Published, Sequenced

_LOG: Final = logging.getLogger(__name__)

MAX_CLOCK_STEP_MS: Final = 5_000
"""A clock that was set back by less is waited out by holding the last time; time servers make such steps."""


@value
class Storage:
    """Where one log keeps its bytes."""

    objects: ObjectStore
    journal: Journal
    index: Index
    room: Room = field(default_factory=MemoryRoom)


class Publisher(Protocol):
    """Makes a tree visible: signs its checkpoint, has witnesses cosign it, stores it."""

    def publish(self, size: int, root: bytes, timestamp_ms: int) -> bytes:
        """Return the checkpoint, which every reader can see when this returns."""
        ...


@record
class ClockWentBack(StorageError):
    """Entries cannot get a time before that of the entries they follow."""


@record
class MustRestart(Exception):
    """A batch may be in the journal, and what follows from it is not complete: start again and recover."""

    why: str

    def __str__(self) -> str:
        return f"the log must be recovered before it goes on: {self.why}"


class Sequencer:
    """The writing end of one log."""

    def __init__(self, storage: Storage, form: EntryForm, publisher: Publisher, tip: Tip) -> None:
        self._storage = storage
        self._form = form
        self._publisher = publisher
        self._checkpoint = b""
        self._partial: dict[str, str] = {}
        self._superseded: Sequence[str] = ()
        self.tip = tip

    def sequence(self, drafts: Sequence[Draft], now_ms: int) -> Published:
        """Give each draft its place, its own or that of the entry it repeats; durable and public on return.

        Raises:
            StorageError: Nothing was committed, for certain; the drafts may be submitted again.
            MustRestart: It is not known, or not yet complete, what was committed: stop and recover.
        """
        places = {
            identity: Sequenced(index, 0, duplicate=True)
            for identity, index in self._storage.index.first([draft.identity for draft in drafts]).items()
        }
        fresh = {draft.identity: draft for draft in drafts if draft.identity not in places}
        if not fresh:
            return self._answer(places, drafts, {})
        self._storage.room.check()
        batch = stage(self.tip, self._form, tuple(fresh.values()), self._time(now_ms))
        try:
            self._commit(batch)
        except OutcomeUnknown as error:
            raise MustRestart(str(error)) from error
        own = {
            identity: Sequenced(index, batch.tip.timestamp_ms, proof=proof)
            for identity, index, proof in zip(
                fresh, range(batch.record.start, batch.record.end), batch.integrated.proofs, strict=True
            )
        }
        return self._answer(places, drafts, own)

    def check(self, now_ms: int) -> None:
        """See that nothing that can be known beforehand keeps a batch out.

        Raises:
            ClockWentBack: The clock does.
            StorageError: There is no room.
        """
        self._storage.room.check()
        self._time(now_ms)

    def republish(self, now_ms: int) -> None:
        """Sign the tree as it is once more, with the present time; with a wrong clock only writing must wait.

        Raises:
            StorageError: The checkpoint could not be stored.
        """
        moment = max(now_ms, self.tip.timestamp_ms)
        self._checkpoint = self._publisher.publish(self.tip.edge.size, self.tip.edge.root(), moment)

    def _commit(self, batch: Batch) -> None:
        """Make a batch permanent; a crash between any two of these lines is recoverable.

        Raises:
            StorageError: Nothing was committed.
            OutcomeUnknown: It may have been.
            MustRestart: It was, and what follows from it is not complete.
        """
        self._storage.journal.append(batch.record)  # the one commit point: durable, compare-and-swap
        try:
            for name, content in batch.objects:  # can be made again from the journal
                self._storage.objects.put(name, content)
            self._storage.index.add(batch.rows)  # likewise
            self._checkpoint = self._publisher.publish(  # visible only now
                batch.record.end, batch.integrated.root, batch.tip.timestamp_ms
            )
        except StorageError as error:
            raise MustRestart(str(error)) from error
        self.tip = batch.tip
        self._delete_superseded(batch)

    def _delete_superseded(self, batch: Batch) -> None:
        """Delete partial tiles that the batch before replaced; a reader may be on its way to those of this one."""
        for name in self._superseded:
            try:
                self._storage.objects.delete(name)
            except StorageError as error:  # the batch is public: whoever waits for it must not hear of a failure
                _LOG.warning("a partial tile that nobody needs any more stays: %s", error)
        replaced = []
        for name, _ in batch.objects:
            stem, separator, _ = name.partition(".p/")
            replaced.append(self._partial.pop(stem, name))
            if separator:
                self._partial[stem] = name
        self._superseded = [name for name in replaced if ".p/" in name and name not in self._partial.values()]

    def _answer(
        self, places: dict[bytes, Sequenced], drafts: Sequence[Draft], own: dict[bytes, Sequenced]
    ) -> Published:
        """Match places to drafts: of several equal drafts in a batch the first is the original."""
        answered: list[Sequenced] = []
        for draft in drafts:
            place = own.pop(draft.identity, None) or places[draft.identity]
            places.setdefault(draft.identity, Sequenced(place.index, place.timestamp_ms, duplicate=True))
            answered.append(place)
        edge = self.tip.edge
        return Published(edge.size, edge.root(), self._checkpoint, tuple(answered))

    def _time(self, now_ms: int) -> int:
        """Return the batch's time, never before that of the batch it follows.

        Raises:
            ClockWentBack: The clock was set back by more than a time server would.
        """
        last = self.tip.timestamp_ms
        if now_ms < last - MAX_CLOCK_STEP_MS:
            raise ClockWentBack("the clock", f"it shows {last - now_ms} ms before the time of the last entry; set it")
        return max(now_ms, last)
