"""A page of docs/operations as something that can be executed: its commands, and what it says the server says."""

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from cosignpy.values import field, record, value

PAGES: Final = Path(__file__).resolve().parents[2] / "docs" / "operations"
PAGE: Final = PAGES / "log.md"
PATIENCE_SECONDS: Final = 60.0

_STEP: Final = re.compile(r"<!-- step: ([a-z-]+) -->\n```sh\n(.*?)```", re.DOTALL)
_FAILURE: Final = re.compile(r"^### ([^\n]+)\n\n(.*?)(?=^##|\Z)", re.DOTALL | re.MULTILINE)
_QUOTED: Final = re.compile(r"`([^`]+)`")
_EXIT_CODE: Final = re.compile(r"\(exit code (\d)")
_SHELL_BLOCK: Final = re.compile(r"^```sh", re.MULTILINE)


@value
class Failure:
    """A heading of the page: what the server says then, and with which exit code."""

    messages: tuple[str, ...]
    exit_code: int

    def fits(self, said: str) -> bool:
        """Say whether the page would lead to this heading whoever read that."""
        return any(message in said for message in self.messages)


def steps(page: Path = PAGE) -> Mapping[str, str]:
    """Return all commands of a page by name."""
    text = page.read_text()
    found = dict(_STEP.findall(text))
    assert len(found) == len(_SHELL_BLOCK.findall(text)), "a block of commands has no name of its own"
    return found


def failures(page: Path = PAGE) -> Mapping[str, Failure]:
    """Return the failures of a page by heading."""
    found = {}
    for heading, body in _FAILURE.findall(page.read_text()):
        sentence = body.partition(".  ")[0].partition("(exit")[0].partition("from")[0]
        code = _EXIT_CODE.search(body)
        found[heading] = Failure(tuple(_QUOTED.findall(sentence)), int(code[1]) if code else 0)
    return found


@record
class Operator:
    """Someone who follows the page: on one data directory, with one place for copies, on one port."""

    data: Path
    copies: Path
    port: int
    page: Path = PAGE
    more: Mapping[str, str] = field(default_factory=dict)
    """What else the page speaks of, by the names of variables."""
    messages: Path | None = None
    """Where what the server says goes; otherwise to the terminal."""

    def run(self, step: str, **more: str) -> str:
        """Execute a step and return what it printed."""
        done = self.attempt(step, **more)
        assert done.returncode == 0, f"{step}: {done.stdout}{done.stderr}"
        return done.stdout

    def attempt(self, step: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Execute a step that may fail."""
        return subprocess.run(
            ["sh", "-eu", "-c", steps(self.page)[step]],
            env=self._environment | more,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Have the server run while the block does, which gets its process id; it need not be running in the end."""
        with self.messages.open("ab") if self.messages else nullcontext() as messages:
            process = subprocess.Popen(
                ["sh", "-eu", "-c", f"exec {steps(self.page)['serve']}"], env=self._environment, stderr=messages
            )
        reaper = threading.Thread(target=process.wait)
        reaper.start()  # else `kill -0` would find the process after its end
        try:
            self._wait_until_ready(process)
            yield process.pid
        finally:
            if process.returncode is None:
                self.run("stop", PID=str(process.pid))
            reaper.join(PATIENCE_SECONDS)
        assert process.returncode == 0

    @property
    def _environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {"PATH": path, "D": str(self.data), "B": str(self.copies), "P": str(self.port), **self.more}

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            assert process.returncode is None, "the server ended"
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=PATIENCE_SECONDS):
                    return
            except (URLError, OSError):
                time.sleep(0.02)
        raise TimeoutError


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
