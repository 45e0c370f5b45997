"""Servers of others that tests of the log need: the timestamp authority, and the real Rekor v2 to compare with."""

import fcntl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from tests.interop import peers
from tests.support.registries import free_port

_START_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.02

TILES_HOSTNAME: Final = "127.0.0.1"


class ServiceNotStartedError(Exception):
    """A server ended, or was not ready in time; with all it said."""


@contextmanager
def serve_timestamps(folder: Path) -> Iterator[str]:
    """Serve a timestamp authority with keys in its memory; its chain is in `tsa.pem`. Return its address.

    One at a time on a machine: its metrics are always at port 2112.
    """
    port = free_port()
    command = [
        *(str(peers.path("timestamp-server")), "serve", "--host=127.0.0.1", f"--port={port}"),
        *("--timestamp-signer=memory", "--disable-ntp-monitoring"),
    ]
    with (peers.cache_folder() / "timestamp-server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _running(command, folder / "tsa.log", f"http://127.0.0.1:{port}/ping"):
            url = f"http://127.0.0.1:{port}/api/v1/timestamp"
            with urlopen(f"{url}/certchain") as answer:
                (folder / "tsa.pem").write_bytes(answer.read())
            yield url


@contextmanager
def serve_rekor_tiles(folder: Path, key: Path) -> Iterator[str]:
    """Serve the real Rekor v2 at its fastest setting, signing with a P-256 key (PEM). Return its URL."""
    port = free_port()
    (folder / "tiles").mkdir()
    flags = {
        "hostname": TILES_HOSTNAME,
        "signer-filepath": key,
        "storage-dir": folder / "tiles",
        "http-address": "127.0.0.1",
        "http-port": port,
        "grpc-address": "127.0.0.1",
        "grpc-port": free_port(),
        "http-metrics-port": free_port(),
        "checkpoint-interval": "100ms",
        "batch-max-age": "10ms",
    }
    command = [str(peers.path("rekor-tiles")), "serve", *(f"--{name}={given}" for name, given in flags.items())]
    with _running(command, folder / "tiles.log", f"http://127.0.0.1:{port}/healthz"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command: Sequence[str], log: Path, ready: str) -> Iterator[None]:
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            _await_ready(process, log, ready)
            yield
        finally:
            process.kill()


def _await_ready(process: "subprocess.Popen[bytes]", log: Path, url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(url):
                return
        except OSError:
            time.sleep(_POLL_SECONDS)
    raise ServiceNotStartedError(log.read_text(errors="replace")[-2000:])
