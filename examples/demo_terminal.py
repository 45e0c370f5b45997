"""What the demo is told with: commands as you would type them, and a console that remembers what it showed."""

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from rich.console import Console
from rich.text import Text

START_SECONDS: Final = 20.0
WIDTH: Final = 132


@dataclass(slots=True)
class Demo:
    """A folder, an environment, and a console."""

    folder: Path
    environment: Mapping[str, str]
    console: Console = field(default_factory=lambda: Console(record=True, width=WIDTH, highlight=False))
    began: float = field(default_factory=time.monotonic)

    def tell(self, text: str) -> None:
        """Say what comes next."""
        self.console.print(Text(f"\n# {text}", style="bold cyan"))

    def type(self, line: str, prompt: str = "$") -> None:
        """Show a command line, or something else that is sent off."""
        self.console.print(Text(f"{prompt} ", style="dim") + Text(shorten(line), style="bold bright_white"))

    def show(self, text: str, style: str = "green") -> None:
        """Show what came of it, one line each."""
        for line in text.strip().splitlines():
            self.console.print(Text(f"  {shorten(line)}", style=style))

    def run(self, line: str, *, expect: int = 0) -> str:
        """Run a command line as it is shown, show what it prints, and insist on its exit code."""
        self.type(line)
        done = self._process(line)
        self.show(done.stdout, "green" if expect == 0 else "")
        self.show(done.stderr, "" if expect == 0 else "red")
        if expect:
            self.show(f"exit code {done.returncode}", "yellow")
        if done.returncode != expect:
            self.fail(f"`{line}` exited with {done.returncode}, and {expect} was expected")
        return done.stdout

    def quietly(self, line: str) -> str:
        """Run a command line that is not part of the story."""
        done = self._process(line)
        if done.returncode != 0:
            self.fail(f"`{line}` exited with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    @contextmanager
    def serving(self, line: str) -> Iterator["Server"]:
        """Run a server while the block does, and stop it by its process id whatever happens."""
        with subprocess.Popen(
            shlex.split(line), cwd=self.folder, env=dict(self.environment), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            try:
                said = next((line.strip() for line in process.stdout or () if not line.startswith("{")), "")
                address = re.search(r"[0-9.]+:[0-9]+", said)
                if address is None:
                    self.fail(f"`{line}` did not start: {said or 'it said nothing'}")
                yield Server(process, address[0], said)
            finally:
                process.terminate()
                process.wait(START_SECONDS)

    def fail(self, why: str) -> NoReturn:
        """End the demo loudly."""
        sys.exit(f"\nThe demo failed: {why}")

    def _process(self, line: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            shlex.split(line), cwd=self.folder, env=dict(self.environment), capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Server:
    """A server under way: its process, where it is, and how it announced that."""

    process: "subprocess.Popen[str]"
    address: str
    said: str

    def crash(self) -> None:
        """End it by SIGKILL, which it cannot notice."""
        self.process.kill()
        self.process.wait(START_SECONDS)


def shorten(text: str) -> str:
    """Cut digests for people: the first twelve digits tell them apart."""
    return re.sub(r"(sha256[:-][0-9a-f]{12})[0-9a-f]{52}", r"\1…", text)


def draw(console: Console, picture: Path, title: str = "make demo") -> None:
    """Write what the console showed as an SVG that loads nothing from anywhere."""
    drawn = console.export_svg(title=title, font_aspect_ratio=0.61)
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    picture.write_text(drawn.replace("Fira Code", "ui-monospace"))
