"""The clock that stamps are given by: set forward or back, asleep, doubted by time servers, over a restart."""

import os
import stat
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ca_server.tsa.clock import MAX_SLEW, ClockSources, ClockUntrusted, KeptTime, StampClock
from ca_server.tsa.policy import NotValidNow
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
    moved.set_by(10 * 3600 * MAX_SLEW + STEP - 0.01)
    assert clock.stamp()
    moved.set_by(0.02)
    with pytest.raises(ClockUntrusted):
        clock.stamp()


@pytest.mark.parametrize("seconds", [0.5, -0.5, STEP / 3])
def test_small_jumps_add_up(seconds: float) -> None:
    """An hour of them would be followed if each were compared with the one before only."""
    moved = MovedClock()
    clock = moved.stamping()
    moved_by = 0.0
    while abs(moved_by) <= STEP + MAX_SLEW * 100:
        clock.look()
        moved.set_by(seconds)
        moved.pass_time(10)
        moved_by += seconds
    with pytest.raises(ClockUntrusted) as refused:
        clock.look()
    assert "was set by" in refused.value.why
    moved.set_by(-moved_by)
    assert clock.look()


def test_a_jump_of_the_whole_step_is_made_up_for_by_slewing() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    moved.pass_time(1 / MAX_SLEW)
    moved.set_by(1 + STEP)
    for _ in range(2):
        assert clock.look().timestamp() == moved.wall


def test_jumps_that_go_to_and_fro_do_not_add_up() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    for _ in range(100):
        for seconds in (1.5, -1.5):
            moved.set_by(seconds)
            moved.pass_time(10)
            assert clock.stamp()


@pytest.mark.parametrize("rate", [MAX_SLEW, -MAX_SLEW, 2e-5])
def test_a_year_of_slewing_is_followed_and_saves_nothing_up(rate: float) -> None:
    """An honest machine without time servers is never refused; nor may it be set by hours because it might have."""
    moved = MovedClock()
    clock = moved.stamping()
    for _ in range(365 * 24):
        moved.pass_time(3600)
        moved.set_by(3600 * rate)
        assert clock.stamp().timestamp() == int(moved.wall)
    moved.set_by(STEP - 0.1)
    assert clock.look()
    moved.set_by(0.2)
    with pytest.raises(ClockUntrusted):
        clock.look()


def test_slewing_is_followed_however_often_it_is_looked_at() -> None:
    """Ten thousand looks a second, each of which sees less than a clock of the calendar can show."""
    passed = 0.0
    sources = ClockSources(lambda: NOON + passed * (1 + 0.8 * MAX_SLEW), lambda: passed)
    clock = StampClock(sources, step=0.001)
    while passed < 10:
        clock.follow()
        passed += 1e-4
    assert clock.look() == START + timedelta(seconds=10)


def test_a_clock_that_is_slewed_faster_than_the_system_does_is_noticed() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    for _ in range(66):
        clock.look()
        moved.pass_time(60)
        moved.set_by(60 * 2 * MAX_SLEW)
    assert clock.look()
    moved.pass_time(60)
    moved.set_by(60 * 2 * MAX_SLEW)
    with pytest.raises(ClockUntrusted):
        clock.look()


def test_a_clock_that_was_set_is_not_believed_after_days_because_slewing_could_have_done_it() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    moved.set_by(60)
    for _ in range(7 * 24):
        moved.pass_time(3600)
        clock.follow()
    with pytest.raises(ClockUntrusted):
        clock.look()
    moved.set_by(-60)
    assert clock.look()


def test_a_moment_that_is_refused_is_not_taken_for_stamped() -> None:
    """Else a clock that runs ahead of the certificates, and is put right, would never be trusted again."""
    moved = MovedClock()
    clock = moved.stamping()

    def refuse(moment: object) -> None:
        raise NotValidNow(str(moment))

    with pytest.raises(NotValidNow):
        clock.stamp(refuse)
    assert clock.last == 0
    assert clock.stamp()


def test_stamps_of_other_processes_are_heeded() -> None:
    moved = MovedClock()
    clock = moved.stamping()
    clock.heed(NOON + 1)
    with pytest.raises(ClockUntrusted):
        clock.stamp()
    moved.pass_time(1)
    assert clock.stamp() == START + timedelta(seconds=1)
    clock.heed(NOON)
    assert clock.last == NOON + 1


def test_a_last_second_that_no_calendar_has_is_before_every_stamp() -> None:
    with pytest.raises(ClockUntrusted):
        MovedClock().stamping(999_999_999_999).look()


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


def test_the_steady_clock_is_not_slewed_and_goes_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = {time.CLOCK_MONOTONIC_RAW: 100.0, time.CLOCK_MONOTONIC: 100.5, time.CLOCK_BOOTTIME: 130.5}
    monkeypatch.setattr(time, "clock_gettime", clocks.__getitem__)
    assert ClockSources().read().steady == 130.0


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


def test_the_last_second_of_any_process_is_told(file: Path) -> None:
    one, other = KeptTime(file), KeptTime(file)
    assert other.keep(NOON + 5) == NOON + 5
    assert (one.keep(0), one.keep(NOON), one.keep(NOON + 6)) == (NOON + 5, NOON + 5, NOON + 6)
    file.unlink()
    assert one.keep(0) == NOON + 6


def test_two_processes_do_not_set_the_file_back(file: Path) -> None:
    """The second writes after the first looked, and before it writes."""
    later = threading.Thread(target=KeptTime(file).keep, args=(NOON + 5,))

    class Overtaken(KeptTime):
        looks = 0

        def load(self) -> int:
            found = super().load()
            self.looks += 1
            if self.looks == 3:  # at the opening, before the lock, and under it
                later.start()
                later.join(0.2)
            return found

    assert Overtaken(file).keep(NOON) == NOON
    later.join()
    assert KeptTime(file).load() == NOON + 5


def test_a_later_second_that_was_written_while_the_lock_was_waited_for_stays(file: Path) -> None:
    class Overtaken(KeptTime):
        looks = 0

        def load(self) -> int:
            found = super().load()
            self.looks += 1
            if self.looks == 2:
                KeptTime(file).keep(NOON + 5)
            return found

    assert Overtaken(file).keep(NOON) == NOON + 5
    assert KeptTime(file).load() == NOON + 5


def test_what_was_written_while_the_lock_was_waited_for_is_not_written_again(file: Path) -> None:
    inodes = []

    class Overtaken(KeptTime):
        looks = 0

        def load(self) -> int:
            found = super().load()
            self.looks += 1
            if self.looks == 2:
                KeptTime(file).keep(NOON)
                inodes.append(file.stat().st_ino)
            return found

    assert Overtaken(file).keep(NOON) == NOON
    assert inodes == [file.stat().st_ino]


def test_the_name_of_the_file_is_made_durable_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    sync = os.fsync

    def note(handle: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        sync(handle)

    monkeypatch.setattr(os, "fsync", note)
    KeptTime(file).keep(NOON)
    assert synced == [False, True]


def test_a_second_that_could_not_be_written_is_written_later(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    kept = KeptTime(folder / "last-timestamp")
    with pytest.raises(FileError):
        kept.keep(NOON)
    folder.mkdir()
    kept.keep(NOON)
    assert kept.load() == NOON


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
