"""Reading: nothing that is not published, and an error that names the file where one is missing or wrong."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import HASH_SIZE, Node
from log_server.storage.memory import MemoryIndex, MemoryObjects
from log_server.storage.protocol import ObjectStore
from log_server.tlog.entry_form import PlainForm
from log_server.tlog.reader import CHECKPOINT, LogDamaged, LogReader, NoSuchEntry
from tests.support.memory_log import MemoryLog, v2_shard

FULL: Final = 256
PARTIAL: Final = 44
SIZE: Final = FULL + PARTIAL
KEY: Final = PrivateKey.generate(ED25519)

Read = Callable[[LogReader], Any]


@pytest.fixture
def log() -> MemoryLog:
    """Return a log of one full bundle and a part of one."""
    made = MemoryLog([v2_shard(KEY)])
    made.fill(SIZE)
    return made


@pytest.fixture
def objects(log: MemoryLog) -> ObjectStore:
    return log.active.storage.objects


@pytest.fixture
def reader(log: MemoryLog) -> LogReader:
    return log.active.reader


@pytest.mark.parametrize("index", [0, FULL - 1, FULL, SIZE - 1])
def test_every_published_entry_is_read(reader: LogReader, index: int) -> None:
    assert PlainForm().merkle_leaf(reader.entry(index)) == b"entry %d" % index
    assert reader.annotation(index) == reader.annotations(index // FULL)[index % FULL]


@pytest.mark.parametrize("index", [-1, SIZE, 2**62])
@pytest.mark.parametrize("read", [LogReader.entry, LogReader.annotation])
def test_there_is_nothing_beyond_the_ends(reader: LogReader, read: Callable[..., Any], index: int) -> None:
    with pytest.raises(NoSuchEntry) as refused:
        read(reader, index)
    assert refused.value.index == index


def test_a_reader_sees_how_the_log_grows(log: MemoryLog, reader: LogReader) -> None:
    assert reader.entry(0)
    log.fill(1)
    assert reader.annotation(SIZE)


def test_what_is_stored_and_not_published_is_not_read(log: MemoryLog, objects: ObjectStore) -> None:
    """A batch's files are there before its checkpoint is."""
    published = objects.get(CHECKPOINT) or b""
    log.fill(FULL)
    objects.put(CHECKPOINT, published)
    behind = LogReader(objects, log.active.storage.index, PlainForm())
    for read in (behind.entry, behind.annotation):
        assert read(SIZE - 1)
        with pytest.raises(NoSuchEntry):
            read(SIZE)
    assert behind.width(1) == PARTIAL


ENTRIES, LEAVES, NOTES = "tile/entries", "tile/0", "annotations"
READS: Final[dict[str, Read]] = {
    ENTRIES: lambda reader: (reader.entry(0), reader.entry(SIZE - 1)),
    NOTES: lambda reader: (reader.annotation(0), reader.annotation(SIZE - 1)),
    LEAVES: lambda reader: (reader.node(Node(0, 0)), reader.node(Node(0, SIZE - 1))),
}


@pytest.mark.parametrize("kind", READS)
@pytest.mark.parametrize("name", ["000", f"001.p/{PARTIAL}"])
@pytest.mark.parametrize("content", [None, b"", b"\0"], ids=["missing", "empty", "torn"])
def test_a_file_that_is_missing_or_torn_is_named(
    reader: LogReader, objects: ObjectStore, kind: str, name: str, content: bytes | None
) -> None:
    path = f"{kind}/{name}"
    READS[kind](reader)
    fresh = LogReader(objects, reader.index, PlainForm())
    if content is None:
        objects.delete(path)
    else:
        objects.put(path, content)
    with pytest.raises(LogDamaged) as refused:
        READS[kind](fresh)
    assert refused.value.name == path


@pytest.mark.parametrize("name", ["000", f"001.p/{PARTIAL}"])
def test_annotations_that_are_torn_are_named(reader: LogReader, objects: ObjectStore, name: str) -> None:
    objects.put(f"{NOTES}/{name}", b"\0")
    with pytest.raises(LogDamaged) as refused:
        reader.annotations(0 if name == "000" else 1)
    assert refused.value.name == f"{NOTES}/{name}"


def test_a_log_without_a_checkpoint_is_empty() -> None:
    tree = LogReader(MemoryObjects(), MemoryIndex(), PlainForm()).tree()
    assert (tree.size, tree.checkpoint) == (0, b"")


def test_a_tile_beyond_the_tree_is_named(reader: LogReader) -> None:
    with pytest.raises(LogDamaged) as refused:
        reader.tile(9, 0)
    assert refused.value.name == f"{LEAVES}/009"


@pytest.mark.parametrize("content", [b"\xff", b"rekor.example\n", b"a\nb\n\n"])
def test_a_checkpoint_that_is_none_is_named(reader: LogReader, objects: ObjectStore, content: bytes) -> None:
    objects.put(CHECKPOINT, content)
    with pytest.raises(LogDamaged) as refused:
        reader.tree()
    assert refused.value.name == CHECKPOINT


def test_nodes_between_a_full_tiles_hashes_and_its_root_are_read(reader: LogReader) -> None:
    """The second time from memory."""
    for _ in range(2):
        assert reader.node(Node(8, 0)) == reader.root(FULL)
        assert reader.inclusion(0, FULL).hashes[-1] == reader.node(Node(7, 1))


class Endless(MemoryObjects):
    """Has every full tile, and tells which it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def get(self, name: str) -> bytes:
        self.asked.append(name)
        return bytes(FULL * HASH_SIZE)


def test_full_tiles_in_memory_are_limited() -> None:
    objects = Endless()
    reader = LogReader(objects, MemoryIndex(), PlainForm())
    for place in (*range(FULL), 0, FULL, FULL, 1, 0):
        reader.node(Node(0, place * FULL))
    assert objects.asked[FULL:] == [f"{LEAVES}/256", f"{LEAVES}/000"]
