"""The file with verdicts: what is written is read again, and nothing else is."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cosignpy.errors import FileError, UsageError
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.webhook.engine import cache_file
from cosignpy.webhook.engine.cache import KeptVerdict, VerdictKey
from cosignpy.webhook.engine.cache_file import CacheFile
from cosignpy.webhook.verdicts import ImageVerdict, Kept, PolicyAnswer

SECRET = b"s" * 32
KEY = VerdictKey("registry.example/app@sha256:aa", "policies")
ANSWER = PolicyAnswer("team", "", Outcome.PASSED, "alice", (), ("sha256:bb",))
DECIDED = datetime(2026, 1, 1, tzinfo=UTC)
VERDICT = ImageVerdict(KEY.image, "sha256:aa", Outcome.PASSED, (ANSWER,), decided_at=DECIDED, kept=Kept.REMEMBERED)
KEPT = KeptVerdict(VERDICT, DECIDED.timestamp(), 5.0, 6.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "verdicts"
    CacheFile(made, SECRET).save([(KEY, KEPT), ("digest", KEPT)], 10)
    return made


def test_what_is_written_is_read_again(path: Path) -> None:
    found = CacheFile(path, SECRET).load()
    assert found.keys() == {KEY.digest(), "digest"}
    restored = found["digest"]
    assert (restored.verdict, restored.made, restored.until, restored.grace_until) == (
        VERDICT, KEPT.made, KEPT.until, KEPT.grace_until,
    )  # fmt: skip
    assert path.stat().st_mode & 0o777 == 0o600


def test_there_is_nothing_where_there_is_no_file(tmp_path: Path) -> None:
    assert CacheFile(tmp_path / "none", SECRET).load() == {}


def test_only_so_many_are_written(path: Path) -> None:
    CacheFile(path, SECRET).save([(KEY, KEPT), ("digest", KEPT)], 1)
    assert CacheFile(path, SECRET).load().keys() == {KEY.digest()}


def test_too_much_is_not_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    monkeypatch.setattr(cache_file, "MAX_FILE", 10)
    CacheFile(path, SECRET).save([(KEY, KEPT)], 10)
    assert path.read_bytes() == before


@pytest.mark.parametrize("position", [0, 31, 32, 80, -1])
def test_a_changed_octet_is_refused(path: Path, position: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[position] ^= 1
    path.write_bytes(raw)
    with pytest.raises(FileError):
        CacheFile(path, SECRET).load()


def test_another_secret_is_refused(path: Path) -> None:
    with pytest.raises(FileError):
        CacheFile(path, b"t" * 32).load()


def test_another_form_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_file, "_keep", lambda key, _kept: {"key": key})
    CacheFile(path, SECRET).save([("digest", KEPT)], 10)
    with pytest.raises(FileError):
        CacheFile(path, SECRET).load()


def test_a_file_that_others_may_read_or_write_is_refused(path: Path) -> None:
    path.chmod(0o640)
    with pytest.raises(FileError):
        CacheFile(path, SECRET).load()


def test_a_link_is_not_followed(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    with pytest.raises(FileError):
        CacheFile(path, SECRET).load()


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(FileError):
        CacheFile(tmp_path / "pipe", SECRET).load()


def test_there_is_no_file_without_a_secret(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        CacheFile(tmp_path / "verdicts", b"short")
