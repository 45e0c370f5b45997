"""The repository contract, kept by layouts and archives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cosignpy.operations.ports import Repository
from cosignpy.registry.archive import edit_archive
from cosignpy.registry.layout import LayoutRepository
from cosignpy.registry.layout_store import LayoutDirectory
from tests.support.repository_contract import FullContract


class TestLayoutDirectory(FullContract):
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Repository:
        files = LayoutDirectory(tmp_path / "layout")
        files.create()
        return LayoutRepository(files)


class TestOciArchive(FullContract):
    @pytest.fixture(params=["image.tar", "image.tar.gz"])
    def repository(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Repository]:
        with edit_archive(tmp_path / request.param) as files:
            yield LayoutRepository(files)
