"""Files of a repository from folders, and what the framework is told of those that are not there."""

from pathlib import Path

import pytest

from cosignpy.errors import FileError, LimitExceeded
from cosignpy.services.tuf.fetcher import Refusal, SourceFetcher
from cosignpy.services.tuf.sources import Absent, CachedSource, FolderSource


@pytest.fixture
def source(tmp_path: Path) -> FolderSource:
    (tmp_path / "timestamp.json").write_bytes(b"1234")
    (tmp_path / "folder.json").mkdir()
    return FolderSource(tmp_path.as_uri(), tmp_path)


def test_a_file_up_to_its_cap(source: FolderSource) -> None:
    assert source.read(f"{source.url}/timestamp.json", 4) == b"1234"


def test_a_file_over_its_cap_is_refused(source: FolderSource) -> None:
    with pytest.raises(LimitExceeded) as caught:
        source.read(f"{source.url}/timestamp.json", 3)
    assert caught.value.what == "timestamp.json"


def test_a_file_that_is_not_there_is_absent(source: FolderSource) -> None:
    with pytest.raises(Absent) as caught:
        source.read(f"{source.url}/2.root.json", 4)
    assert (caught.value.status, str(caught.value)) == (404, str(caught.value.error))


def test_a_file_that_cannot_be_read_is_an_error_and_not_absent(source: FolderSource) -> None:
    with pytest.raises(FileError):
        source.read(f"{source.url}/folder.json", 4)


def test_the_cache_has_one_version_of_each_but_of_roots(tmp_path: Path) -> None:
    (tmp_path / "snapshot.json").write_bytes(b"snapshot")
    (tmp_path / "root.json").write_bytes(b"root")
    cached = CachedSource(tmp_path)
    assert cached.read(f"{cached.url}/17.snapshot.json", 100) == b"snapshot"
    with pytest.raises(Absent):
        cached.read(f"{cached.url}/17.root.json", 100)


def test_the_framework_gets_files_by_both_of_its_ways(source: FolderSource) -> None:
    fetcher = SourceFetcher(source)
    assert fetcher.download_bytes(f"{source.url}/timestamp.json", 100) == b"1234"
    assert b"".join(fetcher.fetch(f"{source.url}/timestamp.json")) == b"1234"


def test_the_framework_is_told_the_status_of_what_is_absent(source: FolderSource) -> None:
    with pytest.raises(Refusal) as caught:
        SourceFetcher(source).download_bytes(f"{source.url}/2.root.json", 100)
    assert caught.value.status_code == 404
