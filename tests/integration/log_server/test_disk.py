"""Disks that fill up: entries are refused, everything else goes on, and nothing acknowledged is lost."""

import json
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.support.built_log import SETTINGS, SIZE, build_directory
from tests.support.log_load import FACES, Client, Ledger, NotLogged
from tests.support.log_process import LogProcess
from tests.support.runbook import failures
from tests.support.server_process import PATIENCE_SECONDS

REKOR_V2 = FACES[1]
DUPLICATES = "rekor_v2: {duplicates: original}\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("built") / "data"
    build_directory(directory)
    return directory


@pytest.fixture
def log(tmp_path: Path, built: Path) -> Iterator[LogProcess]:
    running = LogProcess(tmp_path / "data", ("--workers", "0"))
    shutil.copytree(built, running.directory)
    yield running
    running.kill()


def why_not_ready(log: LogProcess) -> str:
    """Return what /readyz says; nothing if it is ready."""
    try:
        log.fetch("/readyz")
    except HTTPError as error:
        with error:
            detail: str = json.load(error)["detail"]
            return detail
    return ""


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


@contextmanager
def client_of(log: LogProcess, patience: float = PATIENCE_SECONDS) -> Iterator[Client]:
    with closing(Client(REKOR_V2, log.port, patience)) as client:
        yield client


def limit_file_size(log: LogProcess, octets: int) -> None:
    """Have every file of the server end there, as on a disk that is full."""
    assert log.process is not None
    _, hard = resource.prlimit(log.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(log.process.pid, resource.RLIMIT_FSIZE, (octets, hard))


def size_of_journal(log: LogProcess) -> int:
    (path,) = (log.directory / "rekor-v2" / "0001" / "journal").iterdir()
    return path.stat().st_size


def test_entries_are_refused_while_there_is_still_room_to_spare(log: LogProcess) -> None:
    settings = log.directory / "log.yaml"
    settings.write_text(f"{SETTINGS}{DUPLICATES}limits: {{reserve: 1000000GiB}}\n")
    log.start("/healthz")
    wait_until(lambda: failures()["The disk is full"].fits(why_not_ready(log)))
    with client_of(log, patience=0) as client, pytest.raises(NotLogged) as refused:
        client.submit(b"entry")
    assert refused.value.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert log.fetch("/api/v2/checkpoint")
    log.stop()
    settings.write_text(f"{SETTINGS}{DUPLICATES}")
    log.start()
    with client_of(log) as client:
        assert client.submit(b"entry").proof.index == SIZE


def test_a_disk_that_takes_no_more_loses_nothing_and_entries_are_taken_again_when_it_does(log: LogProcess) -> None:
    """A limit for files stands for the disk: the write that commits a batch fails, somewhere in its middle."""
    (log.directory / "log.yaml").write_text(f"{SETTINGS}{DUPLICATES}")
    ledger = Ledger()
    log.start()
    with client_of(log) as client:
        ledger.note(client.submit(b"before"))
        limit_file_size(log, size_of_journal(log) + 100)
        with client_of(log, patience=0) as impatient, pytest.raises(NotLogged) as refused:
            impatient.submit(b"refused")
        assert b"ulimit" in refused.value.content
        assert "ulimit" in why_not_ready(log)
        limit_file_size(log, resource.RLIM_INFINITY)
        ledger.note(client.submit(b"after"))
        wait_until(lambda: not why_not_ready(log))
    log.kill()
    log.start()
    log.stop()
    log.run("fsck")
    assert ledger.check(log.directory, REKOR_V2.kind) == SIZE + 2
