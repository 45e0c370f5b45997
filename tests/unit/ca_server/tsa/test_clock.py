"""The clock that stamps are given by: set forward or back, asleep, doubted by time servers, over a restart."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ca_server.tsa.clock import MAX_SLEW, ClockSources, ClockUntrusted, KeptTime
from cosignpy.errors import FileError
from tests.support.tsa_clock import START, STEP, MovedClock

NOON = int(START.timestamp())


def test_stamps_have_whole_seconds_and_are_never_earlier_than_one_before() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    stamped = []
    for _ in range(8):
        stamped.append(clock.stamp() - START)
        moved.pass_time(0.4)
    assert [moment.total_seconds() for moment in stamped] == [0, 0, 0, 1, 1, 2, 2, 2]
    assert clock.last == NOON + 2


@pytest.mark.parametrize("seconds", [-1.5, -STEP - 0.1, -3600.0, STEP + 0.1, 3600.0])
def test_a_clock_that_was_set_stamps_nothing_until_it_is_put_back(seconds: float) -> None:
    moved = MovedClock()
    clock = moved.stamping()
    assert clock.stamp() == START
    moved.set_by(seconds)
    for attempt in (clock.stamp, clock.look):
        with pytest.raises(ClockUntrusted):
            attempt()
    moved.set_by(-seconds)
    moved.pass_time(1)
    assert clock.stamp() == START + timedelta(seconds=1)


def test_a_clock_that_was_set_is_distrusted_however_long_it_goes_on() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    clock.stamp()
    moved.set_by(60)
    moved.pass_time(3600)
    with pytest.raises(ClockUntrusted):
        clock.stamp()


def test_a_clock_that_is_hurried_or_slowed_is_followed() -> None:
    """Half a second a quarter of an hour is what the system itself does to set a clock right."""
    moved = MovedClock()
    clock = moved.stamping()
    for _ in range(20):
        moved.pass_time(900)
        moved.set_by(900 * MAX_SLEW)
        assert clock.stamp().timestamp() == int(moved.wall)
    moved.pass_time(10 * 3600)
    moved.set_by(10 * 3600 * MAX_SLEW + STEP)
    assert clock.stamp()


def test_a_little_is_made_up_for_by_waiting() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    clock.stamp()
    moved.set_by(-1)
    with pytest.raises(ClockUntrusted) as refused:
        clock.stamp()
    assert "before the last stamp" in refused.value.why
    moved.pass_time(1)
    assert clock.stamp() == START


def test_a_clock_that_was_set_back_over_a_restart_stamps_nothing_until_it_has_caught_up() -> None:
    moved = MovedClock()
    clock = moved.stamping(last=NOON + 10)
    with pytest.raises(ClockUntrusted):
        clock.stamp()
    assert clock.last == NOON + 10
    moved.pass_time(10)
    assert clock.stamp() == START + timedelta(seconds=10)


def test_time_servers_are_believed_for_a_while() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    clock.deny("not yet")
    with pytest.raises(ClockUntrusted) as refused:
        clock.stamp()
    assert refused.value.why == "not yet"
    clock.confirm(clock.read(), 60)
    moved.pass_time(60)
    assert clock.stamp()
    moved.pass_time(0.1)
    with pytest.raises(ClockUntrusted) as refused:
        clock.stamp()
    assert refused.value.why != "not yet"


def test_time_servers_say_that_a_clock_was_set_to_the_right_time() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    clock.stamp()
    moved.set_by(3600)
    clock.confirm(clock.read(), 60)
    assert clock.stamp() == START + timedelta(hours=1)


def test_not_even_time_servers_make_a_stamp_earlier_than_one_before() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    clock.stamp()
    moved.set_by(-3600)
    clock.confirm(clock.read(), 7200)
    with pytest.raises(ClockUntrusted):
        clock.stamp()
    moved.pass_time(3600)
    assert clock.stamp() == START


def test_a_clock_that_is_set_while_time_servers_are_asked_is_not_confirmed() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    reading = clock.read()
    moved.set_by(60)
    clock.confirm(reading, 600)
    with pytest.raises(ClockUntrusted):
        clock.stamp()


def test_the_clocks_of_the_system_are_read() -> None:
    sources = ClockSources()
    first, second = sources.read(), sources.read()
    assert second.steady >= first.steady
    assert abs(second.wall - first.wall) < 60


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "last-timestamp"


def test_the_last_second_is_kept(file: Path) -> None:
    kept = KeptTime(file)
    assert kept.load() == 0
    kept.keep(0)
    assert not file.exists()
    kept.keep(NOON)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"%d\n" % NOON, 0o600)
    assert KeptTime(file).load() == NOON


def test_the_last_second_of_several_processes_is_the_latest(file: Path) -> None:
    one, other = KeptTime(file), KeptTime(file)
    other.keep(NOON + 5)
    one.keep(NOON)
    assert KeptTime(file).load() == NOON + 5
    one.keep(NOON + 6)
    assert KeptTime(file).load() == NOON + 6


def test_what_is_kept_already_is_not_written_again(file: Path) -> None:
    kept = KeptTime(file)
    kept.keep(NOON)
    file.unlink()
    kept.keep(NOON)
    assert not file.exists()


@pytest.mark.parametrize("content", [b"", b"17", b"-1\n", b"017\n", b"17\n\n", b"9" * 13 + b"\n", b"\xff\n"])
def test_a_file_that_says_something_else_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(FileError) as refused:
        KeptTime(file)
    assert refused.value.hint


@pytest.mark.parametrize("spoil", [Path.mkdir, lambda file: file.parent.rmdir()])
def test_a_file_that_cannot_be_used_is_refused(file: Path, spoil: Callable[[Path], None]) -> None:
    spoil(file)
    with pytest.raises(FileError):
        KeptTime(file).keep(NOON)
