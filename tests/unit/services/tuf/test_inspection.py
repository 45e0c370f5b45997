"""What lies in a mirror's cache, looked at without believing or changing it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from cosignpy.net.clock import Clock
from cosignpy.services.tuf.cache_folder import CacheFolder
from cosignpy.services.tuf.inspection import ROLES, inspect_cache
from cosignpy.services.tuf.sources import MAX_FILE
from cosignpy.services.tuf.turns import take_turn
from tests.support.trust_caches import TrustSite
from tests.support.trust_repository import NOW, OFFLINE, ONLINE


@pytest.fixture
def folder(tmp_path: Path) -> CacheFolder:
    site = TrustSite(tmp_path)
    site.publish()
    cache = site.open()
    cache.target()
    return cache.folder


def test_when_each_role_expires(folder: CacheFolder) -> None:
    state = inspect_cache(folder)
    wanted = {"root": OFFLINE, "timestamp": ONLINE, "snapshot": ONLINE, "targets": OFFLINE}
    assert state.expires == {role: NOW + lifetime for role, lifetime in wanted.items()}
    assert (state.unreadable, state.foreign, state.is_locked) == ({}, (), False)


def test_nothing_is_there_and_nothing_is_made(tmp_path: Path) -> None:
    state = inspect_cache(CacheFolder(tmp_path / "cache" / "tuf.example"))
    assert (state.expires, state.unreadable, state.foreign, state.is_locked) == ({}, {}, (), False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content",
    [b"{", b"{}", b'{"signed":{}}', b'{"signed":{"expires":"soon"}}', b" " * (MAX_FILE + 1)],
    ids=["broken", "unsigned", "timeless", "no time", "endless"],
)
def test_what_is_no_metadata_is_told(folder: CacheFolder, content: bytes) -> None:
    path = folder.path / "snapshot.json"
    path.write_bytes(content)
    state = inspect_cache(folder)
    assert list(state.unreadable) == [str(path)]
    assert state.expires.keys() == set(ROLES) - {"snapshot"}


def test_a_folder_in_the_place_of_a_file_is_told(folder: CacheFolder) -> None:
    (folder.path / "targets.json").unlink()
    (folder.path / "targets.json").mkdir()
    assert inspect_cache(folder).unreadable == {str(folder.path / "targets.json"): "is a directory"}


def test_what_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, where a folder should be")
    state = inspect_cache(CacheFolder(tmp_path / "cache" / "tuf.example"))
    assert state.unreadable
    assert set(state.unreadable.values()) == {"not a directory"}


def test_a_mirror_with_a_name_that_no_folder_can_have(tmp_path: Path) -> None:
    state = inspect_cache(CacheFolder(tmp_path / ("x" * 300)))
    assert set(state.unreadable.values()) == {"file name too long"}


@pytest.mark.parametrize("name", ["..", ".", "cosignpy", "root.json"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_could_have_written_is_named(folder: CacheFolder, name: str, mode: int) -> None:
    path = (folder.path / name).resolve()
    path.chmod(path.stat().st_mode | mode)
    (foreign,) = inspect_cache(folder).foreign
    assert Path(foreign).resolve() == path


def test_the_lock_of_another_process(folder: CacheFolder) -> None:
    with take_turn(folder.lock, Clock()):
        assert inspect_cache(folder).is_locked
    assert not inspect_cache(folder).is_locked


def test_a_lock_that_cannot_be_opened_is_told(folder: CacheFolder) -> None:
    folder.lock.unlink(missing_ok=True)
    folder.lock.mkdir()
    assert str(folder.lock) in inspect_cache(folder).unreadable


def test_fractions_of_seconds_are_no_trouble(folder: CacheFolder) -> None:
    path = folder.path / "timestamp.json"
    document = json.loads(path.read_bytes())
    document["signed"]["expires"] = "2026-06-09T12:00:00.5Z"
    path.write_text(json.dumps(document))
    assert inspect_cache(folder).expires["timestamp"] == NOW + ONLINE + timedelta(seconds=0.5)
