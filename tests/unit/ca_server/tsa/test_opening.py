"""A timestamp authority put together: what it goes by before anything happened."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ca_server.authority.ephemeral import hold_timestamping
from ca_server.authority.hierarchy import Plan, make_hierarchy
from ca_server.config import TimestampSettings
from ca_server.tsa.opening import LAST_TIMESTAMP, OpenedTimestamps, open_timestamps
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.errors import FileError, UsageError

REQUEST = TimestampRequest(MessageImprint.of(b"message"))


def opened(data: Path, settings: TimestampSettings | None = None) -> OpenedTimestamps:
    begin = datetime.now(UTC).replace(microsecond=0)
    authority = hold_timestamping(make_hierarchy(Plan("tests", "stamps"), begin).timestamping.certified)
    return open_timestamps(authority, settings or TimestampSettings(), data)


@pytest.fixture
def last(tmp_path: Path) -> Path:
    return tmp_path / LAST_TIMESTAMP


def test_stamps_are_given_and_kept(tmp_path: Path, last: Path) -> None:
    made = opened(tmp_path)
    assert made.responder.trouble() == ""
    moment = made.responder.respond(REQUEST).info.moment
    made.watch.keep()
    assert last.read_text() == f"{moment.timestamp():.0f}\n"


def test_no_stamps_before_time_servers_agreed(tmp_path: Path) -> None:
    made = opened(tmp_path, TimestampSettings(ntp=("192.0.2.1",)))
    assert "not been compared" in made.responder.trouble()


def test_a_clock_that_was_set_back_while_nobody_stamped_is_noticed(tmp_path: Path, last: Path) -> None:
    last.write_text(f"{int(time.time()) + 3600}\n")
    assert "before the last stamp" in opened(tmp_path).responder.trouble()


@pytest.mark.parametrize("settings", [TimestampSettings(policy="x"), TimestampSettings(ntp=("a b",))])
def test_settings_that_cannot_be_are_refused(tmp_path: Path, settings: TimestampSettings) -> None:
    with pytest.raises(UsageError):
        opened(tmp_path, settings)


def test_a_file_that_says_nothing_is_refused(tmp_path: Path, last: Path) -> None:
    last.write_text("yesterday\n")
    with pytest.raises(FileError):
        opened(tmp_path)
