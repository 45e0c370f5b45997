"""What is true of one run of the command line, whichever command it is."""

import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from cosignpy.errors import DeadlineExceeded
from cosignpy.files import write_file
from cosignpy.values import field, record

if TYPE_CHECKING:
    from cosignpy.cli.precedence import Resolved

DEFAULT_TIMEOUT: Final = "3m"


class Output(StrEnum):
    """How results are printed: for a person, as our documented JSON, as a tree of it, or as cosign prints them.

    Of attestations also what they say, and nothing else.
    """

    TEXT = "text"
    JSON = "json"
    COSIGN = "cosign"
    TREE = "tree"
    PREDICATE = "predicate"


@record
class Invocation:
    """Settled while the flags are parsed, read by whoever renders. `stdout` is data, `stderr` is talk."""

    output: Output = Output.TEXT
    verbose: bool = False
    timeout: float | None = None
    output_file: Path | None = None
    context: str = ""
    """What `--context` or its variable names, empty for the current one of the configuration file."""
    given: "dict[str, Resolved]" = field(default_factory=dict)
    settings: "dict[str, Resolved] | None" = None
    """What flags and their variables say, and what counts: `configuration` keeps both here."""
    printed: list[bytes] = field(default_factory=list)
    withheld: bool = False
    """There is no result: what is printed goes to stderr, and `--output-file` stays as it was."""
    resources: ExitStack = field(default_factory=ExitStack)
    """Closed when the command is done: an archive is written then, unless the command raised."""

    def finish(self) -> None:
        """Write what was printed to the file that `--output-file` named.

        Raises:
            FileError: It cannot be written.
        """
        if self.output_file is not None and not self.withheld:
            write_file(self.output_file, b"".join(self.printed))

    def say(self, line: str) -> None:
        """Tell the person something that is not the result."""
        sys.stderr.write(printable(line, keep="\n") + "\n")

    def warn(self, line: str) -> None:
        """Warn as cosign does, with a prefix that scripts look for."""
        self.say(f"WARNING: {line}")

    def print(self, text: str) -> None:
        """Print the result, or a line of it; with `--output-file` it is kept until the command is done."""
        if self.withheld:
            self.say(text)
        elif self.output_file is None:
            sys.stdout.write(text + "\n")
        else:
            self.printed.append(f"{text}\n".encode())

    def write(self, content: bytes) -> None:
        """Print what somebody else wrote, to the last octet."""
        if self.output_file is None:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
        else:
            self.printed.append(content)


def printable(text: str, keep: str = "") -> str:
    """Escape what a terminal would obey or hide: much of what is shown was written by someone else."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else f"\\u{ord(char):04x}" for char in text)


CURRENT: Final = Invocation()
"""One process is one invocation; `main` resets it, commands and renderers read it."""


def log_requests() -> None:
    """Write a line per request to stderr; the HTTP client leaves secrets out of what it logs."""
    import logging

    logging.basicConfig(stream=sys.stderr, format="%(message)s")
    logging.getLogger("cosignpy").setLevel(logging.DEBUG)


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Interrupt the whole command after this long, whatever it is waiting for; None or 0 never."""

    def expire(_signal: int, _frame: FrameType | None) -> None:
        raise DeadlineExceeded(seconds or 0)

    if not seconds:
        yield
        return
    previous = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
