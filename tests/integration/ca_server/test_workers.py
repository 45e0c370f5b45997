"""A worker that cannot start again takes no client from the one that serves."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.request import urlopen

import pytest

from tests.support.ca_process import CaProcess, serve_authority
from tests.support.ca_site import init_authority, password_set
from tests.support.log_kills import workers_of
from tests.support.server_process import PATIENCE_SECONDS

SETTINGS: Final = "transparency:\n  sct: none\nidentity:\n  issuers: issuers.json\n"
CONNECTIONS: Final = 30
ANSWER_SECONDS: Final = 3.0
LISTENING: Final = "0A"


@pytest.fixture
def ca(tmp_path: Path) -> Iterator[CaProcess]:
    folder = tmp_path / "ca"
    init_authority(folder)
    url = "https://issuer.example.com"
    (folder / "issuers.json").write_text(
        json.dumps({"OIDCIssuers": {url: {"IssuerURL": url, "ClientID": "sigstore", "Type": "email"}}})
    )
    with password_set(), serve_authority(folder, SETTINGS, "--workers=2") as running:
        seen: set[str] = set()
        assert eventually(lambda: seen.add(worker_of(running)) or len(seen) == 2)
        yield running


def worker_of(ca: CaProcess) -> str:
    """Return what the worker that the kernel chooses calls itself, at the beginning of its request ids.

    The first sockets take connections before the workers are there, so that only an answer shows that one serves.
    """
    with urlopen(f"{ca.url}/healthz", timeout=PATIENCE_SECONDS) as answer:
        return str(answer.headers["x-request-id"]).partition("-")[0]


def eventually(look: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while not look():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def listening(ca: CaProcess) -> int:
    """Count the sockets among which the kernel shares out connections to the server (proc_pid_net(5))."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{ca.port:04X}") and row[3] == LISTENING for row in rows)


def answers(ca: CaProcess) -> list[int]:
    """Connect anew again and again; each is answered soon, or this raises."""
    found = []
    for _ in range(CONNECTIONS):
        with urlopen(f"{ca.url}/healthz", timeout=ANSWER_SECONDS) as answer:
            found.append(answer.status)
    return found


def kill_and_wait_for_failed_starts(ca: CaProcess, victim: int) -> None:
    def failures() -> int:
        return ca.messages.read_text().count("this worker cannot serve")

    before = failures()
    os.kill(victim, signal.SIGKILL)
    assert eventually(lambda: failures() > before + 1)  # of the second start, so the death of the first was noticed


@pytest.mark.parametrize("name", ["issuers.json", "authority/issuing/0001/chain.pem"])
def test_while_a_file_is_broken_the_worker_that_lives_serves_all(ca: CaProcess, name: str) -> None:
    file = ca.directory / name
    good = file.read_bytes()
    first, second = workers_of(ca)
    file.write_bytes(b"broken")
    kill_and_wait_for_failed_starts(ca, first)
    assert answers(ca) == [200] * CONNECTIONS
    file.write_bytes(good)
    assert eventually(lambda: listening(ca) == 2)
    file.write_bytes(b"broken")
    kill_and_wait_for_failed_starts(ca, second)
    assert answers(ca) == [200] * CONNECTIONS  # which are those of the worker that was started last
