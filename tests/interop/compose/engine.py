"""A Docker engine to test with: the machine's own where one answers, else one that is started for the run.

Our own keeps everything in a temporary folder, listens on a socket there, and leaves the machine's network alone: no
bridge, no packet filter rules. Published ports work all the same, through Docker's proxy process.
"""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.interop import peers

DEFAULT_HOST: Final = "unix:///var/run/docker.sock"
ANSWER_SECONDS: Final = 5.0
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.1


@dataclass(eq=False)
class EngineUnavailableError(Exception):
    """No Docker engine, and none can be started."""

    why: str

    def __str__(self) -> str:
        return f"no Docker engine: {self.why}"


def answers(host: str) -> bool:
    """Tell whether an engine listens there."""
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(host.removeprefix("unix://"))
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return connection.recv(1024).split()[1:2] == [b"200"]
        except OSError:
            return False


@contextmanager
def running_engine() -> Iterator[str]:
    """Yield the DOCKER_HOST of an engine on this machine.

    Raises:
        EngineUnavailableError: There is none, and it takes root to start one, or it does not start.
    """
    existing = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    if existing.startswith("unix://") and answers(existing):
        yield existing
        return
    if os.geteuid() != 0:
        raise EngineUnavailableError(f"none answers at {existing}, and starting one needs root")
    with tempfile.TemporaryDirectory(prefix="docker-") as folder, _started(Path(folder)) as host:
        yield host


@contextmanager
def _started(folder: Path) -> Iterator[str]:
    host = f"unix://{folder / 'docker.sock'}"
    places = [f"--data-root={folder / 'data'}", f"--exec-root={folder / 'exec'}", f"--pidfile={folder / 'pid'}"]
    network = ["--bridge=none", "--iptables=false", "--ip6tables=false"]
    command = [str(peers.path("dockerd")), f"--host={host}", *places, *network]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _await_answer(process, host, folder / "log")
            yield host
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _await_answer(process: "subprocess.Popen[bytes]", host: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if answers(host):
            return
        time.sleep(POLL_SECONDS)
    raise EngineUnavailableError(f"dockerd does not start: {log.read_text(errors='replace')[-2000:]}")
