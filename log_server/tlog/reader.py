"""Reading a log: entries, proofs and tiles from immutable objects, without a lock and without the sequencer.

The writer stores every object before the checkpoint that needs it, and deletes a partial tile only when
two more batches were published, so whoever lags further reads the checkpoint again and finds the next.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from cosignpy.core.merkle.hashing import EMPTY_ROOT, HASH_SIZE, Node, hash_children
from cosignpy.core.merkle.proofs import ConsistencyProof, InclusionProof, build_consistency, build_inclusion, root_of
from cosignpy.core.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, node_hash, node_in_tile, parse_tile
from cosignpy.core.note.checkpoint import Checkpoint, parse_checkpoint
from cosignpy.core.note.signed_note import parse_note
from cosignpy.errors import MalformedError, NotFoundError
from cosignpy.values import field, record, value
from log_server.storage.protocol import IndexReader, ObjectStore
from log_server.tlog.annotations import Annotation, parse_annotation, parse_annotations
from log_server.tlog.batch import ANNOTATIONS, bundle_path
from log_server.tlog.entry_form import EntryForm

CHECKPOINT: Final = "checkpoint"
"""The object that says how far everyone may read."""

_CACHED_TILES: Final = 256
"""Full tiles kept with the nodes between them: 33 kB each."""

_ATTEMPTS: Final = 20
"""How often a reader that was overtaken looks again; each time the log has grown by two batches."""


@value
class Tree:
    """What the published checkpoint says."""

    size: int
    root: bytes
    checkpoint: bytes = field(repr=False)


@record
class NoSuchEntry(NotFoundError):
    """The published log does not reach that far."""

    index: int
    size: int

    def __str__(self) -> str:
        return f"there is no entry {self.index} in a log of {self.size}"


@record
class LogDamaged(Exception):
    """A file that the published checkpoint needs is missing or wrong."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


class LogReader:
    """The reading end of one log; any number of processes may have one."""

    def __init__(self, objects: ObjectStore, index: IndexReader, form: EntryForm) -> None:
        self.objects = objects
        self.index = index
        self.form = form
        self._tree = Tree(0, EMPTY_ROOT, b"")
        self._pyramids: OrderedDict[tuple[int, int], Sequence[Sequence[bytes]]] = OrderedDict()

    def tree(self) -> Tree:
        """Return the newest published tree; that of size 0 and without a checkpoint before the first.

        Raises:
            LogDamaged: What is there is no checkpoint.
        """
        raw = self.objects.get(CHECKPOINT) or b""
        if raw != self._tree.checkpoint:
            body = _parse_published(raw)
            self._tree = Tree(body.size, body.root, raw)
        return self._tree

    def entry(self, index: int) -> bytes:
        """Return an entry as it is sealed in its bundle.

        Raises:
            NoSuchEntry: The published log is shorter.
            LogDamaged: Its file is missing or wrong.
        """
        self._require(index)
        number, place = divmod(index, TILE_WIDTH)
        return self.entries(number)[place]

    def entries(self, number: int) -> Sequence[bytes]:
        """Return the published sealed entries of one bundle.

        Raises:
            LogDamaged: Its file is missing or wrong.
        """
        raw, width = self._read(number, 0, lambda width: bundle_path(self.form.data_path, number, width))
        try:
            return self.form.split(raw, width)
        except MalformedError as error:
            raise LogDamaged(bundle_path(self.form.data_path, number, width), str(error)) from error

    def annotations(self, number: int) -> Sequence[Annotation]:
        """Return the published annotations of one bundle's entries.

        Raises:
            LogDamaged: Their file is missing or wrong.
        """
        raw, width = self._read(number, 0, lambda width: bundle_path(ANNOTATIONS, number, width))
        try:
            return parse_annotations(raw, what="annotations")
        except MalformedError as error:
            raise LogDamaged(bundle_path(ANNOTATIONS, number, width), error.why) from error

    def annotation(self, index: int) -> Annotation:
        """Return what is remembered of an entry.

        Raises:
            NoSuchEntry: The published log is shorter.
            LogDamaged: Its file is missing or wrong.
        """
        self._require(index)
        number, place = divmod(index, TILE_WIDTH)
        raw, width = self._read(number, 0, lambda width: bundle_path(ANNOTATIONS, number, width))
        try:
            return parse_annotation(raw, place, what="annotations")
        except MalformedError as error:
            raise LogDamaged(bundle_path(ANNOTATIONS, number, width), error.why) from error

    def inclusion(self, index: int, size: int) -> InclusionProof:
        """Prove that an entry is in the tree of `size`, which is published.

        Raises:
            MalformedError: The entry is not in that tree.
            LogDamaged: A tile is missing or wrong.
        """
        return build_inclusion(index, size, self.node)

    def consistency(self, first: int, second: int) -> ConsistencyProof:
        """Prove that one published tree is a prefix of another.

        Raises:
            MalformedError: The sizes are not in order.
            LogDamaged: A tile is missing or wrong.
        """
        return build_consistency(first, second, self.node)

    def root(self, size: int) -> bytes:
        """Compute the root of a published tree.

        Raises:
            LogDamaged: A tile is missing or wrong.
        """
        return root_of(size, self.node)

    def node(self, node: Node) -> bytes:
        """Return the hash of a complete subtree of the published tree.

        Raises:
            LogDamaged: A tile is missing or wrong.
        """
        span = node_in_tile(node)
        pyramid = self._pyramids.get((span.level, span.index))
        if pyramid is None:
            raw, width = self._read(span.index, span.level, lambda width: Tile(span.level, span.index, width).path())
            if len(raw) != width * HASH_SIZE:
                raise LogDamaged(Tile(span.level, span.index, width).path(), f"{len(raw)} bytes, not {width} hashes")
            if width < TILE_WIDTH:
                return node_hash(node, raw)
            pyramid = self._remember(span.level, span.index, raw)
        height = span.count.bit_length() - 1
        return pyramid[height][span.first >> height]

    def tile(self, number: int, level: int) -> bytes:
        """Return the hashes of a tile, as many as are stored, which may be a few more than are published.

        Raises:
            LogDamaged: It is missing.
        """
        return self._read(number, level, lambda width: Tile(level, number, width).path())[0]

    def width(self, number: int, level: int = 0) -> int:
        """Say how many places of a tile, or of an entry bundle, the published tree fills."""
        hashes = self.tree().size >> level * TILE_HEIGHT
        return max(0, min(TILE_WIDTH, hashes - number * TILE_WIDTH))

    def _require(self, index: int) -> None:
        size = self._tree.size
        if not 0 <= index < size and not 0 <= index < (size := self.tree().size):
            raise NoSuchEntry(index, size)

    def _read(self, number: int, level: int, path: Callable[[int], str]) -> tuple[bytes, int]:
        """Read a full object, or the widest partial one there is."""
        full = self.objects.get(path(TILE_WIDTH))
        if full is not None:
            return full, TILE_WIDTH
        width = 0
        for _ in range(_ATTEMPTS):
            width = self.width(number, level)
            raw = self.objects.get(path(width)) if width else None
            if raw is not None:
                return raw, width
        raise LogDamaged(path(width or TILE_WIDTH), "the published checkpoint needs it, and it is not there")

    def _remember(self, level: int, index: int, raw: bytes) -> Sequence[Sequence[bytes]]:
        """Hash the nodes between a full tile's hashes and its root, and keep them."""
        layers: list[Sequence[bytes]] = [parse_tile(raw)]
        while len(layers[-1]) > 1:
            pairs = iter(layers[-1])
            layers.append([hash_children(left, right) for left, right in zip(pairs, pairs, strict=True)])
        self._pyramids[level, index] = layers
        if len(self._pyramids) > _CACHED_TILES:
            self._pyramids.popitem(last=False)
        return layers


def _parse_published(raw: bytes) -> Checkpoint:
    try:
        return parse_checkpoint(parse_note(raw).text)
    except MalformedError as error:
        raise LogDamaged(CHECKPOINT, str(error)) from error


def split_hashes(joined: bytes) -> tuple[bytes, ...]:
    """Split hashes that lie one after the other, as in `Sequenced.proof`."""
    return tuple([joined[start : start + HASH_SIZE] for start in range(0, len(joined), HASH_SIZE)])
