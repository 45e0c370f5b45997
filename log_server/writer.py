"""The writing end of one shard in the sequencer's process: it recovers, sequences, and keeps house."""

import logging
import threading
from collections.abc import Sequence
from typing import Final

from cosignpy.core.merkle.tiles import TILE_WIDTH
from cosignpy.values import record
from log_server.storage.protocol import OutcomeUnknown, StorageError
from log_server.tlog.entry_form import EntryForm
from log_server.tlog.publish import NotCosigned
from log_server.tlog.recover import recover
from log_server.tlog.sequencer import MustRestart, Publisher, Sequencer, Storage
from log_server.tlog.values import Draft, Published

SETTLE_SECONDS: Final = 10
"""How often tiles and index are made durable, so that the journal before them can go."""

REPUBLISH_SECONDS: Final = 600
"""An idle log signs its tree again this often: monitors and witnesses see that it lives."""

RECOVER_SECONDS: Final = 2
"""How long a log that could not complete a batch waits before it tries again."""

_LOG: Final = logging.getLogger(__name__)


@record
class Recovering(StorageError):
    """What was committed is being completed; nothing new is taken meanwhile."""


class LogWriter:
    """Drives one shard's sequencer; all but the flushing happens on the thread that calls it."""

    def __init__(self, storage: Storage, form: EntryForm, publisher: Publisher, now_ms: int) -> None:
        """Recover the log and publish it; if witnesses do not let it, what was published before is read meanwhile.

        Raises:
            LogDamaged: It does not verify.
            StorageError: It cannot be read or stored.
        """
        self._storage = storage
        self._form = form
        self._publisher = publisher
        self._flushing: threading.Thread | None = None
        self._flushed = 0
        self._sequencer = self._open()
        self._broken = self._publish_first(now_ms)
        self._settle_at = self._republish_at = self._recover_at = now_ms
        self._flush_error: StorageError | None = None
        self._refusal = ""

    @property
    def size(self) -> int:
        """Return how many entries the log has."""
        return self._sequencer.tip.edge.size

    @property
    def trouble(self) -> str:
        """Say why nothing was taken at the last tick, without naming a file; nothing if it was."""
        return self._broken or self._refusal

    def sequence(self, drafts: Sequence[Draft], now_ms: int) -> Published:
        """Sequence a batch; see `Sequencer.sequence`.

        Raises:
            StorageError: Nothing was committed.
            OutcomeUnknown: The device failed in a way that only a restart of the process can judge.
        """
        if self._broken:
            raise Recovering("the log", self._broken)
        try:
            return self._sequencer.sequence(drafts, now_ms)
        except MustRestart as error:
            if isinstance(error.__cause__, OutcomeUnknown):
                raise
            self._broken = error.__cause__.why if isinstance(error.__cause__, StorageError) else error.why
            self._recover_at = now_ms + RECOVER_SECONDS * 1000
            _LOG.exception("the log stopped taking entries")
            raise Recovering("the log", self._broken) from error

    def begin(self, first: Draft, now_ms: int) -> None:
        """Give a new log its first entry. If witnesses or the disk fail it now, it shows as soon as they do not.

        Raises:
            StorageError: It is not in the log, for certain.
        """
        if self.size:
            return
        try:
            self.sequence([first], now_ms)
        except Recovering as error:
            if not isinstance(error.__cause__, MustRestart):  # else the entry is in the journal already
                raise

    def tick(self, now_ms: int) -> None:
        """Do what is due: recover, sign the tree again, make it durable.

        Raises:
            OutcomeUnknown: The device refused to make the log durable.
        """
        if self._flush_error is not None:
            raise self._flush_error
        if self._broken and _is_due(self._recover_at, RECOVER_SECONDS, now_ms):
            self._try_to_recover(now_ms)
        if _is_due(self._settle_at, SETTLE_SECONDS, now_ms):
            self._settle_at = now_ms + SETTLE_SECONDS * 1000
            self._settle()
        if _is_due(self._republish_at, REPUBLISH_SECONDS, now_ms) and not self._broken:
            self._republish_at = now_ms + REPUBLISH_SECONDS * 1000
            self._republish(now_ms)
        self._refusal = self._why_refused(now_ms)

    def close(self) -> None:
        """Make everything durable, so that the next start has nothing to do again.

        Raises:
            OutcomeUnknown: The device refused.
        """
        if self._flushing is not None:
            self._flushing.join()
        self._flush(self.size)
        if self._flush_error is not None:  # also one of an earlier flush: this one may only be told that all is well
            raise self._flush_error
        self._forget()

    def _open(self) -> Sequencer:
        return Sequencer(self._storage, self._form, self._publisher, recover(self._storage, self._form))

    def _recover(self, now_ms: int) -> Sequencer:
        sequencer = self._open()
        sequencer.republish(now_ms)
        return sequencer

    def _publish_first(self, now_ms: int) -> str | None:
        """Publish what was recovered at the start; say why it has to wait for witnesses."""
        try:
            self._sequencer.republish(now_ms)
        except NotCosigned as error:
            _LOG.warning("the log takes no entries yet: %s", error)
            return error.why
        return None

    def _try_to_recover(self, now_ms: int) -> None:
        try:
            self._sequencer = self._recover(now_ms)
        except StorageError as error:
            self._broken = error.why
            self._recover_at = now_ms + RECOVER_SECONDS * 1000
            _LOG.warning("the log cannot recover yet: %s", error)
        else:
            self._broken = None
            _LOG.info("the log recovered and takes entries again")

    def _republish(self, now_ms: int) -> None:
        try:
            self._sequencer.republish(now_ms)
        except StorageError as error:
            _LOG.warning("the checkpoint could not be signed again: %s", error)

    def _why_refused(self, now_ms: int) -> str:
        try:
            self._sequencer.check(now_ms)
        except StorageError as error:
            return error.why
        return ""

    def _settle(self) -> None:
        """Flush in a thread, since it can take seconds; drop the journal before what the last flush covered."""
        if self._flushing is not None and self._flushing.is_alive():
            return
        self._forget()
        self._flushing = threading.Thread(target=self._flush, args=(self.size,), daemon=True)
        self._flushing.start()

    def _flush(self, size: int) -> None:
        try:
            self._storage.objects.settle()
            self._storage.index.settle()
        except StorageError as error:
            self._flush_error = error
        else:
            self._flushed = size

    def _forget(self) -> None:
        """Drop journal records whose entries lie in full and durable tiles: partial ones are made from the journal.

        A disk that lets none be dropped takes no entries either, and `sequence` tells those who send some.
        """
        try:
            self._storage.journal.forget(self._flushed // TILE_WIDTH * TILE_WIDTH)
        except StorageError as error:
            _LOG.warning("the journal keeps what is not needed any more: %s", error)


def _is_due(at_ms: int, seconds: int, now_ms: int) -> bool:
    """Tell whether something that happens every so many seconds is due; if the clock was set back, it is."""
    return not at_ms - seconds * 1000 <= now_ms < at_ms
