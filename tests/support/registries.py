"""Registries to test against: our own on a thread, real ones as processes on a free port.

A process keeps its content in a temporary directory and is ended by its process id.
"""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.registry import options as client
from cosignpy.registry.repository import RemoteRepository, RepositoryOptions
from cosignpy.registry.session import RegistrySession
from cosignpy.registry.tag_update import FileLock
from tests.interop import peers

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.02


class RegistryNotStartedError(Exception):
    """A registry process that ended, or never answered."""


@dataclass(frozen=True, slots=True)
class RunningRegistry:
    """Where a registry is, and what it can do."""

    session: RegistrySession
    has_referrers_api: bool
    locks: Path

    @property
    def address(self) -> str:
        """Host and port."""
        return self.session.registry

    def open_repository(self, repository: str) -> RemoteRepository:
        """Return a repository on it, with locks of the test's own."""
        options = RepositoryOptions(tag_lock=lambda: FileLock(self.locks))
        return RemoteRepository(self.session, repository, options)


@contextmanager
def _open_session(address: str, folder: Path, *, has_referrers_api: bool) -> Iterator[RunningRegistry]:
    session = RegistrySession(address, client.RegistryOptions())
    try:
        yield RunningRegistry(session, has_referrers_api, folder)
    finally:
        session.close()


@dataclass(frozen=True, slots=True)
class Program:
    """A registry as a program: how to start it, and what it can do."""

    peer: str
    arguments: Callable[[int, Path], Sequence[str]]
    has_referrers_api: bool = False


def _distribution_config(port: int, folder: Path) -> Sequence[str]:
    """Write a configuration that serves on loopback and allows deletion."""
    config = folder / "config.yml"
    storage = f"{{filesystem: {{rootdirectory: {folder / 'data'}}}, delete: {{enabled: true}}}}"
    config.write_text(f"version: 0.1\nlog: {{level: error}}\nstorage: {storage}\nhttp: {{addr: '127.0.0.1:{port}'}}\n")
    return ("serve", str(config))


PROGRAMS: Final = {
    "distribution-2.8": Program("docker-registry", _distribution_config),
    "distribution-3": Program("distribution", _distribution_config),
    "ggcr": Program("registry", lambda port, _: (f"-port={port}",)),
    "ggcr-referrers": Program("ggcr-referrers", lambda *_: (), has_referrers_api=True),
}


@contextmanager
def run_embedded(faults: Faults | None = None) -> Iterator[RunningRegistry]:
    """Serve the embedded registry."""
    with tempfile.TemporaryDirectory() as folder, LocalRegistry(RegistryOptions(faults=faults or Faults())) as registry:
        no_api = faults is not None and faults.no_referrers_api
        with _open_session(registry.address, Path(folder), has_referrers_api=not no_api) as running:
            yield running


@contextmanager
def run_program(name: str) -> Iterator[RunningRegistry]:
    """Serve one of `PROGRAMS`.

    Raises:
        RegistryNotStartedError: It ended, or did not answer in time.
    """
    program, port = PROGRAMS[name], free_port()
    with tempfile.TemporaryDirectory() as text:
        folder, log = Path(text), Path(text) / "log"
        command = [str(peers.path(program.peer)), *program.arguments(port, folder)]
        with _running(command, log) as process:
            chosen = port if program.arguments(port, folder) else _await_port(process, log)
            _await_answer(process, chosen, log)
            with _open_session(f"127.0.0.1:{chosen}", folder, has_referrers_api=program.has_referrers_api) as running:
                yield running


@contextmanager
def _running(command: Sequence[str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _await_port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    """Return the port that a program chose itself and prints as its first line."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        line, ended, _ = log.read_text().partition("\n")
        if ended:
            return int(line)
        time.sleep(POLL_SECONDS)
    raise RegistryNotStartedError(log.read_text(errors="replace")[-2000:])


def free_port() -> int:
    """Return a port that nothing listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _await_answer(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, HTTPException), contextlib.closing(HTTPConnection("127.0.0.1", port)) as http:
            http.timeout = 1.0
            http.request("GET", "/v2/")
            if http.getresponse().status == HTTPStatus.OK:
                return
        time.sleep(POLL_SECONDS)
    raise RegistryNotStartedError(log.read_text(errors="replace")[-2000:])
