"""Start-up: bring tiles and index up to the journal, and refuse a log that does not verify.

The journal keeps every batch from before the last full tile that is durable. What lies below that tile is
full and immutable, so the edge of the tree where the journal begins can be computed from it alone. Doing
the journal's batches over again then proves that edge, because each record names the root it came to.
"""

from collections.abc import Sequence

from cosignpy.core.merkle.hashing import HASH_SIZE, hash_leaf
from cosignpy.core.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, parse_tile, subtree_root, tile_root
from cosignpy.errors import MalformedError
from log_server.storage.protocol import ObjectStore
from log_server.tlog.annotations import parse_annotations
from log_server.tlog.batch import ANNOTATIONS, Batch, Tip, bundle_path, restage
from log_server.tlog.entry_form import EntryForm
from log_server.tlog.integrate import Edge
from log_server.tlog.reader import LogDamaged, LogReader, Tree
from log_server.tlog.sequencer import Storage


def recover(storage: Storage, form: EntryForm) -> Tip:
    """Do again what the journal says, as far as it is not done, and return the end of the log.

    Nothing is published: the checkpoint is signed by whoever asked, when the tip is known.

    Raises:
        LogDamaged: The log does not verify; the error names the file and, where it can, the entry.
        StorageError: Something could not be read or stored.
    """
    try:
        return _recover(storage, form)
    except MalformedError as error:
        raise LogDamaged(error.what, error.why) from error


def _recover(storage: Storage, form: EntryForm) -> Tip:
    published = LogReader(storage.objects, storage.index, form).tree()
    roots = {0: Edge().root()}
    partial: dict[str, tuple[str, bytes]] = {}
    tip = Tip()
    for record in storage.journal.records():
        if len(roots) == 1 and record.start:
            tip = tip_at(storage.objects, form, record.start)
            roots[record.start] = tip.edge.root()
        batch = restage(tip, form, record)
        _store(storage, batch, partial)
        tip = batch.tip
        roots[record.end] = batch.integrated.root
    for name, content in partial.values():
        _store_object(storage.objects, name, content)
    _check_published(published, roots, tip.edge.size)
    indexed = storage.index.size
    if indexed > tip.edge.size:
        raise LogDamaged("the index", f"it covers {indexed} entries, and the journal ends at {tip.edge.size}")
    return tip


def tip_at(objects: ObjectStore, form: EntryForm, size: int) -> Tip:
    """Compute the end of a log of `size` entries from full tiles, of which the log has at least one more.

    Raises:
        LogDamaged: A file is missing, or the entries are not those of the leaf hashes.
    """
    rows: list[bytes] = []
    while count := size >> len(rows) * TILE_HEIGHT:
        rows.append(_row_at(objects, len(rows), count))
    edge = Edge(size, _peaks(size, rows), tuple(rows))
    number, rest = divmod(size, TILE_WIDTH)
    if not rest:
        return Tip(edge)
    name = bundle_path(form.data_path, number)
    entries = _split(form, name, _get(objects, name))[:rest]
    for place, entry in enumerate(entries):
        if hash_leaf(form.merkle_leaf(entry)) != rows[0][place * HASH_SIZE : (place + 1) * HASH_SIZE]:
            raise LogDamaged(name, f"entry {number * TILE_WIDTH + place} is not the one whose hash is in the tree")
    name = bundle_path(ANNOTATIONS, number)
    annotations = parse_annotations(_get(objects, name), what=name)[:rest]
    return Tip(edge, tuple(entries), tuple(a.encode() for a in annotations), annotations[-1].timestamp_ms)


def _split(form: EntryForm, name: str, raw: bytes) -> Sequence[bytes]:
    try:
        return form.split(raw, TILE_WIDTH)
    except MalformedError as error:
        raise LogDamaged(name, str(error)) from error


def _row_at(objects: ObjectStore, level: int, count: int) -> bytes:
    """Return the hashes in the unfinished tile of a level that has `count` hashes."""
    number, rest = divmod(count, TILE_WIDTH)
    if level == 0:
        return _full_tile(objects, Tile(0, number))[: rest * HASH_SIZE] if rest else b""
    below = range(number * TILE_WIDTH, count)
    return b"".join(tile_root(_full_tile(objects, Tile(level - 1, index))) for index in below)


def _full_tile(objects: ObjectStore, tile: Tile) -> bytes:
    raw = _get(objects, tile.path())
    if len(raw) != TILE_WIDTH * HASH_SIZE:
        raise LogDamaged(tile.path(), f"it has {len(raw)} octets, a full tile {TILE_WIDTH * HASH_SIZE}")
    return raw


def _peaks(size: int, rows: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the roots of the complete subtrees that a tree consists of, by level; empty where there is none."""
    peaks: list[bytes] = []
    for level in range(size.bit_length()):
        if not size >> level & 1:
            peaks.append(b"")
            continue
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = (((size >> level) - 1) << height) % TILE_WIDTH
        row = rows[tile_level][first * HASH_SIZE : (first + (1 << height)) * HASH_SIZE]
        peaks.append(subtree_root(parse_tile(row)))
    return tuple(peaks)


def _store(storage: Storage, batch: Batch, partial: dict[str, tuple[str, bytes]]) -> None:
    """Repeat the writes that follow a batch's commit point; partial tiles wait for the last batch."""
    for name, content in batch.objects:
        stem, separator, _ = name.partition(".p/")
        if separator:
            partial[stem] = (name, content)
        else:
            partial.pop(name, None)
            _store_object(storage.objects, name, content)
    missing = batch.record.start - storage.index.size
    if missing > 0:
        raise LogDamaged(
            "the index",
            f"it lacks {missing} entries that the journal no longer has; build it anew: fsck --rebuild index",
        )
    storage.index.add(batch.rows[-missing:])


def _store_object(objects: ObjectStore, name: str, content: bytes) -> None:
    """Store an object unless it is there: what is full and right is never touched again."""
    if objects.get(name) != content:
        objects.put(name, content)


def _get(objects: ObjectStore, name: str) -> bytes:
    content = objects.get(name)
    if content is None:
        raise LogDamaged(name, "the log needs it, and it is not there")
    return content


def _check_published(published: Tree, roots: dict[int, bytes], end: int) -> None:
    """See that the log continues what everyone could see before.

    Raises:
        LogDamaged: It does not; serving it would be a fork.
    """
    if published.size > end:
        raise LogDamaged("checkpoint", f"it covers {published.size} entries, and the journal ends at {end}")
    if roots.get(published.size) != published.root:
        raise LogDamaged("checkpoint", f"its root is not that of the first {published.size} entries of this log")
