"""`fsck` on a data directory: one log or all, what it makes again, and how much of a ruin it shows."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.built_log import SIZE, build_directory
from tests.support.log_commands import run

LOG = Path("rekor-v2") / "0001" / "log"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("built") / "data"
    build_directory(directory)
    return directory


@pytest.fixture
def data(tmp_path: Path, built: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "data"))


def test_one_log_can_be_checked_alone(data: Path) -> None:
    done = run("fsck", data)
    assert (done.code, f"{SIZE}" in done.out) == (0, True)


def test_where_there_is_no_log_it_does_not_say_that_all_is_well(data: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run("fsck", tmp_path / "empty").code == 2
    done = run("fsck", data, "--log", "ct")
    assert (done.code, "ct" in done.err) == (2, True)


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:-1]), Path.unlink])
def test_a_journal_that_does_not_reach_as_far_as_the_checkpoint_is_found(
    data: Path, damage: Callable[[Path], object]
) -> None:
    (segment,) = (data / LOG.parent / "journal").iterdir()
    damage(segment)
    done = run("fsck", data)
    assert (done.code, "  journal: " in done.out) == (3, True)


def test_a_journal_of_garbage_is_found_and_left_as_it_is(data: Path) -> None:
    (segment,) = (data / LOG.parent / "journal").iterdir()
    segment.write_bytes(b"no journal" * 100)
    done = run("fsck", data)
    assert (done.code, f"  journal/{segment.name}: " in done.out) == (3, True)
    assert segment.read_bytes() == b"no journal" * 100


def test_what_follows_from_the_entries_can_be_made_again(data: Path) -> None:
    shutil.rmtree(data / LOG / "tile" / "0")
    shutil.rmtree(data / LOG.parent / "index")
    assert run("fsck", data).code == 3
    assert run("fsck", data, "--rebuild", "index").code == 3  # the tiles are still missing
    assert run("fsck", data, "--rebuild", "tiles").code == 0
    assert run("fsck", data, "--rebuild", "journal").code == 0
    assert len(list((data / LOG.parent).glob("journal.damaged-*"))) == 1


def test_what_the_index_has_besides_is_found_and_goes_away(data: Path) -> None:
    with closing(sqlite3.connect(data / LOG.parent / "index" / "index.db")) as database, database:
        surplus = b"of no entry here" + (300).to_bytes(6, "big")
        database.execute("UPDATE batch SET records = CAST(records || ? AS BLOB) WHERE end = ?", (surplus, SIZE))
    done = run("fsck", data)
    assert (done.code, "  index: it has " in done.out, len(done.out.splitlines())) == (3, True, 2)
    assert run("fsck", data, "--rebuild", "index").code == 0


def test_of_a_ruin_only_a_part_is_shown(data: Path) -> None:
    entries = data / LOG / "tile" / "entries" / "000"
    entries.write_bytes(entries.read_bytes().replace(b"entry", b"ENTRY"))
    done = run("fsck", data)
    assert done.code == 3
    lines = done.out.splitlines()
    assert lines[1].startswith("  tile/entries/000, entry ")
    assert (len(lines), lines[-1].startswith("  and ")) == (22, True)
