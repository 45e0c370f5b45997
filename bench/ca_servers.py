"""The authorities that are measured, ours and the real ones: started on fresh keys, watched from outside, stopped."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from secrets import token_hex
from signal import SIGHUP
from typing import Final
from urllib.request import urlopen

from bench.ca_bodies import Issuer
from bench.log_bodies import Authority
from bench.log_servers import Server, free_port, our_log, running
from tests.interop import peers

_SURE: Final = 20
"""Answers in a row that have what is looked for; the kernel chooses which worker answers."""
_POLL_SECONDS: Final = 0.02


@contextmanager
def our_authority(folder: Path, issuer: Issuer, ct_log: str = "", algorithm: str = "") -> Iterator[Server]:
    """Serve certificates and timestamps with two workers, on our defaults.

    Keys are new and in memory, as those of the peers are; of another algorithm they are in files, below a root of
    their own.
    """
    folder.mkdir()
    backend = "ephemeral"
    if algorithm:
        backend = "file"
        os.environ.setdefault("COSIGN_PASSWORD", token_hex(8))
        init = [sys.executable, "-m", "ca_server", "init", f"--dir={folder}", f"--algorithm={algorithm}"]
        subprocess.run(init, check=True, capture_output=True)
    (folder / "issuers.json").write_text(issuer.configuration())
    logs = f"  logs:\n    - url: {ct_log}\n" if ct_log else "  sct: none\n"
    (folder / "ca.yaml").write_text(
        f"authority:\n  backend: {backend}\ntransparency:\n{logs}identity:\n  issuers: issuers.json\n"
    )
    port = free_port()
    command = [sys.executable, "-m", "ca_server", "serve", f"--dir={folder}", f"--port={port}"]
    with running(command, port, "/readyz", folder.with_name(f"{folder.name}.log")) as server:
        yield server


@contextmanager
def fulcio(folder: Path, issuer: Issuer, ct_log: str = "") -> Iterator[Server]:
    """Serve the real Fulcio with keys in memory."""
    folder.mkdir()
    (folder / "config.json").write_text(issuer.configuration())
    port = free_port()
    command = [
        *(str(peers.path("fulcio")), "serve", "--host=127.0.0.1", f"--port={port}", f"--grpc-port={free_port()}"),
        *("--ca=ephemeralca", f"--ct-log-url={ct_log}", f"--config-path={folder / 'config.json'}"),
        *(f"--metrics-port={free_port()}", f"--legacy-unix-domain-socket=@fulcio-{port}"),
        "--log_type=prod",
    ]
    with running(command, port, "/healthz", folder.with_name(f"{folder.name}.log")) as server:
        yield server


@contextmanager
def timestamp_server(folder: Path) -> Iterator[Server]:
    """Serve the real timestamp authority with keys in memory, and without asking the time of others."""
    port = free_port()
    command = [
        *(str(peers.path("timestamp-server")), "serve", "--host=127.0.0.1", f"--port={port}"),
        *("--timestamp-signer=memory", "--disable-ntp-monitoring", "--log-type=prod"),
    ]
    with running(command, port, "/ping", folder.with_name(f"{folder.name}.log")) as server:
        yield server


@contextmanager
def open_log(
    folder: Path, start: Callable[[str], AbstractContextManager[Server]], root_of: Callable[[Server], bytes]
) -> Iterator[Server]:
    """Start an authority with a CT log of ours; the log's CPU time and memory are its own, and not counted."""
    with open_site(folder, start, root_of) as (_, server):
        yield server


@contextmanager
def open_site(
    folder: Path, start: Callable[[str], AbstractContextManager[Server]], root_of: Callable[[Server], bytes]
) -> Iterator[tuple[Server, Server]]:
    """Start our logs and an authority that uses one of them, which learns of its root when the authority is there."""
    folder.mkdir()
    roots = folder / "roots.pem"
    roots.write_bytes(Authority().root)  # another's, until the authority has made its own
    with our_log(folder / "data", roots) as log, start(f"http://{log.address}") as server:
        roots.write_bytes(root_of(server))
        log.process.send_signal(SIGHUP)
        _wait_for_root(log, server, root_of)
        yield log, server


def root_of(server: Server) -> bytes:
    """Return the root of an authority, in PEM."""
    with urlopen(f"http://{server.address}/api/v1/rootCert") as answer:
        chain: bytes = answer.read()
    return b"-----BEGIN" + chain.rpartition(b"-----BEGIN")[2]


def _wait_for_root(log: Server, server: Server, root_of: Callable[[Server], bytes]) -> None:
    """Ask until every worker of the log has the root."""
    wanted = b"".join(root_of(server).splitlines()[1:-1]).decode()
    seen = 0
    while seen < _SURE:
        with urlopen(f"http://{log.address}/ct/v1/get-roots") as answer:
            seen = seen + 1 if wanted in json.load(answer)["certificates"] else 0
        time.sleep(_POLL_SECONDS)
