"""What time servers say, and what is made of it; and the second that is written down."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from ca_server.config import TimestampSettings
from ca_server.tsa.clock import ClockSources, ClockUntrusted, KeptTime, StampClock
from ca_server.tsa.metrics import NTP_ERRORS, NTP_OFFSET, NTP_SYNC, count_round
from ca_server.tsa.ntp import NtpFailed, NtpServer
from ca_server.tsa.time_watch import DRIFT, Measurement, NtpOptions, TimeWatch, Verdict, judge
from cosignpy.errors import UsageError
from cosignpy.serving.quantities import Duration
from cosignpy.values import record, replace
from tests.support.tsa_clock import START, MovedClock

NTP = TimestampSettings(ntp=("a", "b", "c"))


@pytest.mark.parametrize(
    ("offsets", "agree", "verdict"),
    [
        ((0.0,), 1, Verdict.AGREES),
        ((6.0, -6.0), 2, Verdict.AGREES),
        ((6.1,), 1, Verdict.DISAGREES),
        ((-6.1,), 1, Verdict.DISAGREES),
        ((None,), 1, Verdict.UNKNOWN),
        ((0.0, 0.0, 60.0), 2, Verdict.AGREES),
        ((0.0, 60.0, 60.0), 2, Verdict.DISAGREES),
        ((0.0, 60.0, None), 2, Verdict.UNKNOWN),
        ((0.0, None, None), 2, Verdict.UNKNOWN),
        ((60.0, 60.0, None), 2, Verdict.DISAGREES),
        ((0.0, 0.0, 60.0), 3, Verdict.DISAGREES),
    ],
)
def test_as_many_as_are_wanted_have_to_agree(offsets: Sequence[float | None], agree: int, verdict: Verdict) -> None:
    assert judge(offsets, 6.0, agree) is verdict


@pytest.mark.parametrize(
    ("asked", "wanted", "agree"), [(0, 0, 1), (1, 0, 1), (2, 0, 2), (3, 0, 2), (4, 0, 3), (3, 1, 1)]
)
def test_how_many_have_to_agree(asked: int, wanted: int, agree: int) -> None:
    settings = replace(NTP, ntp=tuple("abcd"[:asked]), ntp_agree=wanted)
    assert NtpOptions.of(settings).agree == agree


@pytest.mark.parametrize(
    "changes",
    [{"ntp_agree": 4}, {"ntp": ("a b",)}, {"ntp_interval": Duration(60_000)}, {"ntp_limit": Duration(0.006)}],
)
def test_settings_that_cannot_be_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        NtpOptions.of(replace(NTP, **changes))


def test_as_many_as_there_are_may_have_to_agree() -> None:
    assert NtpOptions.of(replace(NTP, ntp_agree=3)).agree == 3
    assert not NtpOptions.of(replace(NTP, ntp=(), ntp_agree=3)).servers


def test_time_servers_may_be_asked_as_rarely_as_their_word_is_good_for() -> None:
    assert NtpOptions.of(replace(NTP, ntp_interval=Duration(59_999))).interval < 6 / DRIFT
    assert not NtpOptions.of(replace(NTP, ntp=(), ntp_interval=Duration(60_000))).servers


@record
class Servers:
    """Time servers by name: how far they are ahead; the silent ones are not there."""

    offsets: dict[str, float]
    rounds: int = 0

    def ask(self, server: NtpServer, _timeout: float) -> float:
        if server.host not in self.offsets:
            raise NtpFailed(str(server), "no answer")
        return self.offsets[server.host]


@record
class Reports:
    """What a watch reported."""

    verdicts: list[Verdict]

    def note(self, measured: Sequence[Measurement], verdict: Verdict) -> None:
        assert len(measured) == 3
        self.verdicts.append(verdict)


def test_stamps_are_given_as_long_as_time_servers_agree() -> None:
    moved, servers, reports = MovedClock(), Servers({"a": 0.1, "b": -0.1}), Reports([])
    clock = moved.stamping()
    clock.deny("not yet")
    watch = TimeWatch(clock, NtpOptions.of(NTP), None, reports.note, servers.ask)
    assert watch.compare() is Verdict.AGREES
    assert clock.stamp() == START
    servers.offsets = {"a": 60.0, "b": 60.0, "c": 0.0}
    assert watch.compare() is Verdict.DISAGREES
    with pytest.raises(ClockUntrusted) as refused:
        clock.stamp()
    assert "a +60.0 s, b +60.0 s" in refused.value.why
    servers.offsets = {"a": 0.0, "b": 0.0, "c": 0.0}
    assert watch.compare() is Verdict.AGREES
    assert clock.stamp() == START
    assert reports.verdicts == [Verdict.AGREES, Verdict.DISAGREES, Verdict.AGREES]


def test_silent_time_servers_leave_what_was_known_in_force_until_a_quartz_may_be_wrong() -> None:
    moved, servers = MovedClock(), Servers({"a": 0.0, "b": 0.0})
    clock = moved.stamping()
    watch = TimeWatch(clock, NtpOptions.of(NTP), ask_server=servers.ask)
    watch.compare()
    servers.offsets = {}
    moved.pass_time(6 / DRIFT)
    assert watch.compare() is Verdict.UNKNOWN
    assert clock.stamp()
    moved.pass_time(1)
    with pytest.raises(ClockUntrusted):
        clock.stamp()


def test_the_last_second_is_written_down(tmp_path: Path) -> None:
    clock, kept = MovedClock().stamping(), KeptTime(tmp_path / "last")
    watch = TimeWatch(clock, NtpOptions.of(TimestampSettings()), kept)
    watch.keep()
    assert kept.load() == 0
    clock.stamp()
    watch.stop()
    assert kept.load() == START.timestamp()


def test_what_other_processes_wrote_down_is_heeded(tmp_path: Path) -> None:
    clock, kept = MovedClock().stamping(), KeptTime(tmp_path / "last")
    watch = TimeWatch(clock, NtpOptions.of(TimestampSettings()), kept)
    KeptTime(tmp_path / "last").keep(int(START.timestamp()) + 1)
    assert clock.stamp()
    watch.keep()
    with pytest.raises(ClockUntrusted):
        clock.stamp()


def test_where_nothing_is_kept_nothing_is_written() -> None:
    clock = MovedClock().stamping()
    clock.stamp()
    TimeWatch(clock, NtpOptions.of(TimestampSettings())).stop()


def test_a_disk_that_is_full_stops_no_stamps(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    clock, kept = MovedClock().stamping(), KeptTime(folder / "last")
    clock.stamp()
    folder.rmdir()
    TimeWatch(clock, NtpOptions.of(TimestampSettings()), kept).keep()
    assert "not on record" in caplog.text


def test_a_thread_asks_at_once_and_writes_down_at_the_end(tmp_path: Path) -> None:
    asked, clock, kept = Event(), MovedClock().stamping(), KeptTime(tmp_path / "last")

    def ask(_server: NtpServer, _timeout: float) -> float:
        asked.set()
        return 0.0

    clock.deny("not yet")
    watch = TimeWatch(clock, NtpOptions.of(replace(NTP, ntp=("a",))), kept, ask_server=ask)
    watch.start()
    assert asked.wait(10)
    watch.stop()


def test_a_thread_follows_the_clock_where_nobody_wants_stamps() -> None:
    looked, moved = Event(), MovedClock()

    def steady() -> float:
        looked.set()
        return moved.steady

    clock = StampClock(ClockSources(lambda: moved.wall, steady), 2)
    looked.clear()
    watch = TimeWatch(clock, NtpOptions.of(TimestampSettings()))
    watch.start()
    assert looked.wait(10)
    watch.stop()


@pytest.mark.parametrize(
    "failure", [UsageError("something that nobody thought of"), ValueError("not even an error of ours")]
)
def test_a_thread_survives_a_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture, failure: Exception) -> None:
    again = Event()
    rounds = []

    def ask(_server: NtpServer, _timeout: float) -> float:
        rounds.append(1)
        if len(rounds) == 1:
            raise failure
        again.set()
        return 0.0

    settings = replace(NTP, ntp=("a",), ntp_interval=Duration(0.001))
    watch = TimeWatch(MovedClock().stamping(), NtpOptions.of(settings), KeptTime(tmp_path / "last"), ask_server=ask)
    watch.start()
    assert again.wait(10)
    watch.stop()
    assert "the time watch failed" in caplog.text


def value_of(metric: object, **labels: str) -> float:
    return metric.labels(**labels)._value.get()  # type: ignore[attr-defined]


def test_rounds_are_counted_under_the_real_server_s_names() -> None:
    measured = (Measurement("counted", -0.5, 0.01), Measurement("silent", None, 2.0))
    before = value_of(NTP_ERRORS, reason="err_inv_time"), value_of(NTP_ERRORS, reason="err_too_few")
    for verdict in Verdict:
        count_round(measured, verdict)
    assert value_of(NTP_SYNC, host="counted", failed="false") == 3
    assert value_of(NTP_SYNC, host="silent", failed="true") == 3
    assert value_of(NTP_OFFSET, host="counted") == -0.5
    after = value_of(NTP_ERRORS, reason="err_inv_time"), value_of(NTP_ERRORS, reason="err_too_few")
    assert after == (before[0] + 1, before[1] + 1)
