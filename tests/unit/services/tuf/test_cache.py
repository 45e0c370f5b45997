"""When a cache of trust answers by itself, when it asks the mirror, and what it does when that fails."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from cosignpy import files
from cosignpy.errors import (
    DeadlineExceeded,
    FileError,
    LimitExceeded,
    MalformedError,
    NoSuchTarget,
    UntrustedRepository,
    UsageError,
)
from cosignpy.services.tuf import update as update_module
from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT, TrustCache
from cosignpy.services.tuf.mirror import Mirror
from cosignpy.services.tuf.record import Record
from cosignpy.services.tuf.turns import take_turn
from tests.support.trust_caches import TrustSite
from tests.support.trust_repository import CONTENTS, ONLINE, TrustRepository

HOUR: Final = 3600
DAY: Final = 24 * HOUR
LIFE: Final = ONLINE.total_seconds()
OLD: Final = CONTENTS[TRUSTED_ROOT]
NEW: Final = b'{"a":"newer trusted root"}'


@pytest.fixture
def site(tmp_path: Path) -> TrustSite:
    made = TrustSite(tmp_path)
    made.publish()
    return made


def move_on(site: TrustSite, seconds: float) -> None:
    """Let time pass, and the repository publish something newer at its end."""
    site.now += seconds
    site.repository.now += site.repository.now.resolution * int(seconds * 1_000_000)
    site.repository.contents[TRUSTED_ROOT] = NEW
    site.repository.publish()
    site.publish()


def test_the_first_question_goes_to_the_mirror(site: TrustSite) -> None:
    assert site.open().target() == OLD
    assert site.open().target(SIGNING_CONFIG) == CONTENTS[SIGNING_CONFIG]


def test_a_valid_cache_answers_alone(site: TrustSite) -> None:
    site.open().target()
    site.withdraw()
    assert (site.open().target(), site.open().target(SIGNING_CONFIG)) == (OLD, CONTENTS[SIGNING_CONFIG])
    assert site.warnings == []


def test_a_valid_cache_is_not_asked_about_again_before_its_last_day(site: TrustSite) -> None:
    site.open().target()
    move_on(site, LIFE - DAY - 1)
    assert site.open().target() == OLD


def test_in_its_last_day_the_mirror_is_asked_ahead(site: TrustSite) -> None:
    site.open().target()
    move_on(site, LIFE - DAY)
    assert site.open().target() == NEW
    assert site.warnings == []


def test_an_update_ahead_that_fails_leaves_the_cache_in_use_with_a_warning(site: TrustSite) -> None:
    site.open().target()
    site.withdraw()
    site.now += LIFE - DAY
    assert site.open().target() == OLD
    (warning,) = site.warnings
    assert warning.endswith("what is cached is used, until 2026-06-09 12:00 UTC")


def test_after_a_failure_the_tries_become_rarer(site: TrustSite) -> None:
    site.open().target()
    site.withdraw()
    site.now += LIFE - DAY
    for _ in range(3):
        site.open().target()
    assert len(site.warnings) == 1
    site.now += 18 * HOUR
    site.open().target()
    assert len(site.warnings) == 2


def test_when_it_is_over_a_mirror_that_is_away_is_an_error(site: TrustSite) -> None:
    site.open().target()
    site.withdraw()
    site.now += LIFE
    with pytest.raises(FileError) as caught:
        site.open().target()
    assert Path(caught.value.path).name == "timestamp.json"


def test_when_it_is_over_the_mirror_is_asked(site: TrustSite) -> None:
    site.open().target()
    move_on(site, LIFE)
    assert site.open().target() == NEW


def test_the_first_piece_to_expire_counts(site: TrustSite) -> None:
    site.repository.lifetimes["snapshot"] = ONLINE / 2
    site.repository.publish()
    site.publish()
    site.open().target()
    site.withdraw()
    site.now += LIFE / 2
    with pytest.raises(FileError):
        site.open().target()


def test_a_refused_update_leaves_the_cache_in_use(site: TrustSite) -> None:
    site.open().target()
    move_on(site, DAY)
    site.repository.change("timestamp", lambda document: document.update(signatures=[]))
    site.publish()
    with pytest.raises(UntrustedRepository):
        site.open().refresh()
    assert site.open().target() == OLD


def test_refresh_asks_whether_it_is_due_or_not(site: TrustSite) -> None:
    site.open().target()
    move_on(site, HOUR)
    assert site.open().refresh().expires == int(site.now + LIFE)
    assert site.open().target() == NEW


def test_a_deadline_of_the_command_is_no_failure_to_make_do_with(
    site: TrustSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expire(*_: object) -> None:
        raise DeadlineExceeded(1)

    site.open().target()
    site.now += LIFE - DAY
    monkeypatch.setattr(update_module, "update", expire)
    with pytest.raises(DeadlineExceeded):
        site.open().target()


# --- offline ---


def test_offline_a_valid_cache_answers_to_its_last_second(site: TrustSite) -> None:
    site.open().target()
    site.withdraw()
    site.now += LIFE - 1
    assert site.open_offline().target() == OLD
    assert site.warnings == []


def test_offline_an_expired_cache_is_an_error_that_says_so(site: TrustSite) -> None:
    site.open().target()
    site.now += LIFE
    with pytest.raises(UntrustedRepository) as caught:
        site.open_offline().target()
    assert "nothing may be fetched" in caught.value.why
    assert "timestamp.json is expired" in caught.value.why


def test_offline_without_a_cache_is_an_error(site: TrustSite) -> None:
    with pytest.raises(UntrustedRepository):
        site.open_offline().target()


def test_offline_refresh_is_a_contradiction(site: TrustSite) -> None:
    with pytest.raises(UsageError):
        site.open_offline().refresh()


@pytest.mark.parametrize("name", [TRUSTED_ROOT, SIGNING_CONFIG])
def test_offline_a_cache_that_another_client_made_is_verified(site: TrustSite, name: str) -> None:
    """cosign leaves the same files, without our record."""
    site.open().target()
    record_of(site).unlink()
    site.withdraw()
    assert site.open_offline().target(name) == CONTENTS[name]
    assert [site.open_offline().target(name) for name in CONTENTS] == list(CONTENTS.values())


def test_a_cache_that_another_client_made_outlives_a_mirror_that_is_away(site: TrustSite) -> None:
    site.open().target()
    record_of(site).unlink()
    site.withdraw()
    assert site.open().target() == OLD
    assert len(site.warnings) == 1


@pytest.mark.parametrize("file", ["targets/trusted_root.json", "snapshot.json", "timestamp.json"])
def test_a_cache_without_a_record_is_not_believed_when_a_file_was_changed(site: TrustSite, file: str) -> None:
    site.open().target()
    record_of(site).unlink()
    changed = site.open().folder.path / file
    changed.write_bytes(changed.read_bytes().replace(b"t", b"T", 1))
    with pytest.raises(UntrustedRepository):
        site.open_offline().target()


# --- the record ---


def record_of(site: TrustSite) -> Path:
    return site.open().folder.path / "cosignpy" / "verified.json"


def test_a_target_changed_in_the_cache_is_fetched_again(site: TrustSite) -> None:
    site.open().target()
    (site.open().folder.targets / TRUSTED_ROOT).write_bytes(b"{}")
    assert site.open().target() == OLD


def test_a_target_changed_in_the_cache_is_never_used_offline(site: TrustSite) -> None:
    site.open().target()
    (site.open().folder.targets / TRUSTED_ROOT).write_bytes(b"{}")
    with pytest.raises(UntrustedRepository):
        site.open_offline().target()


@pytest.mark.parametrize("spoil", [b"", b"{", b'{"version":2}', b"x" * 100_000])
def test_a_damaged_record_is_no_record(site: TrustSite, spoil: bytes) -> None:
    site.open().target()
    record_of(site).write_bytes(spoil)
    move_on(site, HOUR)
    assert site.open().target() == NEW


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_record_that_others_can_write_is_no_record(site: TrustSite, mode: int) -> None:
    site.open().target()
    record_of(site).chmod(mode)
    move_on(site, HOUR)
    assert site.open().target() == NEW


def test_a_record_of_somebody_else_is_no_record(site: TrustSite, monkeypatch: pytest.MonkeyPatch) -> None:
    site.open().target()
    move_on(site, HOUR)
    owner = record_of(site).stat().st_uid
    found = os.stat_result((0o100644, 0, 0, 1, owner + 4242, 0, 0, 0, 0, 0))
    monkeypatch.setattr(files, "os", SimpleNamespace(**{**vars(os), "fstat": lambda _: found}))
    assert site.open().target() == NEW


def test_a_record_of_another_mirror_with_the_same_folder_name_is_no_record(site: TrustSite) -> None:
    site.open().target()
    record = Record.parse(record_of(site).read_bytes())
    record_of(site).write_bytes(
        Record("https://other.example", record.anchor, record.asked, record.expires, record.targets).encode()
    )
    move_on(site, HOUR)
    assert site.open().target() == NEW


def test_a_crash_before_the_record_leaves_the_old_one_in_force(
    site: TrustSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.open().target()
    move_on(site, HOUR)
    with monkeypatch.context() as patch:
        patch.setattr(Record, "encode", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            site.open().refresh()
    assert site.open().target() == NEW


# --- targets ---


def test_a_target_that_the_repository_does_not_have_is_remembered_as_such(site: TrustSite) -> None:
    del site.repository.contents[SIGNING_CONFIG]
    site.repository.publish()
    site.publish()
    site.open().target()
    site.withdraw()
    with pytest.raises(NoSuchTarget) as caught:
        site.open().target(SIGNING_CONFIG)
    assert (caught.value.target, caught.value.repository) == (SIGNING_CONFIG, site.mirror.url)


def test_a_repository_without_a_trusted_root_cannot_be_initialized(site: TrustSite) -> None:
    del site.repository.contents[TRUSTED_ROOT]
    site.repository.publish()
    site.publish()
    with pytest.raises(NoSuchTarget):
        site.open().refresh()


def test_another_target_is_had_when_asked_for_and_kept_up_to_date_from_then_on(site: TrustSite) -> None:
    site.repository.contents["deep/other.json"] = b"other"

    site.repository.publish()
    site.publish()
    site.open().target()
    assert site.open().target("deep/other.json") == b"other"
    move_on(site, LIFE)
    site.open().target()
    site.withdraw()
    assert site.open().target("deep/other.json") == b"other"


def test_a_target_larger_than_any_real_one_is_refused_before_it_is_fetched(
    site: TrustSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_module, "MAX_FILE", 10)
    with pytest.raises(LimitExceeded):
        site.open().target()


# --- what trust begins with ---


def test_a_mirror_that_nobody_named_a_root_for_is_not_believed(site: TrustSite) -> None:
    with pytest.raises(UsageError) as caught:
        site.open(Mirror(site.mirror.url)).target()
    assert caught.value.hint == f"cosignpy initialize --mirror {site.mirror.url} --root FILE"


def test_a_root_is_named_once(site: TrustSite) -> None:
    site.open().target()
    move_on(site, LIFE)
    assert site.open(Mirror(site.mirror.url)).target() == NEW


def test_the_remembered_root_follows_those_that_replace_it(site: TrustSite) -> None:
    site.open().target()
    for _ in range(2):
        site.repository.rotate_root()
        move_on(site, LIFE)
        assert site.open(Mirror(site.mirror.url)).target() == NEW


def test_a_remembered_root_is_found_when_a_crash_lost_the_link_to_it(site: TrustSite) -> None:
    site.repository.rotate_root()
    site.publish()
    site.open().target()
    (site.open().folder.path / "root.json").unlink()
    move_on(site, LIFE)
    assert site.open(Mirror(site.mirror.url)).target() == NEW


def test_a_remembered_root_that_others_can_write_is_not_believed(site: TrustSite) -> None:
    site.open().target()
    (site.open().folder.path / "root_history" / "1.root.json").chmod(0o666)
    move_on(site, LIFE)
    with pytest.raises(UsageError):
        site.open(Mirror(site.mirror.url)).target()


def test_another_named_root_makes_the_cache_worth_nothing(site: TrustSite) -> None:
    site.open().target()
    stranger = TrustRepository()
    with pytest.raises(UntrustedRepository):
        site.open(Mirror(site.mirror.url, stranger.root)).target()


@pytest.mark.parametrize("root", [b"{}", b"\xff", b'{"signed":{},"signatures":[]}'])
def test_what_is_no_root_is_refused_as_such(site: TrustSite, root: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        site.open(Mirror(site.mirror.url, root)).target()
    assert caught.value.what == "initial root"


def test_a_root_named_for_a_known_mirror_is_remembered_before_the_built_in_one(
    site: TrustSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.open().refresh()
    monkeypatch.setattr(Mirror, "built_in_root", lambda _: TrustRepository().root)
    move_on(site, LIFE)
    assert site.open(Mirror(site.mirror.url)).target() == NEW
    with pytest.raises(UntrustedRepository):
        site.open(Mirror(site.mirror.url)).refresh()


# --- several processes ---


def test_in_the_last_day_nobody_waits_for_the_one_who_asks(site: TrustSite) -> None:
    cache = site.open()
    cache.target()
    move_on(site, LIFE - DAY)
    with take_turn(cache.folder.lock, site.ports(None).clock):
        assert site.open().target() == OLD
    assert site.open().target() == NEW


def test_who_waited_for_another_uses_what_that_one_got(site: TrustSite, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = iter([None])
    site.open().target()
    site.withdraw()
    load = TrustCache._load
    monkeypatch.setattr(TrustCache, "_load", lambda self, *args: next(loaded, load(self, *args)))
    assert site.open().target() == OLD
    assert site.warnings == []


def test_who_came_too_late_to_ask_ahead_uses_what_another_got(site: TrustSite) -> None:
    cache = site.open()
    cache.target()
    kept = cache._load(TRUSTED_ROOT, site.now)
    assert kept is not None
    move_on(site, LIFE - DAY)
    site.open().target()
    site.withdraw()
    assert cache._renew(TRUSTED_ROOT, kept).content == NEW


def test_a_folder_that_cannot_be_written_is_named(site: TrustSite) -> None:
    site.caches.write_bytes(b"a file")
    with pytest.raises(FileError) as caught:
        site.open().target()
    assert str(site.caches) in caught.value.path


def test_what_is_in_the_way_of_metadata_is_named(site: TrustSite) -> None:
    cache = site.open()
    cache.folder.create()
    (cache.folder.path / "timestamp.json").mkdir()
    with pytest.raises(FileError) as caught:
        cache.target()
    assert caught.value.path == str(cache.folder.path / "timestamp.json")


def test_reading_a_valid_cache_loads_neither_the_framework_nor_a_client(site: TrustSite) -> None:
    site.open().target()
    code = (
        "import sys\nfrom pathlib import Path\nfrom cosignpy.net.clock import Clock\n"
        "from cosignpy.services.tuf.cache import TrustCache, TrustPorts\n"
        "from cosignpy.services.tuf.mirror import Mirror\n"
        f"ports = TrustPorts(None, Clock(wall=lambda: {site.now}), print)\n"
        f"cache = TrustCache(Path({str(site.caches)!r}), Mirror({site.mirror.url!r}), ports)\n"
        "assert cache.target()\n"
        "heavy = {'tuf', 'securesystemslib', 'urllib3', 'requests', 'ssl', 'cryptography', 'cosignpy.net.http'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_a_record_that_is_a_link_is_no_record(site: TrustSite, tmp_path: Path) -> None:
    """Whoever may write to the folder could have it point at any file of this user's."""
    site.open().target()
    elsewhere = tmp_path / "elsewhere"
    record_of(site).rename(elsewhere)
    assert site.open().folder.load_record() is None
    record_of(site).write_bytes(elsewhere.read_bytes())
    assert site.open().folder.load_record() is not None
    record_of(site).unlink()
    record_of(site).symlink_to(elsewhere)
    assert site.open().folder.load_record() is None


@pytest.mark.parametrize("level", [0, 1])
def test_a_record_in_a_folder_that_others_can_write_is_no_record(site: TrustSite, level: int) -> None:
    site.open().target()
    assert site.open().folder.load_record() is not None
    record_of(site).parents[level].chmod(0o777)
    assert site.open().folder.load_record() is None
