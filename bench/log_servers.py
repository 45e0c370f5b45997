"""The servers that are measured: started on a fresh directory, watched from outside, stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey

_START_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.02
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_BEST: Final = ("--checkpoint-interval=100ms", "--batch-max-age=10ms", "--log-level=error")
"""rekor-tiles refuses to publish more often; with these settings its answers come soonest and are the most."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs, and how many seconds it took to answer for the first time."""

    address: str
    process: "subprocess.Popen[bytes]"
    start_seconds: float

    def pids(self) -> Sequence[int]:
        """Return its processes."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [self.process.pid, *(int(pid) for path in tasks for pid in path.read_text().split())]

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes."""
        return sum(cpu_of(pid) for pid in self.pids())

    def memory_mb(self) -> float:
        """Return the memory of all its processes."""
        return memory_of(self.pids())


def memory_of(pids: Sequence[int]) -> float:
    """Return the memory of processes in MB, what they share in equal parts (proc(5), `Pss`)."""
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024 / 1e6


def descendants(pid: int) -> Sequence[int]:
    """Return a process and all that it started, however far down."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for path in tasks for child in path.read_text().split()]
    return [pid, *(each for child in children for each in descendants(child))]


def cpu_of(pid: int) -> float:
    """Return the CPU time of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def our_log(data: Path, roots: Path) -> Iterator[Server]:
    """Serve all three logs with two workers, on their defaults."""
    settings = data.with_name(f"{data.name}.yaml")
    settings.write_text(f"hostname: log.example.com\nct:\n  roots: {roots}\n")
    port = free_port()
    command = [sys.executable, "-m", "log_server", "serve", f"--dir={data}", f"--config={settings}", f"--port={port}"]
    with running(command, port, "/readyz", data.with_name(f"{data.name}.log")) as server:
        yield server


@contextmanager
def rekor_tiles(program: Path, folder: Path) -> Iterator[Server]:
    """Serve the real Rekor v2 on the same disk, at its best setting."""
    folder.mkdir()
    key = folder / "key.pem"
    key.write_bytes(PemBlock("PRIVATE KEY", PrivateKey.generate(ED25519).encode_pkcs8()).encode())
    port = free_port()
    command = [
        *(str(program), "serve", f"--http-port={port}", f"--grpc-port={free_port()}", "--hostname=rekor.example.com"),
        *(f"--http-metrics-port={free_port()}", f"--storage-dir={folder / 'log'}", f"--signer-filepath={key}"),
        *_BEST,
    ]
    with running(command, port, "/healthz", folder.with_name(f"{folder.name}.log")) as server:
        yield server


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, ready: str, log: Path) -> Iterator[Server]:
    """Run a server until it answers `ready`, and for as long as the block lasts."""
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=_environment())
    try:
        address = f"127.0.0.1:{port}"
        _wait(port, ready, process, log)
        yield Server(address, process, time.monotonic() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _environment() -> Mapping[str, str]:
    return {name: os.environ[name] for name in ("PATH", "LANG", "HOME", "COSIGN_PASSWORD") if name in os.environ}


def _wait(port: int, path: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Ask until there is an answer.

    Raises:
        SystemExit: The server ended, or does not answer.
    """
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            connection = HTTPConnection("127.0.0.1", port)
            connection.request("GET", path)
            if connection.getresponse().status == HTTPStatus.OK:
                return
        except (OSError, HTTPException):
            pass  # not there yet
        time.sleep(_POLL_SECONDS)
    raise SystemExit(f"{process.args!r} does not answer:\n{log.read_text()[-2000:]}")
