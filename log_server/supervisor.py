"""The server's first process: it holds the lock and the sequencers, and keeps the workers running."""

import os
import signal
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from cosignpy.errors import CosignError
from cosignpy.serving.garbage import collect_rarely
from cosignpy.serving.metrics import share_metrics
from cosignpy.serving.threaded import ServerOptions, address_of
from cosignpy.serving.workers import WorkerProgram, bind_all, heeding_signals, run_workers, serving_metrics
from cosignpy.values import record
from log_server.config import Settings
from log_server.log import LogKind
from log_server.storage.lock import lock_directory

Announce: TypeAlias = Callable[[str, Sequence[LogKind]], None]
"""Told the address once clients can connect, and which logs were not there before."""


@record
class ServerFailed(CosignError):
    """A log could not go on, and the server ended so that nothing gets worse."""

    why: str

    def __str__(self) -> str:
        return f"the server stopped: {self.why}"


def serve(data: Path, settings: Settings, announce: Announce) -> None:
    """Serve the logs of a data directory until SIGINT or SIGTERM.

    Raises:
        CosignError: The directory, its logs, a key, or the port cannot be used.
        LogDamaged: A log does not verify.
        StorageError: A log cannot be read or stored.
        ServerFailed: A log could not go on.
    """
    with lock_directory(data), tempfile.TemporaryDirectory(prefix="log-") as sockets:
        if settings.workers:
            with share_metrics():
                _run(data, settings, Path(sockets), announce)
        else:
            _run(data, settings, Path(sockets), announce)


def _run(data: Path, settings: Settings, sockets: Path, announce: Announce) -> None:
    """Run the sequencers here, and the workers beside or, if there are to be none, the one here."""
    # Imported here: share_metrics comes before whatever declares a metric.
    from log_server import worker
    from log_server.config_files import check_files
    from log_server.data_directory import open_logs
    from log_server.metrics import BARE
    from log_server.sequencing.host import SequencerHost
    from log_server.witness.witness import begin_witness

    with heeding_signals() as wishes, serving_metrics(settings.host, settings.metrics, BARE):
        check_files(settings)
        listeners = bind_all(ServerOptions(settings.host, settings.port), settings.workers)
        logs = open_logs(data, settings)
        if settings.witness.logs is not None:
            begin_witness(data)
        host = SequencerHost(logs, sockets, settings, _end_process)
        host.start()
        collect_rarely()
        try:
            announce(address_of(listeners[0]), [log.kind for log in logs if log.begun])
            if settings.workers:
                orders = partial(worker.build_orders, data, sockets, settings, logs)
                run_workers(WorkerProgram("log_server.worker", orders), listeners, wishes)
            else:
                worker.serve(logs, settings, data, sockets, listeners[0])
        finally:
            host.stop()
    if host.failure is not None:
        raise ServerFailed(str(host.failure)) from host.failure


def _end_process() -> None:
    """Stop as if someone had asked for it; works from any thread."""
    os.kill(os.getpid(), signal.SIGTERM)
