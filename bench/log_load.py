"""Clients of a log: as many as there are, each waiting for its answer, and a rate that waits for nobody."""

import asyncio
import json
import statistics
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

_HERE: Final = Path(__file__).parent
_PATIENCE: Final = 30


@dataclass(frozen=True, slots=True)
class Load:
    """What clients saw; latencies in milliseconds."""

    requests: int
    seconds: float
    errors: int
    p50: float
    p90: float
    p99: float
    max: float

    @property
    def rate(self) -> float:
        """Return answers a second, those that say no not among them."""
        return max(0, self.requests - self.errors) / self.seconds


@dataclass(frozen=True, slots=True)
class Posted:
    """Where requests go, and what they are: lines of a file, or pieces of so many octets."""

    path: str
    media_type: str = "application/json"
    size: int = 0


@dataclass(frozen=True, slots=True)
class ApiServer:
    """An API server of a Kubernetes cluster, and who asks it."""

    url: str
    token: str


def write_closed(address: str, posted: Posted, bodies: Path, clients: int, seconds: int) -> Load:
    """POST with so many clients, each of which waits for its answer; wrk does it."""
    piece = str(posted.size) if posted.size else "*l"
    return _wrk(address, clients, seconds, "log_write.lua", str(bodies), posted.path, posted.media_type, piece)


def read_closed(address: str, prefix: str, size: int, clients: int, seconds: int) -> Load:
    """GET random entries with so many clients."""
    return _wrk(address, clients, seconds, "log_read.lua", prefix, str(size))


def create_pods(api_server: ApiServer, path: str, pod: Path, clients: int, seconds: int) -> Load:
    """Create Pods with so many clients at an API server, over TLS."""
    return _wrk(api_server.url, clients, seconds, "webhook_pods.lua", path, str(pod), api_server.token)


def _wrk(address: str, clients: int, seconds: int, script: str, *arguments: str) -> Load:
    """Run wrk with one thread: it needs a tenth of a core."""
    options = ["-t1", f"-c{clients}", f"-d{seconds}s", f"--timeout={_PATIENCE}s", "-s", str(_HERE / script)]
    url = address if "://" in address else f"http://{address}"
    command = ["wrk", *options, url, "--", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return Load(**json.loads(done.stdout.splitlines()[-1]))


def write_open(address: str, path: str, bodies: Path, rate: int, seconds: int) -> Load:
    """POST at a rate, whatever the answers do; latency counts from when a request was due."""
    with bodies.open("rb") as lines:
        return uvloop.run(_Offer(address, path, rate, seconds).run(iter(lines)))


class _Offer:
    """Sends each request when it is due, on a connection that is idle or on a new one."""

    def __init__(self, address: str, path: str, rate: int, seconds: int) -> None:
        self._host, _, self._port = address.partition(":")
        self._head = f"POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: "
        self._rate = rate
        self._number = rate * seconds
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        self._latencies: list[float] = []
        self._errors = 0

    async def run(self, lines: Iterator[bytes]) -> Load:
        """Send all of them."""
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(self._number):
                due = began + number / self._rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(self._post(next(lines).rstrip(), due))
        seconds = time.perf_counter() - began
        parts = [latency * 1000 for latency in statistics.quantiles(self._latencies, n=100)]
        largest = max(self._latencies) * 1000
        load = Load(self._number, seconds, self._errors, parts[49], parts[89], parts[98], largest)
        for _, writer in self._idle:
            writer.close()
        return load

    async def _post(self, body: bytes, due: float) -> None:
        connection = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, int(self._port))
        reader, writer = connection
        writer.write(f"{self._head}{len(body)}\r\n\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        self._latencies.append(time.perf_counter() - due)
        self._errors += b" 201 " not in head.partition(b"\r\n")[0]
        self._idle.append(connection)
