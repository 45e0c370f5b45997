"""When a key counts: from its start on, and before its end."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.errors import UsageError

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
END: Final = datetime(2026, 2, 1, tzinfo=UTC)
MOMENT: Final = timedelta(microseconds=1)


@pytest.mark.parametrize("window", [KeyWindow(START, END), KeyWindow(START), KeyWindow(None, END)])
def test_the_start_is_in_it_and_the_end_is_not(window: KeyWindow) -> None:
    assert window.covers(START)
    assert window.covers(END - MOMENT)
    assert window.covers(START - MOMENT) == (window.start is None)
    assert window.covers(END) == (window.end is None)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, None),
        (START, START),
        (END, START),
        (START.replace(tzinfo=None), None),
        (None, END.replace(tzinfo=None)),
        (START, END.replace(tzinfo=None)),
    ],
)
def test_a_time_that_is_none_or_all_is_refused(start: datetime | None, end: datetime | None) -> None:
    with pytest.raises(UsageError):
        KeyWindow(start, end)


def test_it_is_shown_in_words() -> None:
    both = "from 2026-01-01T00:00:00+00:00 on before 2026-02-01T00:00:00+00:00"
    assert (str(KeyWindow(START, END)), str(KeyWindow(START)), str(KeyWindow(None, END))) == (
        both,
        both.partition(" before")[0],
        both.partition("on ")[2],
    )
