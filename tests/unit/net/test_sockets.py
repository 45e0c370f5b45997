"""The patience of a `PacedSocket`, on a socket that exists in memory and a clock that a test owns."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from cosignpy.net.failures import TooMuch, TooSlow
from cosignpy.net.sockets import MAX_HEAD, MIN_RATE, PacedSocket
from tests.support.answers import ManualTime

if TYPE_CHECKING:
    import socket


@dataclass
class SlowSocket:
    """Delivers `size` bytes after `delay` seconds, each time."""

    time: ManualTime
    size: int
    delay: float
    timeouts: list[float] = field(default_factory=list)

    def settimeout(self, seconds: float) -> None:
        self.timeouts.append(seconds)

    def recv_into(self, buffer: memoryview) -> int:
        self.time.now += self.delay
        return min(self.size, len(buffer))


def paced(size: int, delay: float) -> tuple[PacedSocket, SlowSocket]:
    time = ManualTime()
    slow = SlowSocket(time, size, delay)
    return PacedSocket(cast("socket.socket", slow), 10.0, lambda: time.now), slow


def test_a_head_must_be_complete_within_the_timeout() -> None:
    sock, slow = paced(1, 4.0)
    sock.expect_head()
    for _ in range(3):
        sock.receive_into(memoryview(bytearray(100)))
    with pytest.raises(TooSlow):
        sock.receive_into(memoryview(bytearray(100)))
    assert slow.timeouts == [10.0, 6.0, 2.0]


def test_a_body_earns_time_by_what_it_brings() -> None:
    sock, slow = paced(MIN_RATE * 4, 4.0)
    sock.expect_body()
    for _ in range(50):
        sock.expect_step()
        sock.receive_into(memoryview(bytearray(MIN_RATE * 4)))
    assert set(slow.timeouts) == {10.0}


def test_time_the_consumer_takes_is_not_the_server_s() -> None:
    sock, slow = paced(1, 0.0)
    sock.expect_body()
    for _ in range(5):
        slow.time.now += 60
        sock.receive_into(memoryview(bytearray(1)))


def test_a_head_has_a_size() -> None:
    sock, _ = paced(MAX_HEAD // 2, 0.0)
    sock.expect_head()
    reader = sock.makefile("rb")
    with pytest.raises(TooMuch):
        reader.read(MAX_HEAD + 65536)


def test_nothing_is_waited_for_beyond_a_deadline() -> None:
    sock, slow = paced(MIN_RATE * 10, 4.0)
    sock.expect_head(slow.time.now + 9.0)
    sock.expect_body()
    for _ in range(3):
        sock.receive_into(memoryview(bytearray(MIN_RATE * 10)))
    with pytest.raises(TooSlow):
        sock.receive_into(memoryview(bytearray(1)))
    assert slow.timeouts == [9.0, 5.0, 1.0]


def test_the_next_answer_has_a_deadline_of_its_own() -> None:
    sock, slow = paced(1, 4.0)
    sock.expect_head(slow.time.now + 1.0)
    sock.receive_into(memoryview(bytearray(1)))
    sock.expect_head()
    sock.receive_into(memoryview(bytearray(1)))
    assert slow.timeouts == [1.0, 10.0]
