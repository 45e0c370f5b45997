"""Progress bars: on a terminal and for long work only."""

import io
import sys

import pytest

from cosignpy.cli.progress import TerminalProgress, open_progress, run_counted
from cosignpy.operations.ports import ProgressUnit, SilentProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stderr", "term", "kind"),
    [
        (Terminal(), "xterm", TerminalProgress),
        (Terminal(), "dumb", SilentProgress),
        (io.StringIO(), "xterm", SilentProgress),
    ],
)
def test_bars_are_for_terminals(monkeypatch: pytest.MonkeyPatch, stderr: io.StringIO, term: str, kind: type) -> None:
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("TERM", term)
    assert isinstance(open_progress(), kind)


@pytest.mark.parametrize(
    ("unit", "total", "shown"),
    [
        (ProgressUnit.BYTES, (1 << 20) - 1, False),
        (ProgressUnit.BYTES, 1 << 20, True),
        (ProgressUnit.IMAGES, 9, False),
        (ProgressUnit.IMAGES, 10, True),
    ],
)
def test_short_work_has_no_bar(monkeypatch: pytest.MonkeyPatch, unit: ProgressUnit, total: int, shown: bool) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    progress = TerminalProgress()
    progress.started("copying", total, unit)
    progress.advanced("copying", total)
    progress.finished("copying")
    progress.finished("copying")
    assert ("copying" in stderr.getvalue()) is shown


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    progress = SilentProgress()
    progress.started("copying", 1 << 30, ProgressUnit.BYTES)
    progress.advanced("copying", 1)
    progress.finished("copying")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("count", "shown"), [(9, False), (10, True)])
def test_many_images_are_counted_and_all_are_done(monkeypatch: pytest.MonkeyPatch, count: int, shown: bool) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    outcomes = run_counted("verifying", lambda number: 1 // number, range(count))
    assert [outcome.error is None for outcome in outcomes] == [number > 0 for number in range(count)]
    assert ("verifying" in stderr.getvalue()) is shown
