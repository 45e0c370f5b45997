"""The sequencer's process: one writer and one service for each log that takes entries."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from log_server.config import Settings
from log_server.data_directory import LogFiles
from log_server.log import LogKind
from log_server.sequencing.observed import ObservedWriter
from log_server.sequencing.open_writer import asking_witnesses, open_writer
from log_server.sequencing.readiness import Readiness, trouble_path
from log_server.sequencing.service import SequencerService

_LOG = logging.getLogger(__name__)


def socket_path(sockets: Path, kind: LogKind) -> Path:
    """Return where workers find the sequencer of a log; short, since a socket's path has 107 octets."""
    return sockets / kind


class SequencerHost:
    """All sequencers of a server. Whoever holds the data directory's lock may have one."""

    def __init__(
        self, logs: Sequence[LogFiles], sockets: Path, settings: Settings, on_failure: Callable[[], None]
    ) -> None:
        """Open and recover the logs, and publish them.

        Raises:
            LogDamaged: A log does not verify.
            StorageError: A log cannot be read or stored.
        """
        self.failure: Exception | None = None
        self._on_failure = on_failure
        self._failing = threading.Lock()
        self._closings: list[Callable[[], None]] = []
        self._services: list[SequencerService] = []
        self._cosigners = ExitStack()
        for log in logs:
            if log.active is not None:
                cosigner = self._cosigners.enter_context(asking_witnesses(log.active, settings))
                writer = open_writer(log, log.active, cosigner, settings.limits.reserve)
                path = socket_path(sockets, log.kind)
                readiness = Readiness(trouble_path(path), log.active.directory, time.monotonic())
                observed = ObservedWriter(writer, log.kind, log.active.directory, readiness)
                self._closings.append(writer.close)
                self._services.append(SequencerService(observed, path, self._fail))

    def start(self) -> None:
        """Begin to take entries."""
        for service in self._services:
            service.start()

    def stop(self) -> None:
        """Finish what is in hand, and make everything durable.

        Raises:
            OutcomeUnknown: The device refused.
        """
        for service in self._services:
            service.stop()
        for close in self._closings:
            close()
        self._cosigners.close()

    def _fail(self, error: Exception) -> None:
        """Remember why a log cannot go on, and have the server end: what comes next needs a fresh process."""
        with self._failing:
            self.failure = self.failure or error
        _LOG.critical("a log cannot go on: %s", error, exc_info=error)
        self._on_failure()
