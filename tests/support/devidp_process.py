"""`python -m cosignpy.stack.devidp` as processes: one that serves, and those that do something once."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PATIENCE_SECONDS: Final = 30.0

_COMMAND: Final = (sys.executable, "-m", "cosignpy.stack.devidp")
_ANNOUNCED: Final = re.compile(r"serving the issuer (\S+) ")
_POLL_SECONDS: Final = 0.02


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [*_COMMAND, *arguments], check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )


@contextmanager
def serving(directory: Path, *options: str) -> Iterator[str]:
    """Serve on any free port with keys in a directory; yield the issuer, and insist on an orderly end."""
    messages = directory.with_name(f"{directory.name}.messages")
    command = [*_COMMAND, "serve", "--dir", str(directory), "--port", "0", *options]
    with messages.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield _await_issuer(process, messages)
            process.terminate()
            assert process.wait(PATIENCE_SECONDS) == 0, messages.read_text()
        finally:
            process.kill()


def _await_issuer(process: "subprocess.Popen[bytes]", messages: Path) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        announced = _ANNOUNCED.search(messages.read_text())
        if announced:
            return announced[1]
        if process.poll() is not None:
            break
        time.sleep(_POLL_SECONDS)
    raise AssertionError(messages.read_text())
