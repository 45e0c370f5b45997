"""Progress bars on stderr: on a terminal, for long transfers and many images; otherwise nothing at all."""

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from cosignpy.operations.parallel import DEFAULT_WORKERS, Outcome, run_parallel
from cosignpy.operations.ports import Progress, ProgressUnit, SilentProgress
from cosignpy.values import field, record

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

T = TypeVar("T")
R = TypeVar("R")

WORTH_SHOWING: Final[Mapping[ProgressUnit, int]] = {ProgressUnit.BYTES: 1 << 20, ProgressUnit.IMAGES: 10}
"""Less than this is done before anyone has read a bar."""


def open_progress() -> Progress:
    """Return who is told about progress: bars on a terminal, else nobody."""
    on_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    return TerminalProgress() if on_terminal else SilentProgress()


def run_counted(
    label: str, function: Callable[[T], R], images: Sequence[T], workers: int = DEFAULT_WORKERS
) -> list[Outcome[R]]:
    """Do the same for several images at once, as `run_parallel` does, and show how many are done."""
    progress = open_progress()

    def step(image: T) -> R:
        try:
            return function(image)
        finally:
            progress.advanced(label, 1)

    progress.started(label, len(images), ProgressUnit.IMAGES)
    try:
        return run_parallel(step, images, workers)
    finally:
        progress.finished(label)


@record
class TerminalProgress:
    """Draws a bar for each piece of work that is worth one."""

    _bars: "dict[str, tuple[Bars, TaskID]]" = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def started(self, label: str, total: int, unit: ProgressUnit) -> None:
        """Begin a bar; it is gone when the work is finished."""
        if total < WORTH_SHOWING[unit]:
            return
        bars = _build_bars(unit)
        with self._lock:
            self._bars[label] = bars, bars.add_task(label, total=total)
        bars.start()

    def advanced(self, label: str, amount: int) -> None:
        """Move the bar."""
        found = self._bars.get(label)
        if found is not None:
            bars, task = found
            bars.advance(task, amount)

    def finished(self, label: str) -> None:
        """Take the bar away."""
        with self._lock:
            found = self._bars.pop(label, None)
        if found is not None:
            found[0].stop()


def _build_bars(unit: ProgressUnit) -> "Bars":
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    amount = DownloadColumn() if unit is ProgressUnit.BYTES else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeRemainingColumn())
    return Bars(*columns, console=Console(stderr=True), transient=True)
