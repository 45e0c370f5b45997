"""Workers that die are started again, and until they serve nobody waits for them."""

import errno
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cosignpy.errors import UsageError
from cosignpy.serving.threaded import ServerOptions, bind
from cosignpy.serving.workers import Wishes, WorkerProgram, bind_all, run_workers
from tests.support.mortal_worker import Orders
from tests.support.server_process import PATIENCE_SECONDS


@contextmanager
def running(lives: Callable[[], bool]) -> Iterator[int]:
    """Keep one worker running, which is asked at each start whether it lives; yield the port."""
    listeners = bind_all(ServerOptions(), 1)
    port = listeners[0].getsockname()[1]
    program = WorkerProgram("tests.support.mortal_worker", lambda listener: Orders(listener, lives()))
    wishes = Wishes(threading.Event(), threading.Event())
    thread = threading.Thread(target=run_workers, args=(program, listeners, wishes))
    thread.start()
    try:
        yield port
    finally:
        wishes.stop.set()
        thread.join(PATIENCE_SECONDS)


def ask(port: int) -> int:
    """Return the process id of who answers; 0 if nobody does."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
            return int(connection.recv(64) or 0)
    except ConnectionError:
        return 0


def eventually(look: Callable[[], int]) -> int:
    """Look until something is found."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return found


def take(port: int) -> socket.socket:
    """Take a port as soon as nobody has it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return bind(ServerOptions(port=port))
        except UsageError:
            assert time.monotonic() < until
        time.sleep(0.001)


def test_a_worker_that_is_killed_is_replaced() -> None:
    with running(lambda: True) as port:
        first = eventually(lambda: ask(port))
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: ask(port)) != first


def test_who_takes_the_port_of_a_dead_worker_keeps_the_next_only_until_he_leaves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    taken = threading.Event()
    with caplog.at_level(logging.ERROR), running(taken.is_set) as port:
        with take(port):
            taken.set()
            eventually(lambda: caplog.text.count("no worker can be started"))
        assert eventually(lambda: ask(port))


def test_a_system_that_has_no_process_left_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    starts = iter((True, None, True))

    def lives() -> bool:
        answer = next(starts)
        if answer is None:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return answer

    with caplog.at_level(logging.ERROR), running(lives) as port:
        first = eventually(lambda: ask(port))
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: ask(port)) != first
    assert "no worker can be started: [Errno 11] Resource temporarily unavailable" in caplog.text
