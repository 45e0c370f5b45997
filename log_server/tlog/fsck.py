"""Checking all of a log, and making again what follows from its entries.

The order of trust: the checkpoint is signed; the entries must hash to its root; tiles and index must agree
with the entries. One bundle of 256 entries is checked by itself, so that many can be checked at once.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256
from itertools import groupby
from typing import Final

from cosignpy.core.merkle.hashing import HASH_SIZE, hash_leaf
from cosignpy.core.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, parse_tile, tile_root
from cosignpy.errors import MalformedError
from cosignpy.values import value
from log_server.storage.protocol import Index, IndexRow, JournalRecord, ObjectStore
from log_server.tlog.annotations import Annotation
from log_server.tlog.batch import ANNOTATIONS, bundle_path, record_again
from log_server.tlog.integrate import Edge, Integrated, integrate
from log_server.tlog.reader import LogDamaged, LogReader
from log_server.tlog.recover import tip_at
from log_server.tlog.values import leaf_key

_ROWS: Final = 16
"""Bundles that are put into a rebuilt index at once."""

_DIGEST: Final = re.compile(r"[/-](?P<digest>[0-9a-f]{64})\Z")
"""How the names end of objects that are called by the SHA-256 of their content."""


@value
class Finding:
    """Something that is not as it should be: the file, the entry if it is about one, and what is wrong."""

    name: str
    why: str
    index: int | None = None

    def __str__(self) -> str:
        place = "" if self.index is None else f", entry {self.index}"
        return f"{self.name}{place}: {self.why}"


def check_bundle(reader: LogReader, number: int) -> Sequence[Finding]:
    """Check 256 entries: their hashes in the tree, their annotations, their keys in the index, what they refer to."""
    try:
        return tuple(_check_bundle(reader, number))
    except LogDamaged as error:
        return (Finding(error.name, error.why),)
    except MalformedError as error:
        return (Finding(bundle_path(reader.form.data_path, number), str(error)),)


def count_keys(reader: LogReader, number: int) -> int:
    """Count what the index has to have of 256 entries: of each, each of its keys once.

    Raises:
        LogDamaged: Their annotations are missing or wrong.
    """
    annotations = reader.annotations(number)[: reader.width(number)]
    return sum(len(frozenset(annotation.keys)) for annotation in annotations)


def check_surplus(reader: LogReader, keys: int) -> Iterator[Finding]:
    """Check that the index, which has all `keys` of the entries, has nothing else: it would find what is not there."""
    count = reader.index.count()
    if count != keys:
        yield Finding("index", f"it has {count} keys of entries, and {keys} are those of entries of this log")


def check_levels(reader: LogReader) -> Iterator[Finding]:
    """Check that each tile above the lowest holds the roots of the tiles below it, and the root on top of all."""
    tree = reader.tree()
    level = 1
    while count := tree.size >> level * TILE_HEIGHT:
        for number in range(-(-count // TILE_WIDTH)):
            yield from _check_tile(reader, level, number)
        level += 1
    try:
        root = reader.root(tree.size)
    except (LogDamaged, MalformedError) as error:
        yield Finding("tile", f"the root cannot be computed: {error}")
        return
    if root != tree.root:
        yield Finding("checkpoint", f"its root is not that of the tiles: {root.hex()}")


def check_digests(objects: ObjectStore, folder: str) -> Iterator[Finding]:
    """Check the objects of a folder that are called by the SHA-256 of their content.

    Raises:
        StorageError: One cannot be read.
    """
    for name in objects.names(f"{folder}/"):
        called = _DIGEST.search(name)
        if called and sha256(objects.get(name) or b"").hexdigest() != called["digest"]:
            yield Finding(name, "its content is not what its name says")


def rebuild_tiles(objects: ObjectStore, reader: LogReader) -> int:
    """Make all hash tiles again from the entries, and return how many were missing or wrong.

    Raises:
        LogDamaged: The entries do not come to the root of the checkpoint; nothing was changed.
        StorageError: A tile could not be stored.
    """
    tree = reader.tree()
    edge = Edge()
    for grown in _integrate_again(reader, tree.size):
        edge = grown.edge
    if edge.root() != tree.root:
        raise LogDamaged("checkpoint", f"its root is not that of the entries, {edge.root().hex()}")
    partial: dict[tuple[int, int], bytes] = {}
    mended = 0
    for grown in _integrate_again(reader, tree.size):
        for tile, content in grown.tiles:
            if tile.width < TILE_WIDTH:
                partial[tile.level, tile.index] = content
                continue
            partial.pop((tile.level, tile.index), None)
            mended += _mend(objects, tile, content)
    for (level, index), content in partial.items():
        mended += _mend(objects, Tile(level, index, len(content) // HASH_SIZE), content)
    return mended


def rebuild_index(index: Index, reader: LogReader) -> int:
    """Make the index again from the annotations, and return how many entries it has.

    Raises:
        LogDamaged: An annotation is missing.
        StorageError: The index could not be written.
    """
    index.clear()
    bundles = range(_bundles(reader.tree().size))
    for first in range(0, len(bundles), _ROWS):
        index.add([row for number in bundles[first : first + _ROWS] for row in _rows_of(reader, number)])
    return index.size


def rebuild_journal(reader: LogReader) -> Iterator[JournalRecord]:
    """Yield the records with which a new journal can begin: the entries of the last tile, each with its own time.

    They end at the checkpoint, since nothing that came after it was acknowledged.

    Raises:
        LogDamaged: The published entries are not all there.
    """
    size = reader.tree().size
    number = max(size - 1, 0) // TILE_WIDTH
    start, width = number * TILE_WIDTH, reader.width(number)
    edge = tip_at(reader.objects, reader.form, start).edge if start else Edge()
    annotated = zip(reader.entries(number), reader.annotations(number), range(width), strict=False) if size else ()
    for timestamp_ms, group in groupby(annotated, key=lambda one: one[1].timestamp_ms):
        entries, annotations, _ = zip(*group, strict=True)
        grown = integrate(edge, [hash_leaf(reader.form.merkle_leaf(entry)) for entry in entries])
        keys = [annotation.keys for annotation in annotations]
        yield record_again(edge.size, timestamp_ms, entries, keys, grown.root)
        edge = grown.edge


def _check_bundle(reader: LogReader, number: int) -> Iterator[Finding]:
    name = bundle_path(reader.form.data_path, number)
    first, width = number * TILE_WIDTH, reader.width(number)
    hashes = parse_tile(reader.tile(number, 0))
    entries, annotations = reader.entries(number), reader.annotations(number)
    if min(len(entries), len(annotations), len(hashes)) < width:
        yield Finding(name, f"{width} entries are published; {len(entries)} are here, {len(annotations)} annotated")
        return
    indexed = _read_index(reader, annotations[:width], first)
    for index, entry, leaf, annotation in zip(range(first, first + width), entries, hashes, annotations, strict=False):
        if hash_leaf(reader.form.merkle_leaf(entry)) != leaf:
            yield Finding(name, "it is not the entry whose hash is in the tree", index)
        elif leaf_key(leaf) not in annotation.keys:
            yield Finding(bundle_path(ANNOTATIONS, number), "it is the annotation of another entry", index)
        elif any(index not in indexed[key] for key in annotation.keys):
            yield Finding("index", "a key of it is missing", index)
    for other in dict.fromkeys(other for entry in entries[:width] for other in reader.form.needed(entry)):
        if reader.objects.get(other) is None:
            yield Finding(other, f"entries of {name} need it, and it is not there")


def _read_index(reader: LogReader, annotations: Sequence[Annotation], first: int) -> Mapping[bytes, AbstractSet[int]]:
    """Return which entries of a bundle the index has under each of their keys.

    Nearly every key is that of one entry, which one look-up for all of them finds; others are searched for.
    """
    counts = Counter(key for annotation in annotations for key in annotation.keys)
    known = reader.index.first(list(counts))
    return {
        key: {known.get(key, -1)}
        if count == 1 and known.get(key, -1) >= first
        else frozenset(reader.index.search(key, after=first - 1, limit=TILE_WIDTH))
        for key, count in counts.items()
    }


def _check_tile(reader: LogReader, level: int, number: int) -> Iterator[Finding]:
    name = Tile(level, number).path()
    try:
        hashes = parse_tile(reader.tile(number, level))[: reader.width(number, level)]
        for place, found in enumerate(hashes, number * TILE_WIDTH):
            if tile_root(reader.tile(place, level - 1)) != found:
                yield Finding(name, f"its hash {place} is not the root of {Tile(level - 1, place).path()}")
    except (LogDamaged, MalformedError) as error:
        yield Finding(name, str(error))


def _rows_of(reader: LogReader, number: int) -> Iterator[IndexRow]:
    annotations = reader.annotations(number)
    for index, annotation in enumerate(annotations[: reader.width(number)], number * TILE_WIDTH):
        yield IndexRow(index, annotation.keys)


def _bundles(size: int) -> int:
    return -(-size // TILE_WIDTH)


def _integrate_again(reader: LogReader, size: int) -> Iterator[Integrated]:
    """Grow the tree from nothing, a bundle at a time."""
    edge = Edge()
    for number in range(_bundles(size)):
        entries = reader.entries(number)[: reader.width(number)]
        grown = integrate(edge, [hash_leaf(reader.form.merkle_leaf(entry)) for entry in entries])
        edge = grown.edge
        yield grown


def _mend(objects: ObjectStore, tile: Tile, content: bytes) -> int:
    if objects.get(tile.path()) == content:
        return 0
    objects.put(tile.path(), content)
    return 1
