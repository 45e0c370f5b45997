"""A power cut takes what was not synced: files then hold what was durable of them, under whatever name they have."""

from pathlib import Path

import pytest

from cosignpy.core.merkle.tiles import TILE_WIDTH
from log_server.storage.memory import MemoryIndex, MemoryJournal
from log_server.storage.posix import PosixObjects
from log_server.tlog.sequencer import Storage
from tests.support.whole_log import Witnessed, check_whole_log, drafts, open_sequencer

BATCHES = 24
SIZE = 30
"""Of a batch: nine of them fill a tile, and from the third on each writes its partial tiles into spare files."""


class Disk:
    """What of the files below a folder would outlast a power cut: of each, by its inode, what it held when synced.

    Names outlast it at once, which is the worst that can happen: a name that is lost is a file that is not there. And
    inodes come again, so some files hold what was a deleted one's; no file system does that, and it must do no harm.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._durable: dict[int, bytes] = {}

    def files(self) -> list[Path]:
        return [path for path in self._root.rglob("*") if path.is_file()]

    def sync(self) -> None:
        self._durable = {path.stat().st_ino: path.read_bytes() for path in self.files()}

    def cut_power(self) -> dict[str, bytes]:
        """Return the files whose content was lost, with what they hold instead."""
        lost = {}
        for path in self.files():
            left = self._durable.get(path.stat().st_ino, b"")
            if path.read_bytes() != left:
                path.write_bytes(left)
                lost[path.relative_to(self._root).as_posix()] = left
        return lost


@pytest.mark.parametrize("synced", [0, 4, 10], ids=["nothing was synced", "early on", "behind a full tile"])
def test_spare_files_that_hold_what_they_held_before_are_written_again(tmp_path: Path, synced: int) -> None:
    storage, disk = Storage(PosixObjects(tmp_path), MemoryJournal(), MemoryIndex()), Disk(tmp_path)
    sequencer, witnessed = open_sequencer(storage), Witnessed()
    for number in range(BATCHES):
        if number == synced:
            storage.objects.settle()
            disk.sync()
            storage.journal.forget(number * SIZE // TILE_WIDTH * TILE_WIDTH)
        batch = drafts(number * SIZE, SIZE)
        witnessed.note(batch, sequencer.sequence(batch, number))
    lost = disk.cut_power()
    stale = [name for name, left in lost.items() if ".p/" in name and left]
    assert stale or not synced, "the cut came at a moment at which it does no harm"
    after = Storage(PosixObjects(tmp_path), storage.journal, storage.index)
    sequencer = open_sequencer(after)
    check_whole_log(after, witnessed)
    batch = drafts(BATCHES * SIZE, SIZE)
    witnessed.note(batch, sequencer.sequence(batch, BATCHES))
    check_whole_log(after, witnessed)
