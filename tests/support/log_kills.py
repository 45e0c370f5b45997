"""`kill -9` of a server under load, at random moments, again and again; and what must hold afterwards."""

import os
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import cycle, islice
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.support.log_load import FACES, SETTINGS, Ledger, under_load
from tests.support.log_process import LogProcess, serve_logs
from tests.support.server_process import PATIENCE_SECONDS, ServerProcess

_LONGEST_SECONDS: Final = 0.5
"""Between the moment when a server takes entries and its death."""


class Victim(Enum):
    """Which processes die, and of how many."""

    SERVER = "a server with two workers"
    WORKER = "one of two workers"
    SEQUENCER = "the sequencer's process, from which its workers cannot hear any more"
    LONE_SERVER = "a server of one process"


def kill_often(directory: Path, kills: int, seed: int) -> Sequence[int]:
    """Kill a server under load so many times, and verify all of both logs in the end. Return their sizes."""
    chance = random.Random(seed)
    ledgers = {face.kind: Ledger() for face in FACES}
    with serve_logs(directory, SETTINGS) as log, under_load(log.port, ledgers) as load:
        for victim in islice(cycle(Victim), kills):
            time.sleep(chance.uniform(0, _LONGEST_SECONDS))
            _KILLERS[victim](log)
            assert not load.failures, load.failures
    log.run("fsck")
    return [ledger.check(directory, kind) for kind, ledger in ledgers.items()]


def workers_of(server: ServerProcess) -> Sequence[int]:
    """Return the process ids of the workers."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def kill_sequencer(log: LogProcess) -> None:
    """Kill the process that has the lock and the sequencers, and no other."""
    assert log.process is not None
    log.process.kill()
    log.process.wait()


def kill_worker(log: LogProcess) -> None:
    """Kill a worker, and wait until there is another in its place."""
    before = set(workers_of(log))
    os.kill(min(before), signal.SIGKILL)
    until = time.monotonic() + PATIENCE_SECONDS
    while len(set(workers_of(log)) - {min(before)}) < len(before):
        assert time.monotonic() < until, "the worker was not started again"
        time.sleep(0.02)


def _kill_and_restart(kill: Callable[[LogProcess], None], workers: int) -> Callable[[LogProcess], None]:
    def act(log: LogProcess) -> None:
        kill(log)
        log.options = ("--workers", str(workers))
        log.start()

    return act


_KILLERS: Final[Mapping[Victim, Callable[[LogProcess], None]]] = MappingProxyType(
    {
        Victim.SERVER: _kill_and_restart(LogProcess.kill, 2),
        Victim.WORKER: kill_worker,
        Victim.SEQUENCER: _kill_and_restart(kill_sequencer, 0),
        Victim.LONE_SERVER: _kill_and_restart(LogProcess.kill, 2),
    }
)
"""How each victim dies; what is started after it has as many processes as the next victim needs."""
