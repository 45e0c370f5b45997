"""What witnesses are shown: a checkpoint that is not published yet, and that its tree extends any before it.

A `LogReader` knows the published tree only, which is the one before. All tiles of the new one are stored by now, each
as wide as the tree makes it, so proofs are built from those.
"""

from threading import Lock

from cosignpy.core.merkle.hashing import Node
from cosignpy.core.merkle.proofs import build_consistency
from cosignpy.core.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, node_hash, node_in_tile
from cosignpy.core.note.checkpoint import parse_checkpoint
from cosignpy.core.note.signed_note import Note, encode_note
from log_server.storage.protocol import ObjectStore, StorageError
from log_server.witness.submission import Submission


class Growth:
    """A checkpoint that shall be cosigned; several threads may ask it for proofs."""

    def __init__(self, note: Note, objects: ObjectStore) -> None:
        """Take the checkpoint, and the tiles of its tree.

        Raises:
            MalformedError: Not a checkpoint.
        """
        self.text = note.text
        self.size = parse_checkpoint(note.text).size
        self._raw = encode_note(note)
        self._objects = objects
        self._lock = Lock()
        self._submissions: dict[int, Submission] = {}

    def since(self, old: int) -> Submission:
        """Return what to send to a witness that saw a tree of `old` entries, at most as many as there are now.

        Raises:
            StorageError: A tile is not there.
        """
        with self._lock:  # most witnesses saw the same tree, and the proof is made once
            if old not in self._submissions:
                hashes = build_consistency(old, self.size, self._fetch).hashes if old else ()
                self._submissions[old] = Submission(old, hashes, self._raw)
            return self._submissions[old]

    def _fetch(self, node: Node) -> bytes:
        span = node_in_tile(node)
        hashes = self.size >> span.level * TILE_HEIGHT
        path = Tile(span.level, span.index, min(TILE_WIDTH, hashes - span.index * TILE_WIDTH)).path()
        content = self._objects.get(path)
        if content is None:
            raise StorageError(path, "the checkpoint needs it, and it is not there")
        return node_hash(node, content)
