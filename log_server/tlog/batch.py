"""A batch on its way into the log, and how the journal writes it down.

Everything in this module happens in memory. The journal's record is a MessagePack array of the values a
`_Record` names: enough to do all that follows the commit point over again, and the root it must come to.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.merkle.tiles import TILE_WIDTH, EntryBundleId
from cosignpy.errors import MalformedError
from cosignpy.values import field, value
from log_server.storage.protocol import IndexRow, JournalRecord, check_name
from log_server.tlog.annotations import Annotation
from log_server.tlog.entry_form import EntryForm
from log_server.tlog.integrate import Edge, Integrated, integrate
from log_server.tlog.values import Draft, leaf_key

ANNOTATIONS: Final = "annotations"
"""The folder of the annotations, beside the folder `tile` that anyone may copy."""


@value
class Tip:
    """The growing end of a log: its edge, and the entries and annotations that fill no file of 256 yet."""

    edge: Edge = field(default_factory=Edge)
    bundle: tuple[bytes, ...] = field(default=(), repr=False)
    annotations: tuple[bytes, ...] = field(default=(), repr=False)
    timestamp_ms: int = 0


@value
class Batch:
    """New entries with their places: what the journal is told, what is stored, what the index learns."""

    record: JournalRecord = field(repr=False)
    tip: Tip
    integrated: Integrated
    objects: tuple[tuple[str, bytes], ...] = field(repr=False)
    rows: tuple[IndexRow, ...] = field(repr=False)


class _Record(msgspec.Struct, array_like=True, frozen=True):
    """The content of a journal record."""

    timestamp_ms: int
    entries: list[bytes]
    keys: list[tuple[bytes, ...]]
    objects: list[tuple[str, bytes]]
    root: bytes


_encode_record = msgspec.msgpack.Encoder().encode
_decode_record = msgspec.msgpack.Decoder(_Record).decode


def stage(tip: Tip, form: EntryForm, drafts: Sequence[Draft], timestamp_ms: int) -> Batch:
    """Give drafts, none of which is in the log, the next indices, and grow the tree by them.

    Raises:
        ValueError: An object's name leads out of its store, which is for the face to refuse.
    """
    start = tip.edge.size
    entries = [form.seal(draft.content, index, timestamp_ms) for index, draft in enumerate(drafts, start)]
    leaves = [hash_leaf(form.merkle_leaf(entry)) for entry in entries]
    keys = [_keys_of(draft, leaf) for draft, leaf in zip(drafts, leaves, strict=True)]
    objects = [named for draft in drafts for named in draft.objects]
    for name, _ in objects:
        check_name(name)  # now: once it is in the journal, each recovery would stumble over it
    grown = integrate(tip.edge, leaves)
    record = _Record(timestamp_ms, entries, keys, objects, grown.root)
    return _assemble(tip, form, record, grown, _encode_record(record))


def restage(tip: Tip, form: EntryForm, record: JournalRecord) -> Batch:
    """Do over again what a journal record says, and see that it comes to the same tree.

    Raises:
        MalformedError: The record does not continue the log that ends in `tip`.
    """
    what = f"the journal record of entries {record.start} to {record.end - 1}"
    try:
        content = _decode_record(record.content)
    except msgspec.DecodeError as error:
        raise MalformedError(what, "it cannot be read") from error
    if (tip.edge.size, len(content.entries)) != (record.start, record.end - record.start):
        raise MalformedError(what, f"it does not continue a log of {tip.edge.size} entries")
    grown = integrate(tip.edge, [hash_leaf(form.merkle_leaf(entry)) for entry in content.entries])
    if grown.root != content.root:
        raise MalformedError(what, "the tree before it and its entries do not make the root it names")
    return _assemble(tip, form, content, grown, record.content)


def record_again(
    start: int, timestamp_ms: int, entries: Sequence[bytes], keys: Sequence[tuple[bytes, ...]], root: bytes
) -> JournalRecord:
    """Write down entries that are in the log already, and the root that they come to."""
    content = _encode_record(_Record(timestamp_ms, list(entries), list(keys), [], root))
    return JournalRecord(start, start + len(entries), content)


def _keys_of(draft: Draft, leaf: bytes) -> tuple[bytes, ...]:
    """Return all index keys of an entry; the leaf hash finds every entry (get-proof-by-hash, UUIDs)."""
    return tuple(dict.fromkeys((draft.identity, leaf_key(leaf), *draft.keys)))


def _assemble(tip: Tip, form: EntryForm, record: _Record, grown: Integrated, content: bytes) -> Batch:
    start = tip.edge.size
    annotations = [Annotation(record.timestamp_ms, keys).encode() for keys in record.keys]
    bundle, annotated = (*tip.bundle, *record.entries), (*tip.annotations, *annotations)
    first = start // TILE_WIDTH
    objects = (
        *record.objects,
        *_files(form.data_path, first, bundle),
        *_files(ANNOTATIONS, first, annotated),
        *((tile.path(), hashes) for tile, hashes in grown.tiles),
    )
    rest = grown.edge.size % TILE_WIDTH
    after = Tip(grown.edge, bundle[len(bundle) - rest :], annotated[len(annotated) - rest :], record.timestamp_ms)
    rows = tuple(IndexRow(index, keys) for index, keys in enumerate(record.keys, start))
    return Batch(JournalRecord(start, grown.edge.size, content), after, grown, objects, rows)


def _files(kind: str, first: int, pieces: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Cut pieces, one for each entry, into files of 256, of which the first has number `first`."""
    for number, offset in enumerate(range(0, len(pieces), TILE_WIDTH), first):
        cut = pieces[offset : offset + TILE_WIDTH]
        yield bundle_path(kind, number, len(cut)), b"".join(cut)


def bundle_path(kind: str, number: int, width: int = TILE_WIDTH) -> str:
    """Return the name of a file of entries (`entries`, `data`) or annotations (tlog-tiles, "Log entries")."""
    if kind != ANNOTATIONS:
        return EntryBundleId(number, width, kind).path()
    return ANNOTATIONS + EntryBundleId(number, width).path().removeprefix("tile/entries")
