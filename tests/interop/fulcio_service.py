"""The real Fulcio with keys in its memory and no CT log, believing one issuer."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from tests.interop import peers
from tests.support.registries import free_port
from tests.support.tokens import TokenIssuer

_START_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.02


class FulcioNotStartedError(Exception):
    """It ended, or was not ready in time; with all it said."""


def issuers_of(issuer: TokenIssuer) -> str:
    """Write the configuration file of issuers, which ours reads as well."""
    one = {"IssuerURL": issuer.url, "ClientID": issuer.audience, "Type": "email"}
    return json.dumps({"OIDCIssuers": {issuer.url: one}})


@contextmanager
def serve_fulcio(folder: Path, issuer: TokenIssuer) -> Iterator[str]:
    """Serve it; return its URL."""
    port = free_port()
    (folder / "fulcio.json").write_text(issuers_of(issuer))
    command = [
        *(str(peers.path("fulcio")), "serve", "--host=127.0.0.1", f"--port={port}", f"--grpc-port={free_port()}"),
        *("--ca=ephemeralca", "--ct-log-url=", f"--config-path={folder / 'fulcio.json'}"),
        f"--metrics-port={free_port()}",
    ]
    said = folder / "fulcio.log"
    with said.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _wait(f"http://127.0.0.1:{port}/healthz", process, said)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]", said: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError), urlopen(url):
            return
        time.sleep(_POLL_SECONDS)
    raise FulcioNotStartedError(said.read_text())
