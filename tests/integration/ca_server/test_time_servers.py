"""Time servers on real sockets: those that answer as they should, and those that do not."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from ca_server.tsa.ntp import NtpFailed, NtpServer, ask
from tests.support.time_servers import time_servers

TIMEOUT = 0.3


@pytest.mark.parametrize("offset", [0.0, 3600.0, -0.5])
def test_a_time_server_is_asked(offset: float) -> None:
    with time_servers(offset) as (server,):
        assert ask(NtpServer.parse(server.name), 5) == pytest.approx(offset, abs=0.2)


def test_a_time_server_is_asked_after_the_timestamps_of_ntp_began_anew() -> None:
    """On 7 February 2036; ours are counted on, those of the packet begin at 0."""
    beyond = 2_100_000_000.0
    told = beyond + 50 - (2**32 - 2_208_988_800)
    with time_servers(0.0) as (server,):
        server.fields = {"recv_timestamp": told, "tx_timestamp": told}
        assert ask(NtpServer.parse(server.name), 5, lambda: beyond) == pytest.approx(50, abs=0.01)


def test_our_clock_is_the_one_that_is_compared() -> None:
    with time_servers(0.0) as (server,):
        assert ask(NtpServer.parse(server.name), 5, lambda: time.time() - 100) == pytest.approx(100, abs=0.2)


def test_datagrams_of_others_are_passed_over() -> None:
    """An answer to another question, and one that is too short, may come before the right one."""
    with time_servers(0.0) as (server,):
        server.answers = lambda good: [good[:24] + bytes(8) + good[32:], good[:47], b"", good]
        assert ask(NtpServer.parse(server.name), 5) == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize(
    "fields",
    [{"mode": 3}, {"mode": 5}, {"leap": 3}, {"stratum": 0}, {"stratum": 16}, {"tx_timestamp": 0}],
)
def test_a_time_server_that_does_not_know_the_time_is_not_believed(fields: dict[str, Any]) -> None:
    with time_servers(0.0) as (server,):
        server.fields = fields
        with pytest.raises(NtpFailed):
            ask(NtpServer.parse(server.name), 5)


@pytest.mark.parametrize(
    "answers",
    [
        lambda _: [],
        lambda good: [good[:24] + bytes(8) + good[32:]],
        lambda good: [good[:24] + bytes(8) + good[32:]] * 20,
        lambda good: [good[:47]],
    ],
    ids=["silent", "another question", "many of them", "too short"],
)
def test_a_time_server_that_does_not_answer_is_not_waited_for(answers: Callable[[bytes], list[bytes]]) -> None:
    with time_servers(0.0) as (server,):
        server.answers = answers
        began = time.monotonic()
        with pytest.raises(NtpFailed):
            ask(NtpServer.parse(server.name), TIMEOUT)
        assert time.monotonic() - began < 10 * TIMEOUT


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid", "a..b", ".a", f"{'a' * 64}.example"])
def test_a_time_server_that_is_not_there_is_not_believed(host: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(NtpFailed):
        ask(NtpServer(host, port), TIMEOUT)
