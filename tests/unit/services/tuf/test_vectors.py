"""Repositories that others made, good and broken, at the times when they were good."""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from cosignpy.errors import LimitExceeded, UntrustedRepository
from cosignpy.net.clock import Clock
from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT, TrustCache, TrustPorts
from cosignpy.services.tuf.cache_folder import CacheFolder
from cosignpy.services.tuf.mirror import PUBLIC_GOOD, STAGING, Mirror
from cosignpy.services.tuf.sources import FolderSource
from cosignpy.services.tuf.update import Start, Verified, update
from tests.support import vectors
from tests.support.trust_caches import NoServer

pytestmark = [vectors.NEEDED, pytest.mark.filterwarnings("ignore:keytype:DeprecationWarning")]
"""Older repositories call the type of their ECDSA keys what the framework verifies, and warns of."""

ROOT_SIGNING: Final = datetime(2026, 8, 22, tzinfo=UTC)
SYNTHETIC: Final = datetime(2023, 1, 15, tzinfo=UTC)
"""When the repositories of sigstore-java were good."""
NOT_WHAT_WAS_SIGNED: Final = "not what was signed"
MIXED: Final = "rolled back, or mixed"
EXPIRED: Final = "expired"
UNSIGNED: Final = "not signed by"
UNUSABLE: Final = "unusable"

BROKEN: Final = {
    "root-too-big": UNUSABLE,
    "root-unsigned": UNSIGNED,
    "root-wrong-version": MIXED,
    "snapshot-expired": EXPIRED,
    "snapshot-invalid-hash": NOT_WHAT_WAS_SIGNED,
    "snapshot-target-missing": NOT_WHAT_WAS_SIGNED,
    "snapshot-target-version-rollback": NOT_WHAT_WAS_SIGNED,
    "snapshot-version-mismatch": MIXED,
    "targets-download-invalid-hash": NOT_WHAT_WAS_SIGNED,
    "targets-download-missing-target-metadata": UNUSABLE,
    "targets-expired": EXPIRED,
    "targets-invalid-hash": NOT_WHAT_WAS_SIGNED,
    "targets-snapshot-version-mismatch": MIXED,
    "timestamp-unsigned": UNSIGNED,
}


GOOD: Final = (
    "no-size-no-hash-snapshot-timestamp",
    # One signature of three is broken, and two are asked for.
    "root-update-with-empty-signature",
    "root-update-with-invalid-signature",
)


def synthetic(name: str) -> Path:
    return vectors.path(f"sigstore-java/tuf/synthetic/{name}")


def lay_over(folder: Path, *cases: str) -> Path:
    """Copy cases over the good repository that they are variants of: most have only what differs."""
    for case in ("test-template", *cases):
        for file in synthetic(case).rglob("*"):
            if file.is_file():
                target = folder / file.relative_to(synthetic(case))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
    return folder


def verify(tmp_path: Path, repository: Path, name: str = "test.txt", now: datetime = SYNTHETIC) -> Verified:
    folder = CacheFolder(tmp_path / "cache")
    folder.create()
    start = Start(folder, synthetic("trusted-root.json").read_bytes(), now)
    return update(start, FolderSource(repository.as_uri(), repository), [name])


def test_the_repository_that_the_broken_ones_were_made_from_is_good(tmp_path: Path) -> None:
    found = verify(tmp_path, lay_over(tmp_path / "mirror"))
    assert found.contents == {"test.txt": b"test file\n"}


@pytest.mark.parametrize("case", GOOD)
def test_what_is_unusual_and_good_is_accepted(tmp_path: Path, case: str) -> None:
    assert verify(tmp_path, lay_over(tmp_path / "mirror", case)).contents == {"test.txt": b"test file\n"}


@pytest.mark.parametrize(("case", "why"), BROKEN.items(), ids=BROKEN)
def test_a_broken_repository_is_refused_for_what_is_wrong_with_it(tmp_path: Path, case: str, why: str) -> None:
    repository = lay_over(tmp_path / "mirror", case)
    with pytest.raises(UntrustedRepository) as caught:
        verify(tmp_path, repository)
    assert caught.value.why.startswith(why)


def test_every_broken_repository_is_tried_here() -> None:
    alone = {"targets-with-subdirs", "timestamp-rollback-version", "targets-download-invalid-length"}
    material = {"root-signing-workspace", "root-update-with-unknown-fields"}
    described = {readme.parent.name for readme in vectors.files("sigstore-java/tuf/synthetic/*/README.md")}
    assert described == {*BROKEN, *GOOD} | alone | material


def test_a_target_that_is_too_long_is_refused(tmp_path: Path) -> None:
    repository = lay_over(tmp_path / "mirror", "targets-download-invalid-length")
    with pytest.raises(LimitExceeded) as caught:
        verify(tmp_path, repository)
    assert caught.value.why == "at most 10 bytes are accepted"


def test_a_timestamp_that_goes_back_is_refused(tmp_path: Path) -> None:
    verify(tmp_path, lay_over(tmp_path / "mirror"))
    with pytest.raises(UntrustedRepository) as caught:
        verify(tmp_path, lay_over(tmp_path / "mirror", "timestamp-rollback-version"))
    assert caught.value.why.startswith(MIXED)


def test_a_target_in_a_folder(tmp_path: Path) -> None:
    repository, folder = synthetic("targets-with-subdirs"), CacheFolder(tmp_path / "cache")
    folder.create()
    start = Start(folder, (repository / "1.root.json").read_bytes(), datetime(2024, 12, 1, tzinfo=UTC))
    found = update(start, FolderSource(repository.as_uri(), repository), ["subdir/test.txt"])
    assert found.contents == {"subdir/test.txt": b"test file\n"}


@pytest.mark.parametrize("name", ["tuf-on-ci-0.11", "sigstore-root-signing"])
def test_the_repositories_of_the_conformance_suite(tmp_path: Path, name: str) -> None:
    data = vectors.path(f"tuf-conformance/static_data/{name}")
    mirror = tmp_path / "mirror"
    shutil.copytree(data / "metadata", mirror, copy_function=shutil.copyfile)
    shutil.copytree(data / "targets", mirror / "targets", copy_function=shutil.copyfile)
    target = (data / "targetpath").read_text().strip()
    when = datetime.fromisoformat((data / "faketime").read_text().strip())
    folder = CacheFolder(tmp_path / "cache")
    folder.create()
    found = update(
        Start(folder, (data / "initial_root.json").read_bytes(), when), FolderSource(mirror.as_uri(), mirror), [target]
    )
    kept = next(path for path in (data / "targets").rglob("*") if path.name.endswith(target.rpartition("/")[2]))
    assert found.contents[target] == kept.read_bytes()


def rebuild(folder: Path, instance: str) -> Path:
    """Make of a checked-out repository what its mirror serves."""
    data = vectors.path(f"root-signing/{instance}")
    shutil.copytree(data / "targets", folder / "targets", copy_function=shutil.copyfile)
    shutil.copytree(data / "metadata" / "root_history", folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for name in ("timestamp", "snapshot", "targets", "registry.npmjs.org"):
        raw = (data / "metadata" / f"{name}.json").read_bytes()
        version = "" if name == "timestamp" else f"{json.loads(raw)['signed']['version']}."
        (folder / f"{version}{name}.json").write_bytes(raw)
    for path in [path for path in (folder / "targets").rglob("*") if path.is_file()]:
        path.rename(path.with_name(f"{hashlib.sha256(path.read_bytes()).hexdigest()}.{path.name}"))
    return folder


@pytest.mark.parametrize(("url", "instance"), [(PUBLIC_GOOD, "production"), (STAGING, "staging")])
@pytest.mark.parametrize("root", ["built-in", "9.root.json", "5.root.json"])
def test_the_instances_of_sigstore_from_the_built_in_roots_and_from_older_ones(
    tmp_path: Path, url: str, instance: str, root: str
) -> None:
    data = vectors.path(f"root-signing/{instance}")
    mirror = rebuild(tmp_path / "mirror", instance)
    initial = (
        Mirror.parse(url).built_in_root()
        if root == "built-in"
        else (data / "metadata" / "root_history" / root).read_bytes()
    )
    ports = TrustPorts(NoServer(), Clock(wall=ROOT_SIGNING.timestamp), pytest.fail)
    cache = TrustCache(tmp_path / "caches", Mirror.parse(mirror.as_uri(), initial), ports)
    for name in (TRUSTED_ROOT, SIGNING_CONFIG, "registry.npmjs.org/keys.json"):
        assert cache.target(name) == (data / "targets" / name).read_bytes()


def test_the_public_good_instance_as_it_was_then_is_expired_now(tmp_path: Path) -> None:
    mirror = rebuild(tmp_path / "mirror", "production")
    ports = TrustPorts(NoServer(), Clock(wall=datetime(2026, 11, 30, tzinfo=UTC).timestamp), pytest.fail)
    root = Mirror.parse(PUBLIC_GOOD).built_in_root()
    with pytest.raises(UntrustedRepository) as caught:
        TrustCache(tmp_path / "caches", Mirror.parse(mirror.as_uri(), root), ports).target()
    assert caught.value.why == "expired: Final root.json is expired"


def test_a_mirror_of_the_wrong_instance_is_refused(tmp_path: Path) -> None:
    mirror = rebuild(tmp_path / "mirror", "staging")
    ports = TrustPorts(NoServer(), Clock(wall=ROOT_SIGNING.timestamp), pytest.fail)
    root = Mirror.parse(PUBLIC_GOOD).built_in_root()
    with pytest.raises(UntrustedRepository):
        TrustCache(tmp_path / "caches", Mirror.parse(mirror.as_uri(), root), ports).target()
