"""Clients of all kinds at once: those who hang up, who say nothing, who are slow, and too many of them."""

import json
import resource
import signal
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from tests.support.log_kills import kill_sequencer, kill_worker, workers_of
from tests.support.log_load import FACES, SETTINGS, Client, Ledger, under_load
from tests.support.log_process import LogProcess, serve_logs
from tests.support.rekor_calls import V2_ENTRIES, propose_v2
from tests.support.server_process import PATIENCE_SECONDS

SIGNER = PrivateKey.generate(ECDSA_P256)
REKOR_V2 = FACES[1]
WAITING = 3
RESET = struct.pack("ii", 1, 0)


def body_of(message: str) -> bytes:
    return json.dumps(propose_v2(SIGNER, message.encode())).encode()


def post(log: LogProcess, body: bytes) -> tuple[int, str | None, bytes]:
    """Return status, Retry-After and content."""
    with closing(HTTPConnection("127.0.0.1", log.port, timeout=PATIENCE_SECONDS)) as connection:
        connection.request("POST", V2_ENTRIES, body, {"Content-Type": "application/json"})
        with connection.getresponse() as answer:
            return answer.status, answer.headers["Retry-After"], answer.read()


def begin_request(log: LogProcess, body: bytes) -> socket.socket:
    """Send a request and do not wait for the answer."""
    connection = socket.create_connection(("127.0.0.1", log.port), timeout=PATIENCE_SECONDS)
    head = f"POST {V2_ENTRIES} HTTP/1.1\r\nHost: log\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    connection.sendall(f"{head}\r\n\r\n".encode() + body)
    return connection


@contextmanager
def paused(log: LogProcess) -> Iterator[None]:
    """Stop the sequencer's process for a while; its workers run on."""
    assert log.process is not None
    log.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        log.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_clients_that_hang_up_disturb_nobody(tmp_path: Path, workers: str) -> None:
    """Some before their entry is sequenced and some after; asked again, the log knows which."""
    bodies = [body_of(f"impatient {number}") for number in range(100)]
    ledgers = {face.kind: Ledger() for face in FACES}
    with serve_logs(tmp_path / "data", SETTINGS, "--workers", workers) as log:
        with under_load(log.port, ledgers) as load:
            for number, body in enumerate(bodies):
                with begin_request(log, body) as connection:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    time.sleep(0.0005 * (number % 10))
        assert load.failures == []
        for body in bodies:
            status, _, content = post(log, body)
            assert status == 201
            ledgers[REKOR_V2.kind].note(REKOR_V2.parse(content))
    log.run("fsck")
    for kind, ledger in ledgers.items():
        ledger.check(log.directory, kind)


@contextmanager
def open_files(limit: int) -> Iterator[None]:
    """Let this process, and what it starts, have so many files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_idle_connections_and_slow_writers_keep_nobody_waiting(tmp_path: Path) -> None:
    """The server has to ask for more files than it begins with."""
    head = f"POST {V2_ENTRIES} HTTP/1.1\r\nHost: log\r\nContent-Length: 100000\r\n".encode()
    with ExitStack() as stack:
        with open_files(512):
            log = stack.enter_context(serve_logs(tmp_path / "data", "", "--workers", "0"))
        stack.enter_context(open_files(4096))
        client = stack.enter_context(closing(Client(REKOR_V2, log.port)))
        *_, slow_head, slow_body = [
            stack.enter_context(socket.create_connection(("127.0.0.1", log.port), timeout=PATIENCE_SECONDS))
            for _ in range(1002)
        ]
        slow_body.sendall(head + b"\r\n")
        for at in range(40):
            slow_head.sendall(head[at : at + 1])
            slow_body.sendall(b"{")
            assert client.submit(b"entry %d" % at).proof.index == 1 + at


@pytest.fixture
def small(tmp_path: Path) -> Iterator[LogProcess]:
    """A server in whose one worker few entries may wait."""
    settings = f"{SETTINGS}limits: {{waiting: {WAITING}}}\n"
    with serve_logs(tmp_path / "data", settings, "--workers", "1") as log:
        yield log


def refused_of(pending: list[Future[tuple[int, str | None, bytes]]], count: int) -> list[tuple[int, str | None, bytes]]:
    """Wait until so many are answered, and return the answers."""
    until = time.monotonic() + PATIENCE_SECONDS
    while len(done := [one for one in pending if one.done()]) < count:
        assert time.monotonic() < until
        time.sleep(0.01)
    return [one.result() for one in done]


def test_when_too_much_waits_the_others_are_told_at_once_to_come_later(small: LogProcess) -> None:
    with ThreadPoolExecutor(10) as pool:
        with paused(small):
            pending = [pool.submit(post, small, body_of(f"entry {number}")) for number in range(10)]
            for status, retry_after, content in refused_of(pending, 10 - WAITING):
                assert status == 503
                assert retry_after is not None
                assert int(retry_after) > 0
                assert b"waiting" in content
        statuses = sorted(one.result()[0] for one in pending)
    assert statuses == [201] * WAITING + [503] * (10 - WAITING)


def test_a_server_that_is_told_to_stop_answers_what_has_begun(small: LogProcess) -> None:
    assert small.process is not None
    with ThreadPoolExecutor(WAITING + 1) as pool:
        with paused(small):
            pending = [pool.submit(post, small, body_of(f"entry {number}")) for number in range(WAITING + 1)]
            refused_of(pending, 1)  # so the others wait
            small.process.terminate()
        statuses = sorted(one.result()[0] for one in pending)
    assert statuses == [201] * WAITING + [503]
    assert small.process.wait(PATIENCE_SECONDS) == 0
    small.start()
    (shard,) = small.shards("rekor-v2")
    assert shard.size == 1 + WAITING


def test_a_worker_that_dies_is_replaced_and_all_end_with_their_sequencer(tmp_path: Path) -> None:
    with serve_logs(tmp_path / "data", SETTINGS, "--workers", "2") as log:
        with closing(Client(REKOR_V2, log.port)) as client:
            kill_worker(log)
            assert client.submit(b"after a worker's death").proof.index == 1
        orphans = [Path(f"/proc/{pid}") for pid in workers_of(log)]
        kill_sequencer(log)
        until = time.monotonic() + PATIENCE_SECONDS
        while any(orphan.exists() for orphan in orphans):
            assert time.monotonic() < until, "a worker outlived its sequencer"
            time.sleep(0.02)
        log.start()
