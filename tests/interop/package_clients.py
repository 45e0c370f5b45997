"""The package clients that fetch peers, as they are run: patiently, with their talk on stderr."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ATTEMPTS: Final = 4
PAUSE_SECONDS: Final = 5.0
BUILD_SECONDS: Final = 1800
"""For one build; kube-apiserver, the largest, took nine minutes on two busy cores with a cold cache."""


@dataclass(eq=False)
class PeerUnavailableError(Exception):
    """A peer that is not there, or cannot be installed."""

    key: str
    why: str

    def __str__(self) -> str:
        return f"peer {self.key}: {self.why}"


def run_with_retries(key: str, command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> None:
    """Run a package client; its downloads fail now and then, so try again with growing pauses.

    Raises:
        PeerUnavailableError: It failed each time.
    """
    for attempt in range(1, ATTEMPTS + 1):
        done = subprocess.run(command, env=env, cwd=cwd, check=False, stdout=sys.stderr, timeout=BUILD_SECONDS)
        if done.returncode == 0:
            return
        sys.stderr.write(f"{' '.join(command)}: exit code {done.returncode}, attempt {attempt} of {ATTEMPTS}\n")
        if attempt < ATTEMPTS:
            time.sleep(PAUSE_SECONDS * attempt)
    raise PeerUnavailableError(key, f"{' '.join(command)} failed {ATTEMPTS} times; its messages are above")
