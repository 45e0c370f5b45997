"""Changing a tag while others do: what each interleaving leaves behind."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import OCI_MANIFEST, Descriptor, Manifest
from cosignpy.core.oci.referrers import merge_referrer
from cosignpy.errors import FileError, RemoteError
from cosignpy.net.clock import Clock
from cosignpy.registry.tag_update import (
    LOCK_TIMEOUT,
    MAX_ATTEMPTS,
    MAX_SETTLE,
    MIN_SETTLE,
    FileLock,
    TagUpdater,
    lock_directory,
)

SUBJECT: Final = Digest.of(b"subject")


def entry(content: bytes) -> Descriptor:
    return Descriptor(OCI_MANIFEST, Digest.of(content), len(content))


def merge(content: bytes) -> Callable[[Manifest | None], Manifest]:
    return lambda current: merge_referrer(current, entry(content), SUBJECT)


@dataclass
class ManualClock:
    """Time that passes only when something sleeps or a request is made."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now, wall=lambda: self.now, sleep=self.sleep, chance=lambda: 0.0)


@dataclass
class ScriptedTag:
    """A tag that another writer touches at stated moments; each request takes `latency` seconds."""

    time: ManualClock
    content: Manifest | None = None
    after_push: list[Callable[["ScriptedTag"], None]] = field(default_factory=list)
    latency: float = 0.05
    requests: list[str] = field(default_factory=list)
    name: str = "registry.example/team/app:sha256-00"

    def fetch(self) -> Manifest | None:
        self.requests.append("GET")
        self.time.now += self.latency
        return self.content

    def push(self, manifest: Manifest) -> None:
        self.requests.append("PUT")
        self.time.now += self.latency
        self.content = manifest
        if self.after_push:
            self.after_push.pop(0)(self)


class NoLock:
    def hold(self, *_: object) -> nullcontext[None]:
        return nullcontext()


@pytest.fixture
def time() -> ManualClock:
    return ManualClock()


@pytest.fixture
def updater(time: ManualClock) -> TagUpdater:
    return TagUpdater(NoLock(), time.clock())


def entries(tag: ScriptedTag) -> set[Digest]:
    assert tag.content is not None
    return {found.digest for found in tag.content.manifests}


def replace_with(content: bytes) -> Callable[[ScriptedTag], None]:
    """What a writer leaves who read the tag before we wrote it."""

    def overwrite(tag: ScriptedTag) -> None:
        tag.content = merge(content)(None)

    return overwrite


def delete(tag: ScriptedTag) -> None:
    tag.content = None


def test_update_reads_writes_and_reads_again(updater: TagUpdater, time: ManualClock) -> None:
    tag = ScriptedTag(time)
    result = updater.update(tag, merge(b"ours"))
    assert tag.requests == ["GET", "PUT", "GET"]
    assert result.raw == merge(b"ours")(None).raw


def test_update_that_changes_nothing_writes_nothing(updater: TagUpdater, time: ManualClock) -> None:
    tag = ScriptedTag(time, merge(b"ours")(None))
    updater.update(tag, merge(b"ours"))
    assert tag.requests == ["GET"]


@pytest.mark.parametrize("interference", [replace_with(b"theirs"), delete], ids=["overwritten", "deleted"])
def test_entry_lost_to_another_writer_is_put_back(
    updater: TagUpdater, time: ManualClock, interference: Callable[[ScriptedTag], None]
) -> None:
    tag = ScriptedTag(time, after_push=[interference])
    updater.update(tag, merge(b"ours"))
    assert Digest.of(b"ours") in entries(tag)
    assert tag.requests == ["GET", "PUT", "GET"] * 2


def test_entry_of_the_writer_between_is_kept(updater: TagUpdater, time: ManualClock) -> None:
    tag = ScriptedTag(time, after_push=[replace_with(b"theirs")])
    updater.update(tag, merge(b"ours"))
    assert entries(tag) == {Digest.of(b"ours"), Digest.of(b"theirs")}


def test_writer_who_also_merged_costs_no_retry(updater: TagUpdater, time: ManualClock) -> None:
    def add(tag: ScriptedTag) -> None:
        tag.content = merge(b"theirs")(tag.content)

    tag = ScriptedTag(time, after_push=[add])
    result = updater.update(tag, merge(b"ours"))
    assert tag.requests == ["GET", "PUT", "GET"]
    assert result == tag.content


def test_update_gives_up_on_a_tag_that_is_never_left_alone(updater: TagUpdater, time: ManualClock) -> None:
    tag = ScriptedTag(time, after_push=[replace_with(b"theirs")] * MAX_ATTEMPTS)
    with pytest.raises(RemoteError) as caught:
        updater.update(tag, merge(b"ours"))
    assert caught.value.url == tag.name
    assert caught.value.retryable
    assert caught.value.hint
    assert tag.requests.count("PUT") == MAX_ATTEMPTS


@pytest.mark.parametrize(("latency", "settle"), [(0.001, MIN_SETTLE), (0.1, 0.4), (10.0, MAX_SETTLE)])
def test_settling_takes_as_long_as_a_writer_would(
    updater: TagUpdater, time: ManualClock, latency: float, settle: float
) -> None:
    updater.update(ScriptedTag(time, latency=latency), merge(b"ours"))
    assert time.slept == [pytest.approx(settle)]


def test_settling_backs_off(updater: TagUpdater, time: ManualClock) -> None:
    updater.update(ScriptedTag(time, after_push=[replace_with(b"theirs")] * 2), merge(b"ours"))
    assert time.slept == [pytest.approx(0.2), pytest.approx(0.4), pytest.approx(0.8)]


def test_lock_keeps_the_other_writers_of_this_machine_out(tmp_path: Path, time: ManualClock) -> None:
    lock = FileLock(tmp_path)
    with (
        lock.hold("registry.example/a:tag", time.clock()),
        pytest.raises(FileError) as caught,
        lock.hold("registry.example/a:tag", time.clock()),
    ):
        pytest.fail("held twice")
    assert sum(time.slept) >= LOCK_TIMEOUT
    assert caught.value.path.startswith(str(tmp_path))


def test_lock_is_free_again_after_a_failure(tmp_path: Path, time: ManualClock) -> None:
    lock = FileLock(tmp_path)
    with pytest.raises(ZeroDivisionError), lock.hold("a", time.clock()):
        raise ZeroDivisionError
    with lock.hold("a", time.clock()):
        assert [oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == ["0o600"]


def test_locks_of_different_tags_are_different(tmp_path: Path, time: ManualClock) -> None:
    lock = FileLock(tmp_path)
    with lock.hold("a", time.clock()), lock.hold("b", time.clock()):
        assert len(list(tmp_path.iterdir())) == 2


def test_lock_file_is_not_followed_through_a_link(tmp_path: Path, time: ManualClock) -> None:
    (tmp_path / "target").write_text("precious")
    with FileLock(tmp_path).hold("a", time.clock()):
        (lock_file,) = (path for path in tmp_path.iterdir() if path.suffix == ".lock")
    lock_file.unlink()
    lock_file.symlink_to(tmp_path / "target")
    with pytest.raises(FileError), FileLock(tmp_path).hold("a", time.clock()):
        pytest.fail("held through a link")


def test_threads_under_the_lock_lose_nothing(tmp_path: Path) -> None:
    """No settling could help here: another thread may write at any moment but under the lock."""
    tag = ScriptedTag(ManualClock())
    lock = FileLock(tmp_path)

    def sign(number: int) -> None:
        with lock.hold(tag.name, Clock()):
            tag.push(merge(b"%d" % number)(tag.fetch()))

    threads = [threading.Thread(target=sign, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries(tag)) == 8


def test_lock_directory_is_private_and_in_the_cache(tmp_path: Path) -> None:
    made = lock_directory({"HOME": str(tmp_path)}, tmp_path / "tmp")
    assert made == tmp_path / ".cache" / "cosignpy" / "locks"
    assert made.stat().st_mode & 0o777 == 0o700
    assert lock_directory({"XDG_CACHE_HOME": str(tmp_path / "xdg")}, tmp_path).is_relative_to(tmp_path / "xdg")


def test_lock_directory_without_a_home_is_a_temporary_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = lock_directory({"HOME": str(tmp_path / "file")}, tmp_path)
    assert made.parent == tmp_path
    assert made.stat().st_mode & 0o777 == 0o700


def test_lock_directory_that_somebody_else_prepared_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = lock_directory({"HOME": str(tmp_path / "file")}, tmp_path)
    made.rmdir()
    made.symlink_to(tmp_path)
    with pytest.raises(FileError) as caught:
        lock_directory({"HOME": str(tmp_path / "file")}, tmp_path)
    assert caught.value.hint
