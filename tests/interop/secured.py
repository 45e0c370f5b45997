"""Registries behind TLS that ask who is there: distribution v3 with basic authentication, ours with bearer tokens."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cosignpy.localregistry.auth.accounts import Account
from cosignpy.localregistry.auth.bearer import BearerAuth
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions, TlsFiles
from tests.interop import peers
from tests.support.registries import RegistryNotStartedError, free_port
from tests.support.tls_files import Pair

USER: Final = "interop"
PASSWORD: Final = "correct horse"
HTPASSWD: Final = f"{USER}:$2b$04$5yXd6JYUHs5ulTseyGTwbO2KqEuXO8j5KCsYRWmFXjuJPMcCkTixu\n"
"""The password as bcrypt writes it, the one form that distribution takes."""

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.02


@contextmanager
def run_bearer_registry(folder: Path, pair: Pair) -> Iterator[str]:
    """Serve our own registry with a token endpoint; yield its address."""
    options = RegistryOptions(
        directory=folder, auth=BearerAuth((Account(USER, PASSWORD),)), tls=TlsFiles(pair.certificate, pair.key)
    )
    with LocalRegistry(options) as registry:
        yield registry.address


@contextmanager
def run_basic_registry(folder: Path, pair: Pair) -> Iterator[str]:
    """Serve distribution v3 with a password file; yield its address.

    Raises:
        RegistryNotStartedError: It ended, or did not listen in time.
    """
    port = free_port()
    (folder / "htpasswd").write_text(HTPASSWD)
    (folder / "config.yml").write_text(
        f"""\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder / "data"}}}, delete: {{enabled: true}}}}
auth: {{htpasswd: {{realm: interop, path: {folder / "htpasswd"}}}}}
http: {{addr: '127.0.0.1:{port}', tls: {{certificate: {pair.certificate}, key: {pair.key}}}}}
"""
    )
    command = [str(peers.path("distribution")), "serve", str(folder / "config.yml")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as process:
        try:
            _await_listener(process, port, folder / "log")
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _await_listener(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return
        time.sleep(POLL_SECONDS)
    raise RegistryNotStartedError(log.read_text(errors="replace")[-2000:])
