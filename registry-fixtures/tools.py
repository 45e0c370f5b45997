"""The real programs, run: cosign v2 and v3, crane, and go-containerregistry's registry on a free loopback port."""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from catalogue import GENERATED_KEYS, Tool
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.interop import peers

PASSWORD: Final = "cosignpy-fixture"  # noqa: S105 - test keys, published on purpose
PATIENCE_SECONDS: Final = 120


@contextmanager
def registry() -> Iterator[str]:
    """Run an in-memory registry without the referrers API; yield its host and port."""
    with tempfile.TemporaryFile("w+") as log:  # a file: a pipe that nobody reads stops the registry when it is full
        server = subprocess.Popen([peers.path("registry"), "-port", "0"], stderr=log)
        try:
            yield f"localhost:{_announced_port(log)}"
        finally:
            server.terminate()
            server.wait(PATIENCE_SECONDS)


def _announced_port(log: TextIO) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        log.seek(0)
        if found := re.search(r"serving on port (\d+)", log.read()):
            return found[1]
        time.sleep(0.05)
    message = "the registry did not say its port"
    raise TimeoutError(message)


class Workshop:
    """A folder where cosign runs: its keys, its configuration, its home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "test-keys").mkdir()
        (folder / "predicate.json").write_text('{"reviewed":true}\n')
        self.run("cosign-v3", ("signing-config", "create", "--out", "signing-config.json")).check_returncode()
        self.run("cosign-v3", ("trusted-root", "create", "--out", "trusted-root.json")).check_returncode()

    def run(self, tool: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a peer in the workshop, with no home but the workshop."""
        env = {
            "COSIGN_PASSWORD": PASSWORD,
            "COSIGN_YES": "true",
            "HOME": str(self.folder),
            "PATH": os.environ["PATH"],
        }
        return subprocess.run(
            [peers.path(tool), *arguments],
            cwd=self.folder,
            env=env,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def make_keys(self) -> None:
        """Generate and import the test keys, all by cosign."""
        for name in GENERATED_KEYS:
            self.run("cosign-v3", ("generate-key-pair", *_named(name))).check_returncode()
        for name, private in _private_keys().items():
            plain = self.folder / f"{name}.pem"
            plain.write_bytes(private)
            self.run("cosign-v3", ("import-key-pair", "--key", plain.name, *_named(name))).check_returncode()

    def version(self, tool: Tool) -> str:
        """Return the version the tool says it has."""
        told = self.run(tool, ("version",)).stdout
        found = re.search(r"GitVersion:\s+(\S+)", told)
        return found[1] if found else peers.PEERS[tool].version


def _named(name: str) -> tuple[str, str]:
    return ("--output-key-prefix", f"test-keys/{name}")


def _private_keys() -> dict[str, bytes]:
    keys: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey] = {
        "rsa2048": rsa.generate_private_key(65537, 2048),
        "p384": ec.generate_private_key(ec.SECP384R1()),
        "p521": ec.generate_private_key(ec.SECP521R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate(),
    }
    return {
        name: key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        for name, key in keys.items()
    }
