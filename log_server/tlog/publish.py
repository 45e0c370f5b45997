"""Publishing: a tree becomes visible when its signed checkpoint replaces the one before."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.core.note.signed_note import Note, NoteSignature, encode_note
from log_server.storage.protocol import ObjectStore
from log_server.tlog.reader import CHECKPOINT

SignCheckpoint: TypeAlias = Callable[[Checkpoint, int], NoteSignature]
"""How a kind of log signs: the checkpoint, and a time in milliseconds since 1970 which not every kind uses."""


class Cosigner(Protocol):
    """Asks witnesses, and knows how many of them are enough."""

    def cosign(self, note: Note) -> Note:
        """Return the note with the cosignatures that were given.

        Raises:
            StorageError: The policy wants more of them, so this checkpoint must not be published.
        """
        ...


class CheckpointPublisher:
    """Signs checkpoints with the log's key and stores them where readers look."""

    def __init__(self, objects: ObjectStore, origin: str, sign: SignCheckpoint, cosigner: Cosigner | None) -> None:
        self._objects = objects
        self._origin = origin
        self._sign = sign
        self._cosigner = cosigner

    def publish(self, size: int, root: bytes, timestamp_ms: int) -> bytes:
        """Return the checkpoint, which every reader can see when this returns.

        Raises:
            StorageError: It could not be stored, or witnesses did not agree.
        """
        checkpoint = Checkpoint(self._origin, size, root)
        note = Note(checkpoint.encode(), (self._sign(checkpoint, timestamp_ms),))
        raw = encode_note(self._cosigner.cosign(note) if self._cosigner else note)
        self._objects.put(CHECKPOINT, raw)
        return raw
